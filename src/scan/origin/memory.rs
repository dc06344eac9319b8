//! What an earlier scan has found out about origins, for as long as nothing that decides on them has changed (docs/scan.md, "The cache").
//!
//! The file names a [`State`]: a hash of every object that is here, of what is asked for, and of all that leads anywhere. Objects
//! say what is in them by their ids, so the same state has the same answer.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use sha2::{Digest as _, Sha256};

use super::Origin;
use super::reach::{Refs, add_ids};
use super::told::{read, write};
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::git::GitError;
use crate::git::history::shallow_boundary;
use crate::git::repository::Repository;
use crate::scan::walk::cache::NAME_OF_ORIGINS;
use crate::store::local;

/// What the file begins with. The number goes up whenever the same state may have another answer.
const MAGIC: &[u8; 26] = b"git-shroud scan-origins 1\n";
/// Bytes of a SHA-256 hash.
const HASH_LEN: usize = 32;
/// Bytes of a file that is read or written at most.
const MAX_LEN: usize = 256 << 20;
/// Variables by which git takes the parents of commits from elsewhere.
const ELSEWHERE: [&str; 2] = ["GIT_GRAFT_FILE", "GIT_SHALLOW_FILE"];

/// Where the file of a repository is.
pub fn path(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join(NAME_OF_ORIGINS)
}

/// A hash of all that decides on where objects came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State([u8; HASH_LEN]);

impl State {
    /// Of these `objects` ([`crate::scan::Cache::objects`]), as of now; `None` where git cannot follow all that leads somewhere, or
    /// takes parents from elsewhere than from commits.
    ///
    /// # Errors
    /// git cannot be run, or the list of a shallow clone cannot be read.
    pub(super) fn now(
        repository: &Repository,
        objects: &[u8; HASH_LEN],
        targets: &[ObjectId],
        refs: &Refs,
    ) -> Result<Option<Self>, GitError> {
        let grafts = repository.common_dir().join("info/grafts");
        if grafts.exists() || ELSEWHERE.iter().any(|name| std::env::var_os(name).is_some()) {
            return Ok(None);
        }
        // The ends of all that refs and reflogs lead to.
        let list = ["--no-replace-objects", "rev-list", "--no-walk", "--all", "--reflog"];
        let ends = match repository.git.run(list) {
            Ok(ends) => ends,
            Err(GitError::Failed { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut shallow: Vec<_> = shallow_boundary(repository)?.into_iter().collect();
        shallow.sort_unstable();
        let mut hasher = Sha256::new_with_prefix(MAGIC);
        hasher.update(objects);
        add_ids(&mut hasher, targets.iter());
        add_ids(&mut hasher, shallow.iter());
        hasher.update((ends.len() as u64).to_be_bytes());
        hasher.update(&ends);
        refs.add_to(&mut hasher);
        Ok(Some(Self(hasher.finalize().into())))
    }

    /// What was found out in this state; `None` where that is not known.
    pub(super) fn recall(self, path: &Path) -> Option<HashMap<ObjectId, Origin>> {
        // Whatever is wrong with the file, all can be found out again.
        let bytes = read_bounded(path, MAX_LEN).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<HASH_LEN>()?;
        let (state, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<HASH_LEN>()?;
        let is_sound = || *sum == <[u8; HASH_LEN]>::from(Sha256::digest(bytes));
        if *state != self.0 || !is_sound() {
            return None;
        }
        read(rest)
    }

    /// Keeps what was found out in this state.
    ///
    /// # Errors
    /// The file cannot be written; then an old one is there still.
    pub(super) fn keep(self, path: &Path, origins: &HashMap<ObjectId, Origin>) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.0);
        write(origins, &mut bytes);
        if bytes.len() + HASH_LEN > MAX_LEN {
            return Err(io::Error::other("there is too much to say"));
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&sum);
        if let Some(folder) = path.parent() {
            create_private_dir(folder).map_err(|error| with_path(folder, &error))?;
        }
        write_atomic(path, &bytes, Access::Private)
    }
}
