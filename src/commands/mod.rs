//! One file a command: its arguments, its help, its work.

pub mod agent;
pub mod blame;
pub mod cat;
pub mod check;
pub mod config;
pub mod demo;
pub mod diff;
pub mod diff_driver;
pub mod doctor;
pub mod edit;
mod errors;
pub mod generate;
pub mod guard;
pub mod hooks;
pub mod import;
pub mod init;
pub mod install;
pub mod key;
pub mod lock;
pub mod log;
pub mod member;
pub mod merge_driver;
pub mod migrate;
pub mod plumbing;
pub mod remote;
pub mod remote_helper;
pub mod scan;
pub mod scrub;
pub mod status;
pub mod track;
pub mod unlock;
pub mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::access::rotate::Journal;
use crate::clone::locks;
use crate::clone::locks::refuse_rotation;
use crate::clone::{OpenClone, held_git_crypt_keys, held_keys, top};
use crate::error::{CommandError, Outcome};
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::repo_path::argument_bytes;
use crate::store::exclusive::Exclusive;
use crate::ui::{ColorChoice, Ui};

/// What every command has.
pub struct Context {
    /// Where it speaks.
    pub ui: Ui,
    /// Where it works.
    pub dir: PathBuf,
    /// Its own command line, for what describes it.
    pub program: fn() -> clap::Command,
}

impl Context {
    /// The repository around; says if a rotation was cut off in it.
    fn repository(&self) -> Outcome<Repository> {
        let repository = self.discover()?;
        if Journal::is_there(repository.common_dir()) {
            self.ui.warning("a key rotation is in progress");
            self.ui.hint("git shroud key rotate --continue, or --abort");
        }
        Ok(repository)
    }

    /// Says why something was not done, and goes on.
    fn warn(&self, error: impl Into<CommandError>) {
        let error = error.into();
        self.ui.warning(error.message());
        error.hints().iter().for_each(|hint| self.ui.hint(hint));
    }

    /// The repository around, for commands that have an own answer to a rotation.
    fn discover(&self) -> Outcome<Repository> {
        if !self.dir.is_dir() {
            return Err(CommandError::wrong(format!(
                "there is no directory '{}'",
                crate::sanitise::native(&self.dir)
            )));
        }
        Ok(Repository::discover(&self.dir)?)
    }

    /// The same; `None` where there is none.
    fn discover_any(&self) -> Outcome<Option<Repository>> {
        match Repository::discover(&self.dir) {
            Err(GitError::NoRepository) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// The repository around, with the keys that are held and described.
    fn open(&self) -> Outcome<OpenClone> {
        let opened = self.open_anyway()?;
        opened.roster.refuse_malformed()?;
        Ok(opened)
    }

    /// Likewise, but a key whose description cannot be read is the command's to report.
    fn open_anyway(&self) -> Outcome<OpenClone> {
        Ok(OpenClone::read(self.repository()?)?)
    }
}

/// Keeps other runs from changing the keys meanwhile; where one is at work it waits, and says so.
#[cfg_attr(not(unix), allow(clippy::let_unit_value))]
fn exclusive(repository: &Repository) -> Outcome<Exclusive> {
    Ok(locks::exclusive(repository, &Ui::new(ColorChoice::Auto, false, false))?)
}

/// A path for a person to read.
fn show(path: &[u8]) -> String {
    crate::sanitise::path(path)
}

/// Patterns of paths, as they were typed.
fn patterns(arguments: &[OsString]) -> Outcome<Vec<&[u8]>> {
    let not_utf8 = || CommandError::wrong("a pattern is not UTF-8");
    arguments.iter().map(|argument| argument_bytes(argument).ok_or_else(not_utf8)).collect()
}
