//! What is known of a history after it was rewritten, and after the old one was removed.

use super::difference::Unplanned;
use super::search::{Remains, Searched};

/// What was proved after everything had moved.
pub struct Proof {
    /// Values that were looked for.
    pub values: usize,
    /// Where they were found.
    pub searched: Searched,
    /// What git said against the new objects, or where something is missing.
    pub fsck: Option<String>,
    /// What git says against objects that were so before.
    pub inherited: Vec<String>,
    /// Tracked files of worktrees that differ from their commit.
    pub dirty: Vec<Vec<u8>>,
    /// Differences of old and new tips that nobody planned.
    pub unplanned: Vec<Unplanned>,
    /// Files that were to be sealed and are plaintext in some commit.
    pub plain: Vec<Vec<u8>>,
}

impl Proof {
    /// Whether the scrub did all of what it was to do, and nothing else.
    pub fn is_sound(&self) -> bool {
        self.searched.is_clean()
            && self.fsck.is_none()
            && self.dirty.is_empty()
            && self.unplanned.is_empty()
            && self.plain.is_empty()
    }
}

/// What is left of the old history.
pub struct Finished {
    /// Commits and tags that were taken out.
    pub old: u64,
    /// How many of them are still here.
    pub still: u64,
    /// Values that were searched for.
    pub values: usize,
    /// Where they were found.
    pub searched: Searched,
    /// What git said against what is left; `None` also where nobody asked.
    pub fsck: Option<String>,
    /// Where the maps of commits are now.
    pub maps: Vec<std::path::PathBuf>,
}

impl Finished {
    /// Whether the old history is gone. What is in git's own files goes with the next commit.
    pub fn is_gone(&self) -> bool {
        let only_files = self.searched.left.iter().all(|left| left.why == Remains::GitFile);
        self.still == 0 && only_files && self.searched.unread == 0 && self.fsck.is_none()
    }
}
