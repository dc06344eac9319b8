//! What objects name: files, and other objects.

use std::collections::HashMap;
use std::ops::Range;

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TagRefIter};

/// Names of files and folders.
pub(super) type Names = HashMap<Vec<u8>, Name>;

/// What is known of a name.
pub(super) struct Name {
    /// A tree that has it.
    pub(super) tree: ObjectId,
    /// Whether anything is found in it.
    pub(super) has_hits: bool,
}

/// One entry of a tree.
pub(crate) struct TreeEntry<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) id: &'t gix::oid,
    pub(crate) is_submodule: bool,
    pub(crate) is_tree: bool,
    pub(crate) is_link: bool,
    /// Its bytes in the tree.
    pub(super) range: Range<usize>,
}

/// The entries of a tree; ends early, with `None` in its place, where the tree is damaged.
pub(crate) fn entries(
    tree: &[u8],
    hash: gix::hash::Kind,
) -> impl Iterator<Item = Option<TreeEntry<'_>>> {
    let (mut at, mut damaged) = (0, false);
    std::iter::from_fn(move || {
        if damaged || at == tree.len() {
            return None;
        }
        let entry = entry(tree, at, hash.len_in_bytes());
        match &entry {
            Some(entry) => at = entry.range.end,
            None => damaged = true,
        }
        Some(entry)
    })
}

pub(super) fn entry(tree: &[u8], start: usize, hash_len: usize) -> Option<TreeEntry<'_>> {
    let rest = &tree[start..];
    let zero = memchr::memchr(0, rest)?;
    let (mode, name) = rest[..zero].split_at(memchr::memchr(b' ', &rest[..zero])?);
    let id = rest.get(zero + 1..zero + 1 + hash_len)?;
    let id = gix::oid::try_from_bytes(id).ok()?;
    let is_tree = mode == b"40000" || mode == b"040000";
    let (is_submodule, is_link) = (mode == b"160000", mode == b"120000");
    let range = start..start + zero + 1 + hash_len;
    Some(TreeEntry { name: &name[1..], id, is_submodule, is_tree, is_link, range })
}

/// What a commit or tag names.
pub(super) fn named(kind: Kind, bytes: &[u8], hash: gix::hash::Kind) -> Vec<ObjectId> {
    match kind {
        Kind::Commit => CommitRefIter::from_bytes(bytes, hash)
            .take_while(Result::is_ok)
            .flatten()
            .map_while(|token| match token {
                gix::objs::commit::ref_iter::Token::Tree { id } => Some(id),
                gix::objs::commit::ref_iter::Token::Parent { id } => Some(id),
                _ => None,
            })
            .collect(),
        Kind::Tag => TagRefIter::from_bytes(bytes, hash).target_id().into_iter().collect(),
        Kind::Tree | Kind::Blob => Vec::new(),
    }
}
