//! Giving git-crypt's keys up.

use std::collections::BTreeSet;

use super::LockError;
use crate::clone::OpenClone;
use crate::error::Context as _;
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::store::{git_crypt, local};

/// A key that is encrypted to nobody and that no file was ever taken from may be the only copy.
pub(super) fn refuse_only_copies(
    opened: &OpenClone,
    names: &BTreeSet<Name>,
) -> Result<(), LockError> {
    if names.is_empty() {
        return Ok(());
    }
    let copied = local::copied(opened.repository.common_dir())
        .context(|| "the list of copied keys".to_owned())?;
    let wrapped = match git_crypt::state_dir(&opened.repository) {
        Some(folder) => git_crypt::wrapped(&folder).context(|| "the git-crypt keys".to_owned())?,
        None => Vec::new(),
    };
    for file in opened.git_crypt.files().filter(|file| names.contains(file.name())) {
        let name = file.name();
        let shared =
            |version| wrapped.iter().any(|file| file.name == *name && file.version == version);
        if !file.versions().iter().all(|key| copied.contains(&key.id()) || shared(key.version())) {
            return Err(LockError::OnlyGitCryptCopy(name.clone()));
        }
    }
    Ok(())
}

/// Removes the keys from every folder in which git-crypt or this program keeps them.
pub(super) fn give_up(
    opened: &OpenClone,
    worktrees: &[Repository],
    names: &BTreeSet<Name>,
) -> Result<(), LockError> {
    for name in names {
        let folders = worktrees.iter().map(|worktree| worktree.gix.git_dir());
        for folder in folders.chain([opened.repository.common_dir()]) {
            git_crypt::remove(folder, name).context(|| "the git-crypt key".to_owned())?;
        }
    }
    Ok(())
}
