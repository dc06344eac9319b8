//! The hooks that guard a clone, and what happened to one.

/// The hooks that guard a clone. Those that begin with 'post-' come too late to stop anything, and tell of it: git asks no
/// other where a rebase or a cherry-pick makes a commit.
pub const NAMES: [&str; 6] =
    ["pre-commit", "pre-merge-commit", "pre-applypatch", "post-commit", "post-rewrite", "pre-push"];

/// What happened to one hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The guard was written; no hook was there.
    Written,
    /// The guard was written, and the hook that was there runs before it.
    Chained,
    /// Likewise; another one was aside already, and is kept under a further name.
    ChainedAgain,
    /// The guard was written into the configuration, beside all other hooks.
    Configured,
    /// Nothing had to be done.
    Kept,
    /// The guard was there, as an earlier version or another copy of this program wrote it, and was written again.
    Renewed,
    /// The guard was removed.
    Removed,
    /// The guard was removed, and the hook that was there before is back.
    Restored,
}
