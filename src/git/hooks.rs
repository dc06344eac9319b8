//! The guards in git's hooks: scripts that this program writes; an earlier hook runs before them (githooks).

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::GitError;
use super::command::{Git, os_line};
use super::config::PROGRAM;
use super::hook_change::Change;
pub use super::hook_change::NAMES;
use super::hook_settings::{self, Scope};
use super::program_path::{find_on_path, stable_path};
use super::repository::Repository;
use crate::fs::replace;
use crate::fs::with_path;

/// What an earlier hook is called while the guard is in its place.
pub const ASIDE: &str = ".before-git-shroud";
/// What is behind that in the name of one put aside before, which does not run.
pub const OLDER: &str = ".old";
/// A hook with this line is this program's.
const MARKER: &str =
    "# Written by 'git shroud hooks install'; 'git shroud hooks remove' takes it away.";
/// How the line begins that says where the program was when the guard was written.
const FALLBACK: &str = "command -v \"$program\" >/dev/null 2>&1 || program=";
/// Bytes of a hook that are looked at.
const MAX_LEN: usize = 1 << 20;

/// Why hooks cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    /// The folder serves other repositories too.
    #[error("core.hooksPath points to '{0}', outside this repository; nothing was changed")]
    Shared(String),
    /// There are guards for all clones only in the configuration.
    #[error("this git runs no hooks from its configuration; that needs git 2.54 or newer")]
    TooOld,
    /// A folder in the place of a hook.
    #[error("'{0}' is a folder and not a hook; nothing was changed")]
    Folder(String),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The folder in which git looks for hooks here: that of the repository, or `core.hooksPath`.
///
/// # Errors
/// git fails.
pub fn folder(repository: &Repository) -> Result<PathBuf, GitError> {
    let named = PathBuf::from(os_line(repository.git.run(["rev-parse", "--git-path", "hooks"])?));
    // Where it is relative, it is to the directory that git ran in.
    let base = repository.worktree.as_deref().unwrap_or_else(|| repository.gix.git_dir());
    Ok(base.join(named))
}

/// Writes the guards: into the configuration of the clone if its git runs them from there, else into files. Twice is once.
///
/// # Errors
/// [`HooksError`]; then no hook was changed, or the error names the file.
pub fn install(
    repository: &Repository,
    files: bool,
) -> Result<Vec<(&'static str, Change)>, HooksError> {
    if files || !hook_settings::are_known(repository.git.dir())? {
        return install_files(repository);
    }
    let changes = hook_settings::install(&repository.git, Scope::Local)?;
    // Files of an earlier git would run a second time.
    match remove_files(repository) {
        Err(HooksError::Shared(_)) => {}
        removed => drop(removed?),
    }
    Ok(changes)
}

/// Writes the guards into the user's configuration, for every clone.
///
/// # Errors
/// git is too old, or fails.
pub fn install_for_user(dir: &Path) -> Result<Vec<(&'static str, Change)>, HooksError> {
    if !hook_settings::are_known(dir)? {
        return Err(HooksError::TooOld);
    }
    Ok(hook_settings::install(&Git::new(dir), Scope::Global)?)
}

/// Removes the guards from the user's configuration.
///
/// # Errors
/// git fails.
pub fn remove_for_user(dir: &Path) -> Result<Vec<(&'static str, Change)>, HooksError> {
    Ok(hook_settings::remove(&Git::new(dir), Scope::Global)?)
}

/// Writes the guards into files; a hook that is there is put aside and runs first.
fn install_files(repository: &Repository) -> Result<Vec<(&'static str, Change)>, HooksError> {
    // The name finds it where it is installed; the path is for where it is not.
    let program = stable_path(PROGRAM).or_else(|| find_on_path(PROGRAM));
    let program = program.unwrap_or_else(|| PathBuf::from(PROGRAM));
    let folder = own_folder(repository)?;
    fs::create_dir_all(&folder).map_err(|error| with_path(&folder, &error))?;
    // A folder in a hook's place is found before anything is changed.
    for hook in NAMES.map(|name| folder.join(name)) {
        is_there(&hook).then(|| is_guard(&hook)).transpose()?;
    }
    let mut changes = Vec::new();
    for name in NAMES {
        let (hook, aside) = (folder.join(name), folder.join(format!("{name}{ASIDE}")));
        let text = script(name, &program);
        let change = if !is_there(&hook) {
            Change::Written
        } else if is_guard(&hook)? {
            match fs::read(&hook).ok().as_deref() == Some(text.as_bytes()) {
                true => Change::Kept,
                false => Change::Renewed,
            }
        } else {
            put_aside(&hook, &aside).map_err(|error| with_path(&hook, &error))?
        };
        if change != Change::Kept {
            write(&hook, text.as_bytes()).map_err(|error| with_path(&hook, &error))?;
        }
        changes.push((name, change));
    }
    Ok(changes)
}

/// Renamed and not read: a link, a script of any language and a program all go on working.
///
/// Where another tool has put its hook over the guard, as when it was installed again, what it had put aside is there
/// still.
fn put_aside(hook: &Path, aside: &Path) -> io::Result<Change> {
    let mut change = Change::Chained;
    if is_there(aside) && !is_same(hook, aside) {
        let mut older = aside.as_os_str().to_owned();
        older.push(OLDER);
        while is_there(Path::new(&older)) {
            older.push(OLDER);
        }
        replace::rename(aside, &older)?;
        change = Change::ChainedAgain;
    }
    replace::rename(hook, aside)?;
    Ok(change)
}

/// Whether two hooks are scripts of the same text.
fn is_same(one: &Path, other: &Path) -> bool {
    let read = |path: &Path| {
        let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
        if is_file { crate::fs::read_bounded(path, MAX_LEN).ok() } else { None }
    };
    read(one).is_some_and(|text| read(other).is_some_and(|other| *other == *text))
}

/// Writes a hook whole or not at all: git passes over one that is not executable yet.
fn write(hook: &Path, text: &[u8]) -> io::Result<()> {
    let folder = hook.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::Builder::new().prefix(".git-shroud-").tempfile_in(folder)?;
    file.write_all(text)?;
    make_executable(file.path())?;
    file.as_file().sync_all()?;
    replace::put(file.into_temp_path(), hook)
}

/// Takes the guards away, from files and from the configuration of the clone, and puts the hooks back that were there before.
///
/// # Errors
/// A file or the configuration cannot be changed.
pub fn remove(repository: &Repository) -> Result<Vec<(&'static str, Change)>, HooksError> {
    let configured = hook_settings::remove(&repository.git, Scope::Local)?;
    let was_configured = configured.iter().any(|(_, change)| *change == Change::Removed);
    let files = match remove_files(repository) {
        Err(HooksError::Shared(_)) if was_configured => return Ok(configured),
        files => files?,
    };
    let both = files.into_iter().zip(configured);
    let either =
        |((name, file), (_, setting))| (name, if file == Change::Kept { setting } else { file });
    Ok(both.map(either).collect())
}

fn remove_files(repository: &Repository) -> Result<Vec<(&'static str, Change)>, HooksError> {
    let folder = own_folder(repository)?;
    let mut changes = Vec::new();
    for name in NAMES {
        let (hook, aside) = (folder.join(name), folder.join(format!("{name}{ASIDE}")));
        let change = if !is_there(&hook) || !is_guard(&hook)? {
            Change::Kept
        } else if is_there(&aside) {
            replace::rename(&aside, &hook).map_err(|error| with_path(&aside, &error))?;
            Change::Restored
        } else {
            replace::remove(&hook).map_err(|error| with_path(&hook, &error))?;
            Change::Removed
        };
        changes.push((name, change));
    }
    Ok(changes)
}

/// Guards that do not do what those of this version do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// The guards of [`NAMES`] that are not in git's hooks here.
    pub missing: Vec<&'static str>,
    /// Those that an earlier version wrote.
    pub outdated: Vec<&'static str>,
}

/// The guards that are not here, or not as this version writes them.
///
/// # Errors
/// git fails, or a hook cannot be read.
pub fn lacking(repository: &Repository) -> Result<Lacking, HooksError> {
    let folder = folder(repository)?;
    let from_settings = hook_settings::are_known(repository.git.dir())?;
    let mut lacking = Lacking::default();
    for name in NAMES {
        if from_settings && hook_settings::is_set(repository, name) {
            continue;
        }
        let hook = folder.join(name);
        if !is_there(&hook) || !is_guard(&hook)? {
            lacking.missing.push(name);
        } else if !is_current(&hook, name)? {
            lacking.outdated.push(name);
        }
    }
    Ok(lacking)
}

/// Whether a guard is that of this version, wherever the program was when it was written.
fn is_current(hook: &Path, name: &str) -> Result<bool, HooksError> {
    let text = crate::fs::read_bounded(hook, MAX_LEN)?;
    let lines = |text: &[u8]| -> Vec<Vec<u8>> {
        let lines = text.split(|&byte| byte == b'\n');
        lines.filter(|line| !line.starts_with(FALLBACK.as_bytes())).map(<[u8]>::to_vec).collect()
    };
    Ok(lines(&text) == lines(script(name, Path::new("")).as_bytes()))
}

/// The folder, unless it lies outside the repository, where it serves others too.
fn own_folder(repository: &Repository) -> Result<PathBuf, HooksError> {
    let folder = folder(repository)?;
    let real = real(&folder);
    let own = [Some(repository.common_dir()), repository.worktree.as_deref()];
    let is_own = |own: &Path| dunce::canonicalize(own).is_ok_and(|own| real.starts_with(own));
    if own.into_iter().flatten().any(is_own) {
        return Ok(folder);
    }
    Err(HooksError::Shared(crate::sanitise::native(&folder)))
}

/// The path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    match (dunce::canonicalize(path), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        _ => path.to_owned(),
    }
}

/// Whether anything is at the path, also a link that leads nowhere.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_guard(hook: &Path) -> Result<bool, HooksError> {
    let metadata = fs::symlink_metadata(hook).map_err(|error| with_path(hook, &error))?;
    if metadata.is_dir() {
        return Err(HooksError::Folder(crate::sanitise::native(hook)));
    }
    // A link is somebody else's, wherever it leads; what is longer is no guard.
    if !metadata.is_file() || metadata.len() > MAX_LEN as u64 {
        return Ok(false);
    }
    let text = crate::fs::read_bounded(hook, MAX_LEN)?;
    Ok(text.split(|&byte| byte == b'\n').any(|line| line == MARKER.as_bytes()))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Git for Windows goes by the first line.
#[cfg(not(unix))]
fn make_executable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// The hook of one event as a shell script: the earlier hook, then [`super::guards`].
fn script(name: &str, program: &Path) -> String {
    let program = program.to_string_lossy().replace('\\', "/").replace('\'', "'\\''");
    let (read, give) = if matches!(name, "pre-push" | "post-rewrite") {
        // The point keeps the line ends: the shell would drop the last.
        ("lines=$(cat; echo .)\nlines=${lines%.}\n", "printf %s \"$lines\" 2>/dev/null | ")
    } else {
        ("", "")
    };
    format!(
        r#"#!/bin/sh
{MARKER}
program=git-shroud
{FALLBACK}'{program}'
if ! command -v "$program" >/dev/null 2>&1; then
    echo "git-shroud: error: the guard in '$0' does not find git-shroud" >&2
    echo "git-shroud: hint: install it, or delete the file" >&2
    exit 1
fi
{read}earlier="$0{ASIDE}"
if test -x "$earlier"; then
    first=
    IFS= read -r first <"$earlier"
    case "$first" in
    '#!'*/sh | '#!'*/env' sh')
        # In a shell of its own that has the name of the hook: some find out by it which hook they are.
        {give}( . "$earlier" )
        ;;
    *)
        {give}"$earlier" "$@"
        ;;
    esac
    status=$?
    test "$status" -eq 0 || exit "$status"
fi
{give}"$program" guard {name} "$@"
"#
    )
}
