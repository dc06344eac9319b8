//! What differs between a tree and those before it.

use gix::ObjectId;

use crate::git::tree_attributes::Chain;

/// A file of the tree that at least differs from that of every parent, in content or attributes.
pub(super) struct Changed<'w> {
    pub(super) path: &'w [u8],
    pub(super) id: ObjectId,
    pub(super) chain: Chain,
    /// What each parent has there, with its attributes.
    pub(super) parents: &'w [(Option<ObjectId>, Chain)],
}

/// What a parent had and the tree has not.
pub(super) struct Gone {
    pub(super) path: Vec<u8>,
    pub(super) id: ObjectId,
    pub(super) is_folder: bool,
}
