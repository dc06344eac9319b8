//! Keeping other runs from changing the keys meanwhile.

use std::path::Path;

use super::CloneError;
use crate::error::Context as _;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::store;
use crate::store::exclusive::{Exclusive, Holder};
use crate::store::{kept, local, locked_worktree, rotation};

/// Keeps other runs from changing the keys meanwhile, and removes keys that a run which was cut off has left.
///
/// # Errors
/// This worktree is locked by itself, another run holds the lock and does not end, or what it left cannot be removed.
pub fn exclusive(
    repository: &Repository,
    progress: &dyn Progress,
) -> Result<Exclusive, CloneError> {
    refuse_locked_worktree(repository)?;
    exclusive_even_if_locked(repository, progress)
}

/// As [`exclusive`], for what locks and unlocks.
///
/// # Errors
/// Another run holds the lock and does not end, or what it left cannot be removed.
#[cfg_attr(not(unix), allow(clippy::let_unit_value))]
pub fn exclusive_even_if_locked(
    repository: &Repository,
    progress: &dyn Progress,
) -> Result<Exclusive, CloneError> {
    let common_dir = repository.common_dir();
    let waiting = |holder: Holder| {
        progress.status(&format!("{holder} is running in this clone; waiting for it"));
    };
    let lock = store::exclusive::exclusive(common_dir, waiting).map_err(GitError::Io)?;
    let lock = lock.map_err(busy)?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// As [`exclusive`], but waits for nobody.
///
/// # Errors
/// As [`exclusive`]; or another run holds the lock.
pub fn exclusive_at_once(repository: &Repository) -> Result<Exclusive, CloneError> {
    refuse_locked_worktree(repository)?;
    let common_dir = repository.common_dir();
    let lock = store::exclusive::try_exclusive(common_dir)
        .context(|| "the repository cannot be locked".to_owned())?;
    let lock = lock.ok_or_else(|| busy(store::exclusive::holder(common_dir)))?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// Keys are changed in a worktree that may use them.
fn refuse_locked_worktree(repository: &Repository) -> Result<(), CloneError> {
    match locked_worktree::is_locked(repository.gix.git_dir()) {
        true => Err(CloneError::LockedWorktree),
        false => Ok(()),
    }
}

/// Another run holds the lock.
fn busy(holder: Holder) -> CloneError {
    if holder.is_suspended { CloneError::Suspended(holder) } else { CloneError::Busy(holder) }
}

/// Removes copies of keys that a run which was cut off has left; says whether there were any.
///
/// # Errors
/// One cannot be removed.
pub fn remove_left_keys(common_dir: &Path) -> Result<bool, CloneError> {
    local::remove_unfinished(common_dir).context(|| "unfinished keyrings".to_owned())?;
    Ok(rotation::remove_draft(common_dir)?)
}

/// As [`refuse_rotation`], but not if this clone has lost its keys since: without them the rotation can neither go on nor be undone.
///
/// # Errors
/// A rotation is in progress, or it is not known where the keys lie.
pub fn refuse_rotation_with_keys(repository: &Repository) -> Result<(), CloneError> {
    let common_dir = repository.common_dir();
    if rotation::is_under_way(common_dir)
        && kept::is_off_disk(common_dir)?
        && kept::load_all(common_dir)?.is_empty()
    {
        return Ok(());
    }
    refuse_rotation(repository)
}

/// Refuses what would get into the way of an interrupted rotation.
///
/// # Errors
/// A rotation is in progress.
pub fn refuse_rotation(repository: &Repository) -> Result<(), CloneError> {
    if rotation::is_under_way(repository.common_dir()) {
        return Err(CloneError::RotationUnderWay);
    }
    Ok(())
}
