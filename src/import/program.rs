//! Another tool's own program: found, run, and read through a pipe. What it says of failures goes to the user as it is.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::ImportError;
use crate::access::sealed_file::MAX_LEN;
use crate::progress::Progress;
use crate::sanitise;
use crate::secret::WipedVec;

/// How long a program may be silent before the user is told what is waited for.
const QUIET: Duration = Duration::from_secs(10);
/// How long a program may take where nobody could answer a question of it.
const ALONE: Duration = Duration::from_secs(60);
/// How long until it is asked again whether a program has ended.
const PAUSE: Duration = Duration::from_millis(5);
/// Variables that give this program keys, identities and passphrases.
const OWN: &str = "GIT_SHROUD_";

/// The program of a tool.
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// What installs it, for people.
    pub install: &'static str,
    /// Whether it takes settings from the folder that it is started in, as programs to run. That could be the repository's folder, so
    /// it is started in an empty one.
    pub obeys_folder: bool,
}

/// Runs a program for one file at a time.
pub struct Runner<'r> {
    program: &'static str,
    place: PathBuf,
    /// Where programs that it starts are found: nothing in the worktree.
    path: OsString,
    /// The user's folder.
    dir: &'r Path,
    empty: Option<TempDir>,
    limit: Option<Duration>,
    progress: &'r dyn Progress,
}

impl<'r> Runner<'r> {
    /// Finds the program on the user's `PATH`; what is in the worktree at `top` is passed over.
    ///
    /// `limit` is how long each run may take, zero for ever. Without it there is one where no terminal is there for questions.
    ///
    /// # Errors
    /// It is nowhere, or only in the repository.
    pub fn find(
        program: &Program,
        (top, dir): (&Path, &'r Path),
        limit: Option<Duration>,
        progress: &'r dyn Progress,
    ) -> Result<Self, ImportError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = find(program.name, &path, top);
        let place = found.map_err(|inside| not_found(program, inside.as_deref()))?;
        Self::of(program, place, (top, dir), limit, progress)
    }

    /// The program in this place, which the user's own configuration names.
    ///
    /// # Errors
    /// It is not there, is in the worktree, or is not named from the root.
    pub fn at(
        program: &Program,
        place: &Path,
        (top, dir): (&Path, &'r Path),
        limit: Option<Duration>,
        progress: &'r dyn Progress,
    ) -> Result<Self, ImportError> {
        let folder = place.parent().unwrap_or(place);
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(&name);
        let found = find(name, folder.as_os_str(), top);
        let place = found.map_err(|inside| not_found(program, inside.as_deref()))?;
        Self::of(program, place, (top, dir), limit, progress)
    }

    fn of(
        program: &Program,
        place: PathBuf,
        (top, dir): (&Path, &'r Path),
        limit: Option<Duration>,
        progress: &'r dyn Progress,
    ) -> Result<Self, ImportError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let limit = match limit {
            Some(limit) => Some(limit).filter(|limit| !limit.is_zero()),
            None => (!io::stdin().is_terminal()).then_some(ALONE),
        };
        let start = |why: String| ImportError::Start { program: program.name, why };
        let path = outside(&path, top).map_err(|error| start(error.to_string()))?;
        let empty = program.obeys_folder.then(tempfile::tempdir).transpose();
        let empty = empty.map_err(|error| start(error.to_string()))?;
        Ok(Self { program: program.name, place, path, dir, empty, limit, progress })
    }

    /// A file that the user has named, as the program finds it: it may run in another folder.
    pub fn file(&self, name: &OsStr) -> OsString {
        let file = self.dir.join(name);
        std::path::absolute(&file).unwrap_or(file).into()
    }

    /// What the program writes for these arguments, with `input` on its standard input where it is given. `path` is for people.
    ///
    /// # Errors
    /// It fails, takes too long, or writes too much.
    pub fn run(
        &self,
        path: &[u8],
        arguments: &[OsString],
        input: Option<&[u8]>,
    ) -> Result<WipedVec, ImportError> {
        self.output(path, arguments, input, Command::new(&self.place))
    }

    /// The same with a variable in its environment, and without what it says of failures.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_silent(
        &self,
        path: &[u8],
        arguments: &[OsString],
        input: &[u8],
        (name, value): (&str, &OsStr),
    ) -> Result<WipedVec, ImportError> {
        let mut command = Command::new(&self.place);
        command.env(name, value).stderr(Stdio::null());
        self.output(path, arguments, Some(input), command)
    }

    fn output(
        &self,
        path: &[u8],
        arguments: &[OsString],
        input: Option<&[u8]>,
        mut command: Command,
    ) -> Result<WipedVec, ImportError> {
        let (program, shown) = (self.program, sanitise::path(path));
        let start = |error: io::Error| ImportError::Start { program, why: error.to_string() };
        let dir = self.empty.as_ref().map_or(self.dir, TempDir::path);
        command.args(arguments).current_dir(dir).env("PATH", &self.path).stdout(Stdio::piped());
        let is_own = |name: &OsString| name.to_string_lossy().starts_with(OWN);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_own(name)) {
            command.env_remove(name);
        }
        command.stdin(match input {
            Some(_) => Stdio::piped(),
            // It may ask for a passphrase; what is piped into this program is not for it.
            None if io::stdin().is_terminal() => Stdio::inherit(),
            None => Stdio::null(),
        });
        let mut child = command.spawn().map_err(start)?;
        if let Some((mut stdin, input)) = child.stdin.take().zip(input) {
            // Short, and a program that does not read it says why.
            let input = input.to_vec();
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let output = self.wait(&shown, &mut child)?;
        let status = self.ended(&shown, &mut child)?;
        if !status.success() {
            let status = status.to_string();
            return Err(ImportError::Failed { program, path: shown, status });
        }
        Ok(output)
    }

    /// How the program ended, which has written all it had to.
    fn ended(&self, path: &str, child: &mut Child) -> Result<ExitStatus, ImportError> {
        let program = self.program;
        let start = |error: io::Error| ImportError::Start { program, why: error.to_string() };
        let Some(limit) = self.limit else { return child.wait().map_err(start) };
        let begun = Instant::now();
        while begun.elapsed() < limit {
            match child.try_wait().map_err(start)? {
                Some(status) => return Ok(status),
                None => std::thread::sleep(PAUSE),
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(ImportError::TimedOut { program, path: path.to_owned(), seconds: limit.as_secs() })
    }

    /// All that the program writes, up to its end.
    fn wait(&self, path: &str, child: &mut Child) -> Result<WipedVec, ImportError> {
        let program = self.program;
        let (sender, receiver) = channel();
        let stdout = child.stdout.take().expect("asked for above");
        // Not joined: something that the program has started may keep the pipe open.
        std::thread::spawn(move || sender.send(read(stdout)));
        match self.receive(path, &receiver) {
            Some(Ok(Some(output))) => Ok(output),
            failed => {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                Err(match failed {
                    Some(Ok(_)) => ImportError::TooMuch { program, path: path.to_owned() },
                    Some(Err(error)) => ImportError::Start { program, why: error.to_string() },
                    None => ImportError::TimedOut {
                        program,
                        path: path.to_owned(),
                        seconds: self.limit.unwrap_or_default().as_secs(),
                    },
                })
            }
        }
    }

    /// What was read; `None` where it took too long.
    fn receive<T>(&self, path: &str, receiver: &Receiver<T>) -> Option<T> {
        let begun = Instant::now();
        let mut told = false;
        loop {
            let left = self.limit.map(|limit| limit.saturating_sub(begun.elapsed()));
            let wait = match (told, left) {
                (false, left) => left.unwrap_or(QUIET).min(QUIET),
                (true, Some(left)) => left,
                (true, None) => return receiver.recv().ok(),
            };
            match receiver.recv_timeout(wait) {
                Ok(read) => return Some(read),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.limit.is_some_and(|limit| begun.elapsed() >= limit) {
                return None;
            }
            if !told {
                self.progress.status(&format!("waiting for {} to decrypt {path}", self.program));
                told = true;
            }
        }
    }
}

/// Why a program is not run that is nowhere, or only in the worktree.
fn not_found(program: &Program, inside: Option<&Path>) -> ImportError {
    match inside {
        None => ImportError::Missing { program: program.name, install: program.install },
        Some(place) => ImportError::Inside {
            program: program.name,
            place: sanitise::native(place),
            install: program.install,
        },
    }
}

/// All bytes; `None` where they are more than a file may hold.
fn read(mut from: impl Read) -> io::Result<Option<WipedVec>> {
    let mut bytes = WipedVec::with_capacity(1 << 16);
    let mut buffer = WipedVec::zeroed(1 << 16);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(Some(bytes)),
            Ok(len) if bytes.len() + len > MAX_LEN => return Ok(None),
            Ok(len) => {
                bytes.reserve_wiping(len);
                bytes.extend_from_slice(&buffer[..len]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The folders of a `PATH` that are named from the root and are not in the worktree.
fn outside(path: &OsStr, top: &Path) -> Result<OsString, std::env::JoinPathsError> {
    let top = dunce::canonicalize(top).unwrap_or_else(|_| top.to_owned());
    std::env::join_paths(std::env::split_paths(path).filter(|folder| is_outside(folder, &top)))
}

/// Whether a folder is named from the root, and leads to none in the worktree.
fn is_outside(folder: &Path, top: &Path) -> bool {
    let real = dunce::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.is_absolute() && !real.starts_with(top)
}

/// The first program of this name that is not in the worktree; else the first that is.
///
/// A folder that is not named from the root is passed over: it means another place for everybody who changes the folder.
fn find(name: &str, path: &OsStr, top: &Path) -> Result<PathBuf, Option<PathBuf>> {
    let top = dunce::canonicalize(top).unwrap_or_else(|_| top.to_owned());
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut inside = None;
    for folder in std::env::split_paths(path) {
        let file = folder.join(&name);
        if !is_program(&file) {
            continue;
        }
        let real = dunce::canonicalize(&file).unwrap_or_else(|_| file.clone());
        if is_outside(&folder, &top) && !real.starts_with(&top) {
            // Not where a link leads: some programs are one file under several names.
            return Ok(file);
        }
        inside.get_or_insert(file);
    }
    Err(inside)
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn programs_are_found_outside_of_the_repository_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["repo/bin/tool", "bin/tool", "plain/tool", "links/x"] {
            std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            std::fs::write(path(name), "").unwrap();
            let mode = if name.starts_with("plain") { 0o644 } else { 0o755 };
            std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        std::os::unix::fs::symlink(path("repo/bin/tool"), path("links/tool")).unwrap();
        let find = |folders: &[&str]| {
            let folders = folders.iter().map(|folder| match folder.strip_prefix('=') {
                Some(relative) => PathBuf::from(relative),
                None => path(folder),
            });
            find("tool", &std::env::join_paths(folders).unwrap(), &path("repo"))
        };
        assert_eq!(find(&["repo/bin", "links", "plain", "bin"]), Ok(path("bin/tool")));
        assert_eq!(find(&["repo/bin", "plain"]), Err(Some(path("repo/bin/tool"))));
        assert_eq!(find(&["links"]), Err(Some(path("links/tool"))));
        assert_eq!(find(&["=", "=.", "plain", "none"]), Err(None));
    }
}
