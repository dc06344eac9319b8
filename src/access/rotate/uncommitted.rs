//! One rotation for each commit: guards without a key take a generation that was left out for a swapped key.

use gix::ObjectId;

use super::RotateError;
use crate::git::GitError;
use crate::git::history::next_parents;
use crate::git::hooks;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::store::shroud_dir::{File, KeyInfo};

/// Refuses where the generation that is described now was not committed yet, although an earlier one was, and the guard
/// here would refuse the next commit.
pub(super) fn refuse(repository: &Repository, info: &KeyInfo) -> Result<(), RotateError> {
    let name = &info.name;
    let mut committed = None;
    for parent in next_parents(repository)? {
        committed = committed.max(generation_at(repository, parent, name)?);
    }
    if committed.is_some_and(|committed| committed < info.generation)
        && !hooks::lacking(repository)?.missing.contains(&"pre-commit")
    {
        return Err(RotateError::Uncommitted(name.clone()));
    }
    Ok(())
}

/// The generation that a commit describes; `None` where it describes none, or one that cannot be read.
fn generation_at(
    repository: &Repository,
    commit: ObjectId,
    name: &KeyName,
) -> Result<Option<u32>, GitError> {
    let file = format!("{commit}:{}", File::Key(name.clone()).path());
    let blob = repository.git.query(["rev-parse", "-q", "--verify", &file])?;
    let Some(blob) = blob.and_then(|id| ObjectId::from_hex(id.as_encoded_bytes()).ok()) else {
        return Ok(None);
    };
    Ok(match objects::read(repository, blob)? {
        Blob::Memory(bytes) => KeyInfo::parse(&bytes, name).ok().map(|info| info.generation),
        Blob::Large | Blob::Missing => None,
    })
}
