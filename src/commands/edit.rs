//! `git shroud edit`

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
#[cfg(unix)]
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::sealed_file::{Before, MAX_LEN, SealingKey, refuse_absent, refuse_elsewhere};
use super::why::in_repository;
use super::{Context, Opened};
use crate::error::{CommandError, Context as _, Outcome};
#[cfg(unix)]
use crate::fs::temporary::leave_signals;
use crate::fs::{Access, create_private_dir, read_bounded, write_atomic};
use crate::git::attributes::Attributes;
use crate::repo_path;

/// How long an editor may have ended, or a signal have come, before that is seen.
#[cfg(unix)]
const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// Edit a sealed file without leaving plaintext on the disk
///
/// Opens the file in memory, gives it to your editor (as 'git var GIT_EDITOR' says) in a private folder that only exists in
/// memory, and writes it back as it was: sealed where it is sealed, as in a locked clone with the key in the environment,
/// in the clear where it is open. What the editor keeps elsewhere is its own affair. Without a file system in memory it
/// refuses, unless --on-disk allows the temporary folder.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ GIT_EDITOR=true git shroud edit secrets/db.env
  $ GIT_EDITOR=true git shroud edit --on-disk secrets/db.env")]
pub struct Edit {
    /// A file of the worktree, which need not exist
    path: OsString,
    /// Let the plaintext stand in the temporary folder of the disk while it is edited
    #[arg(long)]
    on_disk: bool,
}

impl Edit {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let path = in_repository(context, &opened, Path::new(&self.path))?;
        let attributes = Attributes::new(&opened.repository)?.of(&path)?;
        if !attributes.is_encrypted() {
            return Err(CommandError::wrong(format!(
                "{} is not to be sealed, so any editor will do",
                crate::sanitise::path(&path)
            ))
            .hint("git shroud track PATTERN seals it"));
        }
        let key = SealingKey::of(&opened, &path, &attributes)?;
        let native = repo_path::to_native(&path)
            .ok_or_else(|| CommandError::wrong("this path cannot be one on this system"))?;
        let file = opened.top()?.join(&native);
        refuse_elsewhere(opened.top()?, &file)?;
        refuse_absent(&opened, &native, &file)?;
        let before = Before::read(&opened, &file, !key.is_kept(&opened)?)?;
        let folder = PlaintextFolder::make(self.on_disk)?;
        let copy = folder.path().join(file.file_name().expect("a path in the worktree has a name"));
        write_atomic(&copy, &before.plaintext, Access::Private)
            .context(|| "the file for the editor".to_owned())?;
        run_editor(&opened, &copy)?;
        let after = read_bounded(&copy, MAX_LEN).context(|| "the edited file".to_owned())?;
        if *after == *before.plaintext {
            context.ui.status("nothing was changed");
            return Ok(());
        }
        let written = before.refuse_changed(&opened, &file);
        if let Err(error) = written.and_then(|()| before.write(&file, &after, &key)) {
            return Err(folder.keep(error));
        }
        context.ui.status(format!("wrote {}", crate::sanitise::path(&path)));
        Ok(())
    }
}

/// A private folder for plaintext, in memory; whatever is in it is overwritten and removed in the end.
struct PlaintextFolder {
    /// `None` once it is to stay.
    folder: Option<tempfile::TempDir>,
    in_memory: bool,
}

impl PlaintextFolder {
    fn make(on_disk: bool) -> Outcome<Self> {
        let in_memory = [
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            Some(PathBuf::from("/dev/shm")),
        ];
        let found = in_memory.into_iter().flatten().find(|place| is_in_memory(place));
        let in_memory = found.is_some();
        let place = match found {
            Some(place) => place,
            None if on_disk => std::env::temp_dir(),
            None => {
                return Err(CommandError::wrong(
                    "there is no file system in memory for the plaintext",
                )
                .hint("--on-disk lets it stand in the temporary folder while you edit"));
            }
        };
        let made = || -> io::Result<Self> {
            let mut builder = tempfile::Builder::new();
            builder.prefix("git-shroud-edit-");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let folder = builder.tempdir_in(place)?;
            // Also where the umask takes the owner's own bits away.
            create_private_dir(folder.path())?;
            Ok(Self { folder: Some(folder), in_memory })
        };
        made().context(|| "a private folder for the editor".to_owned())
    }

    fn path(&self) -> &Path {
        self.folder.as_ref().expect("it stays until it is dropped or kept").path()
    }

    /// Lets what was written stay where it is no leak, as it has no other place; the error says where.
    fn keep(mut self, error: CommandError) -> CommandError {
        if !self.in_memory {
            return error;
        }
        let folder = self.folder.take().map(tempfile::TempDir::keep).unwrap_or_default();
        error.hint(format!(
            "what you wrote is in {}, in memory alone; delete that folder when you have taken it over",
            crate::sanitise::native(&folder)
        ))
    }
}

/// Whether what is written there never reaches a disk but by swapping.
#[cfg(target_os = "linux")]
fn is_in_memory(place: &Path) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    const RAMFS: i64 = 0x8584_58f6;
    let kind = rustix::fs::statfs(place).map(|found| found.f_type);
    place.is_absolute() && matches!(kind, Ok(TMPFS | RAMFS))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_place: &Path) -> bool {
    false
}

impl Drop for PlaintextFolder {
    fn drop(&mut self) {
        // Also what the editor has left: swap files, backups.
        let Some(folder) = &self.folder else { return };
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let wiped = || -> io::Result<()> {
                // A link leads elsewhere, and a pipe would be waited for.
                let metadata = entry.metadata()?;
                if !metadata.is_file() {
                    return Ok(());
                }
                let len = metadata.len();
                let mut file = File::options().write(true).open(entry.path())?;
                io::copy(&mut io::repeat(0).take(len), &mut file)?;
                file.flush()?;
                file.sync_all()
            };
            let _ = wiped();
        }
    }
}

/// git's own choice of an editor, started as git starts it.
fn run_editor(opened: &Opened, file: &Path) -> Outcome {
    let mut command = opened.repository.git.command(["var", "GIT_EDITOR"]);
    let editor =
        command.env_remove("LC_ALL").output().context(|| "git var GIT_EDITOR".to_owned())?;
    let editor = String::from_utf8_lossy(&editor.stdout).trim_end().to_owned();
    if editor.is_empty() {
        return Err(CommandError::wrong("git knows no editor here").hint("set GIT_EDITOR"));
    }
    // Without a shell in between, which a Ctrl-C would end before the editor; where there is more than one word of command,
    // the shell has to stay.
    let is_plain = !editor.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`', '=', '#', '\n']);
    let exec = if is_plain { "exec " } else { "" };
    let signals = Signals::catch().context(|| "the signals".to_owned())?;
    let child = Command::new("sh")
        .arg("-c")
        .arg(format!("{exec}{editor} \"$@\""))
        .arg(&editor)
        .arg(file)
        .spawn()
        .context(|| "the editor cannot be started".to_owned())?;
    if signals.wait(child).context(|| "the editor".to_owned())?.success() {
        return Ok(());
    }
    Err(CommandError::wrong("the editor failed, so nothing was written")
        .hint("set GIT_EDITOR to another"))
}

/// What the terminal sends to all that runs in it is for the editor alone, as it is under git (git's editor.c); and who
/// ends this program leaves no plaintext behind.
#[cfg(unix)]
struct Signals(Arc<AtomicBool>);

#[cfg(unix)]
impl Signals {
    fn catch() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        leave_signals();
        for signal in [SIGINT, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::default())?;
        }
        let ended = Arc::default();
        for signal in [SIGHUP, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&ended))?;
        }
        Ok(Self(ended))
    }

    fn wait(&self, mut editor: Child) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = editor.try_wait()? {
                return Ok(status);
            }
            if self.0.load(Ordering::Relaxed) {
                editor.kill()?;
                return editor.wait();
            }
            std::thread::sleep(POLL);
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    fn wait(&self, mut editor: Child) -> io::Result<ExitStatus> {
        editor.wait()
    }
}
