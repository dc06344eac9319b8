//! What a sweep over the worktree has left as it is.

use super::{Left, Report};
use crate::error::count;
use crate::progress::Progress;

/// So many files are damaged, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be opened or sealed", count(*.0, "file"))]
pub struct LeftError(u64);

/// Says what was left as it is; damaged and unreadable files make the command fail, changed ones do not.
///
/// # Errors
/// There is such a file.
pub fn report_left(progress: &dyn Progress, report: &Report) -> Result<(), LeftError> {
    let changed =
        report.left.iter().filter(|(_, left)| matches!(left, Left::Changed)).count() as u64;
    if changed > 0 {
        progress.status(&format!("left {} with local changes as they are", count(changed, "file")));
    }
    if !report.unmerged.is_empty() {
        progress.status("left files with a merge conflict as they are");
    }
    let mut failed = 0;
    for (path, left) in report.left.iter().filter(|(_, left)| !matches!(left, Left::Changed)) {
        progress.warning(&format!("{}: {left}", crate::sanitise::path(path)));
        failed += 1;
    }
    if failed > 0 {
        return Err(LeftError(failed));
    }
    Ok(())
}
