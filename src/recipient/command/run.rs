//! One run of a command: in an empty folder, with bounds for time and bytes.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::RunError;
use crate::keyring::redact;
use crate::sanitise;

/// Bytes that a command may print, and that it is given to unwrap: 64 KiB.
pub(super) const MAX_OUTPUT: usize = 64 << 10;
/// Bytes that are kept of what it says, and lines that are shown.
const MAX_SAID: usize = 16 << 10;
const SHOWN: usize = 5;
/// How long it may take where somebody can answer its questions, and where nobody can.
const WITH_TERMINAL: Duration = Duration::from_secs(600);
const ALONE: Duration = Duration::from_secs(120);
/// After this long the user is told what is waited for, with what the command has said.
const SLOW: Duration = Duration::from_secs(10);
/// How long until it is asked again whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// How long its last words are waited for, once it has ended: something that it has started may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Variables that give this program keys, identities and passphrases.
const OWN: &str = "GIT_SHROUD_";
/// Variables by which git tells those that it starts where the repository is. A command that uses git means its own.
const OF_REPOSITORY: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_CONFIG",
];

/// What is started.
pub(super) struct Run<'r> {
    pub(super) name: &'r str,
    pub(super) shell: &'r OsStr,
    pub(super) path: &'r OsStr,
    pub(super) command: &'r str,
}

/// How a command ended, and what it printed.
type Ended = (ExitStatus, Zeroizing<Vec<u8>>);

/// What a command has said on its standard error.
type Said = Arc<Mutex<Vec<u8>>>;

impl Run<'_> {
    /// What the command prints for this input.
    pub(super) fn run(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RunError> {
        // Programs take settings from the folder that they are started in, and anybody who can push writes the worktree.
        let folder = tempfile::tempdir().map_err(|error| self.start(&error))?;
        let mut command = Command::new(self.shell);
        command.args(["-c", self.command]).current_dir(folder.path()).env("PATH", self.path);
        let is_own = |name: &OsStr| name.to_string_lossy().starts_with(OWN);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_own(name)) {
            command.env_remove(name);
        }
        for name in OF_REPOSITORY {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.start(&error))?;
        let said = Said::default();
        let output = receive_output(&mut child);
        let silent = listen(&mut child, &said);
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not read it says why. Not joined, as it may never read.
            let input = Zeroizing::new(input.to_vec());
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let limit = if io::stderr().is_terminal() { WITH_TERMINAL } else { ALONE };
        let deadline = Instant::now() + limit;
        let ended = self.wait_for(&mut child, &output, deadline, &said);
        // Also where it has ended: nothing of it goes on.
        let _ = child.kill();
        let _ = child.wait();
        let _ = silent.recv_timeout(LAST_WORDS);
        match ended? {
            None => Err(RunError::TimedOut {
                name: self.name.to_owned(),
                minutes: limit.as_secs() / 60,
                said: last_lines(&said),
            }),
            Some((status, _)) if !status.success() => Err(RunError::Failed {
                name: self.name.to_owned(),
                status: status.to_string(),
                said: last_lines(&said),
            }),
            Some((_, output)) => Ok(output),
        }
    }

    fn start(&self, error: &io::Error) -> RunError {
        RunError::Start { name: self.name.to_owned(), why: error.to_string() }
    }

    /// How it ended and what it printed; `None` where it took too long.
    fn wait_for(
        &self,
        child: &mut Child,
        output: &Receiver<io::Result<Printed>>,
        deadline: Instant,
        said: &Said,
    ) -> Result<Option<Ended>, RunError> {
        let slow = Instant::now() + SLOW;
        let mut told = false;
        let mut printed = None;
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match output.recv_timeout(PAUSE) {
                Ok(Ok(Some(bytes))) => printed = Some(bytes),
                // It may print for ever.
                Ok(Ok(None)) => return Err(RunError::TooMuch(self.name.to_owned())),
                Ok(Err(error)) => return Err(self.start(&error)),
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(PAUSE),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = Instant::now();
            if ended.is_none() {
                let status = child.try_wait().map_err(|error| self.start(&error))?;
                ended = status.map(|status| (status, now));
            }
            if let Some((status, since)) = ended {
                if let Some(printed) = printed {
                    return Ok(Some((status, printed)));
                }
                if now.duration_since(since) >= LAST_WORDS {
                    let why = "something that it has started keeps its output open";
                    return Err(self.start(&io::Error::other(why)));
                }
            }
            if now >= deadline {
                return Ok(None);
            }
            if now >= slow && !told {
                self.tell(said);
                told = true;
            }
        }
    }

    /// The only way to say what is waited for; a lost message is no failure.
    fn tell(&self, said: &Said) {
        let text = format!("waiting for the command '{}'{} …", self.name, last_lines(said));
        let _ = writeln!(io::stderr(), "git-shroud: {text}");
    }
}

/// What a command has printed; `None` where that is more than the limit.
type Printed = Option<Zeroizing<Vec<u8>>>;

fn receive_output(child: &mut Child) -> Receiver<io::Result<Printed>> {
    let (sender, receiver) = channel();
    let stdout = child.stdout.take();
    std::thread::spawn(move || {
        // Never moved, so that no copy is left behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT + 2));
        let read = match stdout {
            Some(stdout) => stdout.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut bytes),
            None => Ok(0),
        };
        let printed = read.map(|len| (len <= MAX_OUTPUT).then_some(bytes));
        let _ = sender.send(printed);
    });
    receiver
}

/// Keeps the end of what it says; the receiver is told when there is no more.
fn listen(child: &mut Child, said: &Said) -> Receiver<()> {
    let (sender, receiver) = channel();
    let (stderr, said) = (child.stderr.take(), Arc::clone(said));
    std::thread::spawn(move || {
        let Some(mut stderr) = stderr else { return };
        let mut buffer = [0; 1 << 12];
        while let Ok(len @ 1..) = stderr.read(&mut buffer) {
            let Ok(mut said) = said.lock() else { return };
            said.extend_from_slice(&buffer[..len]);
            let surplus = said.len().saturating_sub(MAX_SAID);
            said.drain(..surplus);
        }
        let _ = sender.send(());
    });
    receiver
}

/// A colon and the last lines that a command said, safe for a terminal and without keys; empty where it said nothing.
fn last_lines(said: &Said) -> String {
    let Ok(said) = said.lock() else { return String::new() };
    let text = String::from_utf8_lossy(&said);
    let text = redact(&text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(SHOWN)..];
    if last.is_empty() {
        return String::new();
    }
    format!(": {}", sanitise::line(&last.join("; ")))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(command: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RunError> {
        let path = std::env::var_os("PATH").unwrap();
        Run { name: "x", shell: OsStr::new("sh"), path: &path, command }.run(input)
    }

    #[test]
    fn a_command_gets_the_input_and_its_output_comes_back() {
        assert_eq!(&**run("cat", b"a\0b").unwrap(), b"a\0b");
        assert_eq!(&**run("echo no input is read", b"a").unwrap(), b"no input is read\n");
        let folder = run("ls -A; pwd", b"").unwrap();
        assert_eq!(folder.split(|byte| *byte == b'\n').count(), 2, "the folder is not empty");
    }

    #[test]
    fn what_a_failed_command_says_is_shown_safely_and_without_keys() {
        let token = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XPSH4Z43A";
        let error =
            run("printf 'a\\033[31m\\n' >&2; cat >&2; exit 7", token.as_bytes()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("failed (exit status: 7)") && text.contains("a\\u{1b}[31m"),
            "{text}"
        );
        assert!(!text.contains(&token[20..]), "{text}");
    }

    #[test]
    fn what_prints_for_ever_is_stopped() {
        assert_eq!(run("exec yes", b"").unwrap_err(), RunError::TooMuch("x".to_owned()));
        assert!(matches!(run("exec nothing-of-this-name", b""), Err(RunError::Failed { .. })));
    }
}
