//! A clone that holds no key any more, and whose files may be open.

use std::collections::BTreeMap;

use super::refusal::Obstacle;
use super::traces::clear_traces;
use super::{LockError, unknown};
use crate::access::worktree::{Left, Report, close_worktree};
use crate::clone::OpenClone;
use crate::error::count;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::sanitise::path as show;

/// Closes what can be closed in these worktrees without a key, and names the rest; returns how many files were closed.
pub(super) fn run(
    progress: &dyn Progress,
    opened: &OpenClone,
    worktrees: &[Repository],
    discard: bool,
) -> Result<u64, LockError> {
    let mut all = Report::default();
    for worktree in worktrees {
        all.absorb(close_worktree(worktree, opened.keys(), discard)?);
    }
    if all.written > 0 {
        unknown::warn(progress, worktrees)?;
        clear_traces(progress, &opened.repository)?;
        progress.status(&format!(
            "no key is held here; replaced the plaintext by the sealed bytes in {}",
            count(all.written, "file")
        ));
    }
    let mut open: BTreeMap<Obstacle, Vec<String>> = BTreeMap::new();
    for path in &all.unmerged {
        open.entry(Obstacle::Conflict).or_default().push(show(path));
    }
    for (path, left) in all.left {
        let why = match left {
            Left::Changed | Left::NotTracked => Obstacle::Changed,
            Left::InTheClear => Obstacle::InTheClear,
            Left::NotAFile => Obstacle::NotAFile,
            source => return Err(LockError::File { path: show(&path), source }),
        };
        open.entry(why).or_default().push(show(&path));
    }
    if open.is_empty() { Ok(all.written) } else { Err(LockError::StillOpen(open)) }
}
