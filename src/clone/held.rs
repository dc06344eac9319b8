//! The keys that a worktree may use.

use std::path::Path;

use super::CloneError;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::store::local::StoreError;
use crate::store::{self, kept, local, locked_worktree};

/// git-crypt's keys that this worktree may use: none in one that is locked by itself.
///
/// # Errors
/// They cannot be read.
pub fn held_git_crypt_keys(repository: &Repository) -> Result<HeldKeys, CloneError> {
    match locked_worktree::is_locked(repository.gix.git_dir()) {
        true => Ok(HeldKeys::default()),
        false => kept_git_crypt_keys(repository),
    }
}

/// git-crypt's keys that this clone keeps.
///
/// # Errors
/// They cannot be read.
pub fn kept_git_crypt_keys(repository: &Repository) -> Result<HeldKeys, CloneError> {
    Ok(store::git_crypt::load(repository.common_dir(), repository.gix.git_dir())?)
}

/// The keys that this worktree may use.
///
/// # Errors
/// They cannot be read.
pub fn held_keys(repository: &Repository) -> Result<Keyring, CloneError> {
    Ok(held_keys_in(repository.common_dir(), repository.gix.git_dir())?)
}

/// The keys of the environment, else those of [`kept_keys_in`].
///
/// # Errors
/// They cannot be read.
pub(super) fn held_keys_in(common_dir: &Path, git_dir: &Path) -> Result<Keyring, StoreError> {
    match local::from_environment()? {
        Some(keyring) => Ok(keyring),
        None => kept_keys_in(common_dir, git_dir),
    }
}

/// The local keyring, as far as the worktree with this folder of git's own may use it: nothing of it where it is locked by itself.
///
/// # Errors
/// It cannot be read.
pub fn kept_keys_in(common_dir: &Path, git_dir: &Path) -> Result<Keyring, StoreError> {
    match locked_worktree::look(git_dir) {
        Ok(true) => Ok(Keyring::default()),
        Ok(false) => kept::load(common_dir),
        // Where the keyring cannot be read either, that says more.
        Err(_) => kept::load(common_dir).map(|_| Keyring::default()),
    }
}
