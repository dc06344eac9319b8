//! A new configuration repository, from the choice of its place to the guards in git's hooks.

use std::path::Path;

use super::{Existing, FilesError, LaidOut, Layout, enter, find_existing};
use crate::access::set_up::refuse_second_time;
use crate::clone::locks::{exclusive, refuse_rotation};
use crate::clone::top;
use crate::config_format::Format;
use crate::environments::SCHEMA_FILE;
use crate::format::KeyId;
use crate::git::hook_change::Change;
use crate::git::hooks::{self, HooksError};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::status::find_names;
use crate::store::exclusive::Exclusive;
use crate::store::kept;

/// A repository in which a configuration repository can be laid out. Nobody else changes its keys meanwhile.
pub struct Place {
    /// The environments: those that were named, else those of the files that were found; each once.
    pub names: Vec<KeyName>,
    /// Files that look like those of environments, and are not sealed yet.
    pub found: Vec<Existing>,
    repository: Repository,
    keyring: Keyring,
    lock: Exclusive,
}

/// How it is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The form of the environments' files.
    pub format: Format,
    /// Whether the files that were found are sealed where they are.
    pub takes_found: bool,
    /// Whether clones that were never set up refuse plaintext.
    pub tripwire: bool,
    /// Whether the files are sealed whole, and not by value.
    pub whole: bool,
}

/// What was made.
pub struct Made {
    /// The new keys.
    pub keys: Vec<(KeyName, KeyId)>,
    /// The new files, from the top of the worktree.
    pub written: Vec<String>,
    /// What became of git's hooks, or why they were left alone.
    pub hooks: Result<Vec<(&'static str, Change)>, HooksError>,
    /// Until this goes, nobody else changes the keys.
    pub lock: Exclusive,
}

/// Refuses, before anything is made or asked, a directory that is still to be made for environments that nobody has named.
///
/// # Errors
/// It is so.
pub fn refuse_none_named(dir: Option<&Path>, names: &[KeyName]) -> Result<(), FilesError> {
    match names.is_empty() && dir.is_some_and(|dir| !dir.exists()) {
        true => Err(FilesError::NoneNamed),
        false => Ok(()),
    }
}

impl Place {
    /// Makes the directory and the repository where there is none, changes into it, and looks around.
    ///
    /// # Errors
    /// It is a configuration repository already, git-crypt encrypts there, its keys are not held, or no environment is known.
    pub fn enter(
        dir: Option<&Path>,
        names: &[KeyName],
        progress: &dyn Progress,
    ) -> Result<Self, FilesError> {
        enter(dir)?;
        let repository = Repository::discover(Path::new("."))?;
        let top = top(&repository)?;
        refuse_rotation(&repository)?;
        let lock = exclusive(&repository, progress)?;
        let keyring = kept::load(repository.common_dir())?;
        if keyring.is_empty() {
            refuse_second_time(&repository, top)?;
        } else if top.join(SCHEMA_FILE).symlink_metadata().is_ok() {
            return Err(FilesError::LaidOutAlready);
        }
        if !find_names(&repository)?.is_empty() {
            return Err(FilesError::OfGitCrypt);
        }
        let found = find_existing(&repository, names)?;
        let names = each_once(names, &found)?;
        Ok(Self { names, found, repository, keyring, lock })
    }

    /// Makes the keys, writes and stages everything, and sets up the guards in git's hooks.
    ///
    /// # Errors
    /// As [`Layout::lay_out`].
    pub fn lay_out(mut self, plan: &Plan) -> Result<Made, FilesError> {
        let Plan { format, takes_found, tripwire, whole } = *plan;
        let taken = if takes_found { self.found.as_slice() } else { &[] };
        let layout = Layout { names: &self.names, format, taken, tripwire, whole };
        let top = top(&self.repository)?;
        let LaidOut { made, written } = layout.lay_out(&self.repository, top, &mut self.keyring)?;
        let keys = self.keyring.entries().iter().filter(|entry| made.contains(&entry.name));
        let keys = keys.map(|entry| (entry.name.clone(), entry.key.id())).collect();
        Ok(Made { keys, written, hooks: hooks::install(&self.repository, false), lock: self.lock })
    }
}

fn each_once(named: &[KeyName], found: &[Existing]) -> Result<Vec<KeyName>, FilesError> {
    let mut names: Vec<KeyName> = Vec::new();
    for name in named.iter().chain(found.iter().map(|existing| &existing.environment)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() { Err(FilesError::NoneNamed) } else { Ok(names) }
}
