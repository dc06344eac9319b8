//! One worktree that is locked while its clone stays open, for programs that should not see a secret.

use std::ffi::OsStr;
use std::path::Path;

use super::traces::cut_message;
use super::{LockError, Request, close, refuse_unfit, refuse_unsealed, seal, with_all_keys};
use crate::clone::top;
use crate::error::Context as _;
use crate::git::locate::git_dir_in;
use crate::git::repository::{Repository, named_index};
use crate::progress::Progress;
use crate::store::locked_worktree;

/// Puts the sealed bytes into this worktree, and uses no key in it from then on. The clone keeps its keys. Nobody else may change the
/// keys meanwhile.
///
/// # Errors
/// A file has changes or is plaintext: then nothing was done. Or a file cannot be read or written.
pub fn lock_worktree(
    repository: Repository,
    request: &Request,
    progress: &dyn Progress,
) -> Result<(), LockError> {
    top(&repository)?;
    let git_dir = repository.gix.git_dir().to_owned();
    let opened = with_all_keys(repository)?;
    let worktrees = [opened.repository.reopen()?];
    let stays = if opened.keyring.is_empty() && opened.git_crypt.is_empty() {
        close::run(progress, &opened, &worktrees, request.discard)?;
        0
    } else {
        let plan = request.plan(&opened)?;
        refuse_unfit(&opened, &plan)?;
        seal(progress, &opened, &plan, &worktrees)?
    };
    cut_message(&git_dir).map_err(LockError::Trace)?;
    mark(&git_dir)?;
    progress.status(
        "this worktree is locked: nothing uses a key in it until you run 'git shroud unlock' there",
    );
    refuse_unsealed(stays)
}

/// Makes a worktree (git-worktree, "add") in which no key was ever used: its files are sealed from the first.
///
/// # Errors
/// git makes no worktree there, or cannot check it out.
pub fn add_locked_worktree(
    repository: &Repository,
    path: &Path,
    commit: Option<&OsStr>,
    progress: &dyn Progress,
) -> Result<(), LockError> {
    if named_index().is_some() {
        return Err(LockError::NamedIndex);
    }
    // git runs at the top.
    let path = &std::path::absolute(path).context(|| "the new worktree".to_owned())?;
    let words = ["worktree", "add", "--quiet", "--no-checkout", "--"].map(OsStr::new);
    repository.git.run(words.into_iter().chain([path.as_os_str()]).chain(commit))?;
    let shown = crate::sanitise::native(path);
    let git_dir = git_dir_in(path).ok_or_else(|| LockError::NoNewWorktree(shown.clone()))?;
    // Before git writes a file: no filter opens one.
    if let Err(error) = mark(&git_dir) {
        repository.git.run(
            ["worktree", "remove", "--force", "--"]
                .map(OsStr::new)
                .into_iter()
                .chain([path.as_os_str()]),
        )?;
        return Err(error);
    }
    let added = Repository::open(&git_dir, Some(path.to_owned()))?;
    added.git.run(["checkout", "--quiet", "--force"])?;
    progress
        .status(&format!("made the worktree {shown}, which is locked: nothing uses a key in it"));
    Ok(())
}

fn mark(git_dir: &Path) -> Result<(), LockError> {
    let marked = locked_worktree::lock(git_dir);
    Ok(marked.context(|| "the worktree cannot be marked as locked".to_owned())?)
}
