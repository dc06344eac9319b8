//! The end of a migration: index and worktree, the proof, and the commit.

use super::{Journal, MigrateError, complete};
use crate::clone::{CloneError, OpenClone, Roster, held_git_crypt_keys};
use crate::error::count;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::sanitise;
use crate::status::survey;
use crate::store::kept;

/// Ends a migration that was interrupted here; `false` where there is none that could be.
///
/// # Errors
/// Its journal cannot be read, or it cannot be ended.
pub fn resume(
    repository: &Repository,
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<bool, MigrateError> {
    let Some(journal) = Journal::load(repository)? else { return Ok(false) };
    if journal.is_committed(repository)? {
        if !dry_run {
            journal.end()?;
        }
        progress.status("the migration was committed; nothing is left to do");
        return Ok(true);
    }
    if !journal.fits(repository)? {
        progress.detail("an interrupted migration was dropped: this branch has moved on");
        return Ok(false);
    }
    if dry_run {
        progress.status("a migration was interrupted here; without --dry-run this finishes it");
    } else {
        finish(progress, repository, journal)?;
    }
    Ok(true)
}

/// Brings index and worktree to what was made, proves it, and commits.
///
/// # Errors
/// A file was changed meanwhile, the proof fails, or git fails; then it can be run again.
pub(super) fn finish(
    progress: &dyn Progress,
    repository: &Repository,
    journal: Journal,
) -> Result<(), MigrateError> {
    let changed = complete(repository, &journal)?;
    let opened = open(repository)?;
    let files = survey(&opened.repository, &opened.known(), Some(&changed))?;
    if let Some(file) = files.iter().find(|file| !file.state.is_good()) {
        let (path, state) = (sanitise::path(&file.path), file.state.name());
        return Err(MigrateError::Staged { path, state });
    }
    let sealed = files.len() as u64;
    if let Some(message) = &journal.message {
        let committed = repository.git.run(["commit", "--quiet", "-m", message]);
        committed.map_err(MigrateError::Commit)?;
    }
    journal.end()?;
    progress.status(&format!("{} sealed and staged", count(sealed, "file")));
    Ok(())
}

/// The clone as it is now. Keys come from its keyring alone: a migration stores new ones there.
///
/// # Errors
/// Keyring, `.shroud/` or git cannot be read.
pub fn open(repository: &Repository) -> Result<OpenClone, CloneError> {
    let repository = repository.reopen()?;
    let keyring = kept::load(repository.common_dir())?;
    let roster = Roster::read(&repository)?;
    roster.refuse_malformed()?;
    let git_crypt = held_git_crypt_keys(&repository)?;
    Ok(OpenClone { repository, keyring, git_crypt, roster })
}
