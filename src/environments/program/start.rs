//! The program takes the place of this one where the system can do that, so that signals and its exit status need no one between.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

use zeroize::Zeroizing;

use super::around;
use super::below::{self, Heard};
use super::find::{find, with_ending};
use super::redact::Masks;
use crate::fs::plaintext_folder::PlaintextFolder;

/// What the variables begin with that give this program keys, identities and passphrases.
const OWN: &str = "GIT_SHROUD_";

/// A variable that a program would have from around it.
pub fn variable_around(name: &str) -> Option<Zeroizing<String>> {
    let is_own = name.is_empty() || name.starts_with(OWN) || name.contains(['=', '\0']);
    std::env::var(name).ok().filter(|_| !is_own).map(Zeroizing::new)
}

/// A program with its arguments.
#[derive(Debug)]
pub struct Program<'p> {
    /// The program, and its arguments.
    pub command: &'p [OsString],
    /// Whether it gets nothing of what is around, and the given variables alone.
    pub pristine: bool,
}

/// The program was not started.
#[derive(Debug, thiserror::Error)]
#[error("'{name}' cannot be started: {error}")]
pub struct StartError {
    /// The program, for people to read.
    name: String,
    error: io::Error,
}

impl StartError {
    /// The exit status by which shells tell it: 127 where there is no such program, else 126.
    pub fn status(&self) -> u8 {
        if self.error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
    }
}

impl Program<'_> {
    /// Puts the program with these variables in the place of this one; returns only where that fails.
    ///
    /// Where no program can take the place of another, waits for it and ends as it ended.
    pub fn start<'v>(&self, variables: impl IntoIterator<Item = (String, &'v str)>) -> StartError {
        let name = crate::sanitise::line(&self.command[0].to_string_lossy());
        let mut command = self.command();
        command.envs(variables);
        #[cfg(target_os = "linux")]
        end_with_git();
        StartError { name, error: replace_by(&mut command) }
    }

    /// Runs the program below this one, and ends as it ended; `folder` goes then. Hands on what is heard meanwhile, and was heard
    /// before; what the program prints gets these masks. Returns only where the program cannot be started.
    pub(super) fn start_below<'v>(
        &self,
        variables: impl IntoIterator<Item = (String, &'v str)>,
        folder: Option<PlaintextFolder>,
        heard: Heard,
        masks: Option<&Masks>,
    ) -> StartError {
        let name = crate::sanitise::line(&self.command[0].to_string_lossy());
        let mut command = self.command();
        command.envs(variables);
        match below::run(&mut command, heard, masks) {
            Ok(status) => {
                drop(folder);
                std::process::exit(status)
            }
            Err(error) => StartError { name, error },
        }
    }

    fn command(&self) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let exec_path = std::env::var_os(around::GIT_EXEC_PATH).unwrap_or_default();
        let before_git = around::path_before_git(&path, &exec_path);
        let (program, arguments) = (&self.command[0], &self.command[1..]);
        if self.pristine {
            let found = find(program, before_git.as_deref().unwrap_or(&path));
            let mut command = Command::new(found.as_deref().unwrap_or(Path::new(program)));
            #[cfg(unix)]
            std::os::unix::process::CommandExt::arg0(&mut command, program);
            command.args(arguments).env_clear();
            return command;
        }
        let ended = with_ending(program, before_git.as_deref().unwrap_or(&path));
        let mut command = Command::new(ended.as_deref().unwrap_or(Path::new(program)));
        command.args(arguments);
        if let Some(path) = before_git {
            command.env("PATH", path).env_remove(around::GIT_EXEC_PATH);
        }
        // Anybody who is given the values needs no key, and could read all else with it.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(OWN) {
                command.env_remove(name);
            }
        }
        command
    }
}

/// git hands on no signal but those that end it. Where another one ends it, the program would go on alone: it is told to stop.
#[cfg(target_os = "linux")]
fn end_with_git() {
    use rustix::process::{Signal, set_parent_process_death_signal};
    if around::is_below_git() {
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
    }
}

#[cfg(unix)]
fn replace_by(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> io::Error {
    match Heard::begin().and_then(|heard| below::run(command, heard, None)) {
        Ok(status) => std::process::exit(status),
        Err(error) => error,
    }
}
