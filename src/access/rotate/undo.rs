//! Undoing a rotation that was cut off or that failed.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::journal::{Journal, Replaced};
use crate::access::roster::stage_shroud_dir;
use crate::access::trust::aside;
use crate::error::Outcome;
use crate::format::KeyId;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::git::staging::{Staged, stage};
use crate::git::worktree::Entries;
use crate::store::local;
use crate::store::shroud_dir;

/// What was undone.
#[derive(Debug, Default)]
pub struct Undone {
    /// Files of the index that are as they were.
    pub files: u64,
    /// New keys that are kept under another name, as commits hold what they have sealed.
    pub kept: Vec<KeyId>,
}

/// Puts the index, `.shroud/` and the local keyring back to what they were.
///
/// # Errors
/// Something cannot be written; then the journal stays, and this can be run again.
pub fn abort(repository: &Repository, journal: Journal) -> Outcome<Undone> {
    let common_dir = repository.common_dir();
    let replaced = journal.replaced()?;
    let mut undone = Undone::default();
    let committed = is_committed(repository, &journal, &replaced)?;
    let mut keyring = local::load(common_dir)?;
    for entry in journal.new_keys()?.entries() {
        let id = entry.key.id();
        if committed && keyring.by_id(id).is_some() {
            aside(&mut keyring, id)?;
            undone.kept.push(id);
        } else {
            keyring.remove_id(id);
        }
    }
    // Before anything is staged: git cleans each staged file again, and must come to the old bytes.
    local::save(common_dir, &keyring)?;
    let index: BTreeMap<_, _> =
        Entries::read_all(repository)?.files.into_iter().map(|file| (file.path, file.id)).collect();
    let staged: Vec<Staged> = replaced
        .into_iter()
        .filter(|replaced| index.get(&replaced.path) == Some(&replaced.new))
        .map(|Replaced { path, executable, old, .. }| Staged { path, executable, id: old })
        .collect();
    stage(repository, &staged)?;
    undone.files = staged.len() as u64;
    restore_shroud_dir(repository, &journal)?;
    journal.end()?;
    Ok(undone)
}

/// Whether a commit was made meanwhile that holds one of the new blobs.
fn is_committed(
    repository: &Repository,
    journal: &Journal,
    replaced: &[Replaced],
) -> Result<bool, GitError> {
    if replaced.is_empty() {
        return Ok(false);
    }
    let new: BTreeSet<ObjectId> = replaced.iter().map(|replaced| replaced.new).collect();
    let before: String = journal.tips.iter().map(|tip| format!("^{tip}\n")).collect();
    let listed = repository.git.run_with_input(
        ["rev-list", "--objects", "--all", "--reflog", "--stdin"],
        before.as_bytes(),
    )?;
    let ids = listed.split(|&byte| byte == b'\n').filter_map(|line| {
        ObjectId::from_hex(line.split(|&byte| byte == b' ').next().unwrap_or_default()).ok()
    });
    Ok(ids.into_iter().any(|id| new.contains(&id)))
}

/// Files that the rotation has written get back what they held; what was changed since stays.
fn restore_shroud_dir(repository: &Repository, journal: &Journal) -> Outcome {
    let top = repository.worktree.as_deref().expect("a rotation has a worktree");
    let written: BTreeSet<_> =
        journal.new_files()?.into_iter().chain(journal.removed.iter().cloned()).collect();
    for file in written {
        let now = shroud_dir::read(top, &file).ok();
        let new = journal.file("new", &file)?;
        if now.as_deref() != new.as_deref().map(str::as_bytes) {
            continue;
        }
        match journal.file("old", &file)? {
            Some(old) => shroud_dir::write(top, &file, &old)?,
            None => shroud_dir::remove(top, &file)?,
        }
    }
    Ok(stage_shroud_dir(repository)?)
}
