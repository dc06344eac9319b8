//! Where an entry of a tree is met, and what becomes of it there.

use crate::scrub::{Fate, PolicyId, ScopeId};

/// What decides on the entries of a tree, besides the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Context {
    /// The same for all of them.
    Alike(Fate),
    /// Their path: that of the tree, by its number in [`super::walk::Walk::paths`].
    Path(ScopeId, u32),
}

/// What is done to a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Treatment {
    /// It is a file.
    Policy(PolicyId),
    /// It is the target of a symbolic link.
    Target,
}

/// What becomes of an entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Keep,
    Drop,
    /// The blob with this number.
    Blob(u32),
    /// The node with this number.
    Folder(u32),
}
