//! Jujutsu (jj), which stores files in git commits by itself: without filters, and without hooks.

use super::repository::Repository;
use crate::progress::Progress;

/// What is wrong with it.
pub const WARNING: &str = "jj is used in this folder: it runs neither filters nor hooks, so its next command stores unencrypted secrets in a commit";
/// What to do about it.
pub const HINT: &str = "use jj only in a clone that is locked ('git shroud lock'), where these files stay encrypted, and git where you edit them";

/// Whether jj has taken this worktree for its own (`jj git init --colocate`).
pub fn is_used(repository: &Repository) -> bool {
    repository.worktree.as_ref().is_some_and(|top| top.join(".jj").symlink_metadata().is_ok())
}

/// Warns where jj has taken this worktree for its own: a clone is about to be opened.
pub fn warn_if_used(repository: &Repository, progress: &dyn Progress) {
    if is_used(repository) {
        progress.warning(WARNING);
        progress.hint(HINT);
    }
}
