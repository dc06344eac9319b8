//! Undoing a rotation that was cut off or that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use gix::ObjectId;

use super::RotateError;
use super::journal::{Journal, Replaced};
use crate::access::given::trust::aside;
use crate::clone::roster::stage_shroud_dir;
use crate::format::{self, KeyId, Sniff};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::staging::{Staged, stage};
use crate::git::worktree::Entries;
use crate::store::kept;
use crate::store::shroud_dir::{self, ShroudDirError};
use crate::values;

/// What was undone.
#[derive(Debug, Default)]
pub struct Undone {
    /// Files of the index that are as they were.
    pub files: u64,
    /// New keys that are kept under another name, as commits or an index hold what they have sealed.
    pub kept: Vec<KeyId>,
}

/// Puts the index, `.shroud/` and the local keyring back to what they were.
///
/// # Errors
/// Something cannot be written; then the journal stays, and this can be run again.
pub fn abort(repository: &Repository, journal: Journal) -> Result<Undone, RotateError> {
    let common_dir = repository.common_dir();
    let replaced = journal.replaced()?;
    let mut undone = Undone::default();
    let mut keyring = kept::load(common_dir)?;
    let new_keys = journal.new_keys(&keyring)?;
    let ids: BTreeSet<KeyId> = new_keys.entries().iter().map(|entry| entry.key.id()).collect();
    let used = used_ids(repository, &journal, &replaced, &ids)?;
    for id in ids {
        if used.contains(&id) && keyring.by_id(id).is_some() {
            aside(&mut keyring, id)?;
            undone.kept.push(id);
        } else {
            keyring.remove_id(id);
        }
    }
    // Before anything is staged: git cleans each staged file again, and must come to the old bytes.
    kept::save(common_dir, &keyring)?;
    let index: BTreeMap<_, _> =
        Entries::read_all(repository)?.files.into_iter().map(|file| (file.path, file.id)).collect();
    let staged: Vec<Staged> = replaced
        .into_iter()
        .filter(|replaced| index.get(&replaced.path) == Some(&replaced.new))
        .map(|Replaced { path, executable, old, .. }| Staged { path, executable, id: old })
        .collect();
    // Likewise: where it describes the new key, which is gone, nothing can be cleaned.
    restore_shroud_dir(repository, &journal)?;
    stage(repository, &staged)?;
    undone.files = staged.len() as u64;
    journal.end()?;
    Ok(undone)
}

/// Those of the new keys that have sealed something which stays: in a commit that was made meanwhile, or in the index of
/// any worktree, where somebody has staged another content.
fn used_ids(
    repository: &Repository,
    journal: &Journal,
    replaced: &[Replaced],
    new: &BTreeSet<KeyId>,
) -> Result<BTreeSet<KeyId>, GitError> {
    let before: String = journal.tips.iter().map(|tip| format!("^{tip}\n")).collect();
    let listed = repository.git.run_with_input(
        ["rev-list", "--objects", "--all", "--reflog", "--stdin"],
        before.as_bytes(),
    )?;
    let ids = listed.split(|&byte| byte == b'\n').filter_map(|line| {
        ObjectId::from_hex(line.split(|&byte| byte == b' ').next().unwrap_or_default()).ok()
    });
    let mut blobs: BTreeSet<ObjectId> = ids.collect();
    let undone: BTreeSet<_> = replaced.iter().map(|one| (&one.path[..], one.new)).collect();
    for worktree in repository.all_worktrees()? {
        let is_here = worktree.gix.git_dir() == repository.gix.git_dir();
        for file in Entries::read_all(&worktree)?.files {
            if !(is_here && undone.contains(&(&file.path[..], file.id))) {
                blobs.insert(file.id);
            }
        }
    }
    let mut used = BTreeSet::new();
    for id in blobs {
        let header = repository.gix.try_find_header(id).map_err(GitError::read)?;
        if header.is_none_or(|header| header.kind() != gix::objs::Kind::Blob) {
            continue;
        }
        match objects::read_start(repository, id)?.map(|start| format::sniff(&start)) {
            Some(Sniff::Sealed(key)) if new.contains(&key) => drop(used.insert(key)),
            Some(Sniff::NotSealed) => {
                if let Blob::Memory(bytes) = objects::read(repository, id)? {
                    let named = values::named_keys(&bytes);
                    let is_used = |key: &&KeyId| named.iter().any(|id| id.names(**key));
                    used.extend(new.iter().filter(is_used));
                }
            }
            _ => {}
        }
    }
    Ok(used)
}

/// Files that the rotation has written get back what they held; what was changed since stays.
fn restore_shroud_dir(repository: &Repository, journal: &Journal) -> Result<(), RotateError> {
    let top = repository.worktree.as_deref().expect("a rotation has a worktree");
    let written: BTreeSet<_> =
        journal.new_files()?.into_iter().chain(journal.removed.iter().cloned()).collect();
    for file in written {
        let now = match shroud_dir::read(top, &file) {
            Ok(now) => Some(now),
            Err(ShroudDirError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            // The rotation has written no such file.
            Err(_) => continue,
        };
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
