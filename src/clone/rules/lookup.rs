//! What was read of a repository, until git writes other attributes or descriptions.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::clone::Roster;
use crate::git::attributes::Attributes;
use crate::git::locate::Location;
use crate::git::loose::LooseBlobs;
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::store::confirmed::Confirmed;
use crate::store::seen::Seen;
use crate::store::shroud_dir::File;
use crate::values::WriteOnly;

/// What was read.
pub(super) struct Lookup<'s> {
    pub(super) repository: &'s Repository,
    /// What the top's attributes file was when it was read.
    pub(super) version: Option<Version>,
    pub(super) attributes: Attributes<'s>,
    /// What the index has is mostly loose.
    pub(super) loose: LooseBlobs,
    pub(super) roster: Roster,
    /// The files that describe the keys, and what they were when they were read.
    pub(super) descriptions: BTreeMap<KeyName, (PathBuf, Option<Version>)>,
    pub(super) seen: Seen,
    /// For each key what history says of later generations; asked once.
    pub(super) later: BTreeMap<KeyName, Result<Option<String>, String>>,
    /// Which moves to another key were confirmed; read once, where it matters.
    pub(super) confirmed: Option<Confirmed>,
    /// The public keys that were found to be those that this clone knows.
    pub(super) trusted: Vec<(KeyName, WriteOnly)>,
}

/// Tells one version of a file from another: when it was written, and its length.
pub(super) type Version = (SystemTime, u64);

/// The version of a file that git may write while the filter runs.
pub(super) fn version(file: Option<&Path>) -> Option<Version> {
    let metadata = file?.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl<'s> Lookup<'s> {
    pub(super) fn new(
        repository: &'s Result<Repository, String>,
        version_of_attributes: Option<Version>,
    ) -> Result<Self, String> {
        let repository = repository.as_ref()?;
        let roster = Roster::read(repository).map_err(|error| error.to_string())?;
        let top = repository.worktree.as_deref();
        let description = |name: &KeyName| {
            let path = top.map(|top| top.join(File::Key(name.clone()).path())).unwrap_or_default();
            let version = version(Some(&path));
            (name.clone(), (path, version))
        };
        Ok(Self {
            repository,
            version: version_of_attributes,
            attributes: Attributes::new(repository).map_err(|error| error.to_string())?,
            loose: LooseBlobs::default(),
            descriptions: roster.names().map(description).collect(),
            roster,
            seen: Seen::load(repository.common_dir()).map_err(|error| error.to_string())?,
            later: BTreeMap::new(),
            confirmed: None,
            trusted: Vec::new(),
        })
    }

    /// Whether the description of this key is still what was read.
    pub(super) fn is_current(&self, name: &KeyName) -> bool {
        match self.descriptions.get(name) {
            Some((path, then)) => version(Some(path)) == *then,
            None => true,
        }
    }
}

/// A repository that is not opened before it is needed; else why it cannot be.
pub type LazyRepository = OnceCell<Result<Repository, String>>;

/// Opens the repository that was located.
///
/// # Errors
/// It cannot be read.
pub fn open(location: &Location) -> Result<Repository, String> {
    let git_dir = dunce::canonicalize(&location.git_dir).map_err(|error| error.to_string())?;
    Repository::open(&git_dir, location.worktree.clone()).map_err(|error| error.to_string())
}
