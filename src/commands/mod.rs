//! One file a command: its arguments, its help, its work.

pub mod blame;
pub mod cat;
pub mod check;
pub mod config;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod edit;
mod errors;
pub mod generate;
mod git_crypt;
mod given;
pub mod hooks;
pub mod init;
pub mod key;
pub mod lock;
pub mod log;
pub mod member;
pub mod merge_driver;
pub mod migrate;
pub mod plumbing;
pub mod scan;
pub mod scrub;
mod sealed_file;
pub mod status;
mod template;
pub mod track;
pub mod unlock;
mod unwrapping;
pub mod why;

use std::path::{Path, PathBuf};

use crate::access::rotate::Journal;
use crate::access::{Opened, held_git_crypt_keys, held_keys, top};
use crate::error::{CommandError, Context as _, Outcome};
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::store::exclusive::{Exclusive, Holder};
use crate::store::{self, local};
use crate::ui::{ColorChoice, Ui};

/// What every command has.
pub struct Context {
    /// Where it speaks.
    pub ui: Ui,
    /// Where it works.
    pub dir: PathBuf,
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

    /// The repository around, with the keys that are held and described.
    fn open(&self) -> Outcome<Opened> {
        let opened = self.open_anyway()?;
        opened.roster.refuse_malformed()?;
        Ok(opened)
    }

    /// Likewise, but a key whose description cannot be read is the command's to report.
    fn open_anyway(&self) -> Outcome<Opened> {
        Opened::read(self.repository()?)
    }
}

/// Keeps other runs from changing the keys meanwhile, and removes keys that a run which was cut off has left.
#[cfg_attr(not(unix), allow(clippy::let_unit_value))]
fn exclusive(repository: &Repository) -> Outcome<Exclusive> {
    let common_dir = repository.common_dir();
    let waiting = |holder: Holder| {
        let ui = Ui::new(ColorChoice::Auto, false, false);
        ui.status(format!("{holder} is running in this clone; waiting for it"));
    };
    let lock = store::exclusive::exclusive(common_dir, waiting).map_err(GitError::Io)?;
    let lock = lock.map_err(busy)?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// As [`exclusive`], but waits for nobody.
fn exclusive_at_once(repository: &Repository) -> Outcome<Exclusive> {
    let common_dir = repository.common_dir();
    let lock = store::exclusive::try_exclusive(common_dir)
        .context(|| "the repository cannot be locked".to_owned())?;
    let lock = lock.ok_or_else(|| busy(store::exclusive::holder(common_dir)))?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// Another run holds the lock.
fn busy(holder: Holder) -> CommandError {
    let process = holder.pid.map_or_else(|| "PROCESS".to_owned(), |pid| pid.to_string());
    if holder.is_suspended {
        return CommandError::wrong(format!(
            "{holder} is suspended in this repository; nothing was done"
        ))
        .hint(format!("continue it: 'fg' in its terminal, or kill -CONT {process}"))
        .hint(format!("or end it: kill -KILL {process}; the next run cleans up"));
    }
    CommandError::wrong(format!("{holder} is running in this repository; nothing was done"))
        .hint("wait until it has finished")
}

/// Removes copies of keys that a run which was cut off has left; says whether there were any.
fn remove_left_keys(common_dir: &Path) -> Outcome<bool> {
    local::remove_unfinished(common_dir).context(|| "unfinished keyrings".to_owned())?;
    Journal::remove_draft(common_dir)
}

/// Refuses what would get into the way of an interrupted rotation.
fn refuse_rotation(repository: &Repository) -> Outcome {
    if Journal::is_there(repository.common_dir()) {
        return Err(CommandError::wrong("a key rotation is in progress")
            .hint("git shroud key rotate --continue, or --abort"));
    }
    Ok(())
}

/// A path for a person to read.
fn show(path: &[u8]) -> String {
    crate::sanitise::path(path)
}
