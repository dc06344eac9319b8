//! What the index has at a path.

use gix::bstr::ByteSlice as _;
use gix::index::entry::Stage;

use crate::git::repository::Repository;

/// The blobs that the index has at a path: one, or in a merge conflict those of both sides.
pub(super) fn blobs_at(repository: &Repository, path: &[u8]) -> Vec<gix::ObjectId> {
    let Ok(index) = repository.gix.index_or_empty() else { return Vec::new() };
    let find = |stage| index.entry_by_path_and_stage(path.as_bstr(), stage).map(|entry| entry.id);
    match find(Stage::Unconflicted) {
        Some(id) => vec![id],
        None => [Stage::Ours, Stage::Theirs].into_iter().filter_map(find).collect(),
    }
}
