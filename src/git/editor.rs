//! The user's editor, chosen and started as git does it.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::command::Git;
use super::shell::shell;
use crate::fs::temporary::leave_signals;

/// How long an editor may have ended, or a signal have come, before that is seen.
const POLL: std::time::Duration = std::time::Duration::from_millis(20);

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// git names none.
    #[error("git has no editor here")]
    Unknown,
    /// It ended with a failure.
    #[error("the editor failed, so nothing was written")]
    Failed,
    /// It, or git, cannot be started: what, and why.
    #[error("{0}: {1}")]
    Io(&'static str, #[source] io::Error),
}

/// Lets the user edit the file; git chooses the editor.
///
/// # Errors
/// [`EditorError`].
pub fn edit(git: &Git, file: &Path) -> Result<(), EditorError> {
    let during = |what| move |error| EditorError::Io(what, error);
    let mut command = git.command(["var", "GIT_EDITOR"]);
    let editor = command.env_remove("LC_ALL").output().map_err(during("git var GIT_EDITOR"))?;
    let editor = String::from_utf8_lossy(&editor.stdout).trim_end().to_owned();
    if editor.is_empty() {
        return Err(EditorError::Unknown);
    }
    // Without a shell in between, which a Ctrl-C would end before the editor; where there is more than one word of command,
    // the shell must stay.
    let is_plain = !editor.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`', '=', '#', '\n']);
    let exec = if is_plain { "exec " } else { "" };
    let signals = Signals::catch().map_err(during("the signals"))?;
    let child = Command::new(shell(git))
        .arg("-c")
        .arg(format!("{exec}{editor} \"$@\""))
        .arg(&editor)
        .arg(file)
        .spawn()
        .map_err(during("the editor cannot be started"))?;
    match signals.wait(child).map_err(during("the editor"))?.success() {
        true => Ok(()),
        false => Err(EditorError::Failed),
    }
}

/// What the terminal sends to all that runs in it is for the editor alone, as it is under git (git's editor.c); and who
/// ends this program leaves no plaintext behind.
struct Signals(Arc<AtomicBool>);

/// Those that a terminal sends, and those that end a program.
#[cfg(unix)]
const SIGNALS: ([i32; 2], [i32; 2]) = {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    ([SIGINT, SIGQUIT], [SIGHUP, SIGTERM])
};
/// Ctrl-C; and Ctrl-Break, as which a closed window comes too.
#[cfg(windows)]
const SIGNALS: ([i32; 1], [i32; 2]) = {
    use signal_hook::consts::{SIGBREAK, SIGINT, SIGTERM};
    ([SIGINT], [SIGBREAK, SIGTERM])
};

impl Signals {
    fn catch() -> io::Result<Self> {
        leave_signals();
        let (typed, ending) = SIGNALS;
        for signal in typed {
            signal_hook::flag::register(signal, Arc::default())?;
        }
        let ended = Arc::default();
        for signal in ending {
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
