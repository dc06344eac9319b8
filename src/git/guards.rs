//! What a guard does: the checks of one event, each a run of this program. git starts it from its configuration, or from
//! the script that [`super::hooks`] writes.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::GitError;
use super::command::Git;

/// Bytes of the lines that git gives a hook: a line for each ref or commit.
const MAX_INPUT: u64 = 256 << 20;
/// The exit status of a scan in which something could not be read to its end. It was named, and stops nobody.
const INCOMPLETE: i32 = 3;

/// Why a guard did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// There is no guard for such an event.
    #[error("git-shroud has no guard for '{0}'")]
    Unknown(String),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The program could not be started, or the lines of git not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the checks of one event; whether all passed. What is wrong was said by the checks.
///
/// # Errors
/// There is no such guard, or a check could not be run.
pub fn run(dir: &Path, event: &str, arguments: &[OsString]) -> Result<bool, GuardError> {
    let remote = arguments.first().map_or(OsStr::new(""), OsString::as_os_str);
    let check = |arguments: &[&OsStr], input: &[u8]| {
        start("check", arguments, input).map(|status| status == 0)
    };
    let scan = |arguments: &[&OsStr], input: &[u8]| {
        start("scan", arguments, input).map(|status| status == 0 || status == INCOMPLETE)
    };
    let (staged, rewrite) = (OsStr::new("--staged"), OsStr::new("--post-rewrite"));
    match event {
        "pre-commit" => Ok(check(&[staged], b"")? && scan(&[staged], b"")?),
        // What others have committed was looked at when they did, and would be named again with each merge.
        "pre-merge-commit" | "pre-applypatch" => check(&[staged], b""),
        "pre-push" => {
            let (push, lines) = (OsStr::new("--pre-push"), lines()?);
            Ok(check(&[push, remote], &lines)? && scan(&[push, remote], &lines)?)
        }
        "post-rewrite" => check(&[rewrite], &lines()?),
        // All other commits were looked at before they were made.
        "post-commit" => match picked(dir)? {
            Some(commit) => check(&[rewrite], format!("{commit} {commit}\n").as_bytes()),
            None => Ok(true),
        },
        other => Err(GuardError::Unknown(crate::sanitise::line(other))),
    }
}

/// The last commit, if a cherry-pick or a revert made it.
fn picked(dir: &Path) -> Result<Option<String>, GitError> {
    let git = Git::new(dir);
    let why = git.run(["log", "-g", "-1", "--format=%gs", "HEAD"]).unwrap_or_default();
    if !why.starts_with(b"cherry-pick") && !why.starts_with(b"revert") {
        return Ok(None);
    }
    let head = git.run(["rev-parse", "HEAD"])?;
    Ok(Some(String::from_utf8_lossy(&head).trim().to_owned()))
}

fn lines() -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut lines)?;
    if lines.len() as u64 > MAX_INPUT {
        let message = "git gives this hook more lines than it reads";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(lines)
}

/// Runs this program; its exit status, or -1 where it was killed.
fn start(command: &str, arguments: &[&OsStr], input: &[u8]) -> Result<i32, GuardError> {
    let mut run = Command::new(env::current_exe()?);
    let mut child = run.arg(command).args(arguments).stdin(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().expect("asked for above");
    match stdin.write_all(input) {
        // It had no use for them.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => drop(stdin),
    }
    Ok(child.wait()?.code().unwrap_or(-1))
}
