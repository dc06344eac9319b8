//! What the index has at a path.

use gix::bstr::ByteSlice as _;
use gix::index::entry::Stage;

use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::values::{MAX_SEALED, format_of_path};

/// The blobs that the index has at a path: one, or in a merge conflict those of both sides.
pub(super) fn blobs_at(repository: &Repository, path: &[u8]) -> Vec<gix::ObjectId> {
    let Ok(index) = repository.gix.index_or_empty() else { return Vec::new() };
    let find = |stage| index.entry_by_path_and_stage(path.as_bstr(), stage).map(|entry| entry.id);
    match find(Stage::Unconflicted) {
        Some(id) => vec![id],
        None => [Stage::Ours, Stage::Theirs].into_iter().filter_map(find).collect(),
    }
}

/// The blob that the index has of the common ancestor, in a merge conflict.
pub(super) fn base_at(repository: &Repository, path: &[u8]) -> Option<gix::ObjectId> {
    let index = repository.gix.index_or_empty().ok()?;
    index.entry_by_path_and_stage(path.as_bstr(), Stage::Base).map(|entry| entry.id)
}

/// The blobs that the last commit has at a path, and one that is being merged. What cannot be read has none.
pub(super) fn heads_at(repository: &Repository, path: &[u8]) -> Vec<Vec<u8>> {
    let tree = |commit: &str| {
        if !repository.has_reftable() {
            return repository.gix.find_reference(commit).ok()?.peel_to_commit().ok()?.tree().ok();
        }
        // Only git itself reads refs there.
        let tree = format!("{commit}^{{tree}}");
        let id = repository.git.query(["rev-parse", "-q", "--verify", &tree]).ok()??;
        repository.gix.find_tree(gix::ObjectId::from_hex(id.as_encoded_bytes()).ok()?).ok()
    };
    let blob = |commit: &str| {
        let native = crate::repo_path::to_native(path)?;
        let entry = tree(commit)?.lookup_entry_by_path(native).ok()??;
        read_blob(repository, entry.object_id())
    };
    ["HEAD", "MERGE_HEAD"].into_iter().filter_map(blob).collect()
}

/// At most so many files' content is asked of git.
const MAX_GONE: usize = 1000;

/// The files with names of configuration files that the index has and the worktree has not, each with its blob.
pub(super) fn gone(repository: &Repository) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (Some(top), Ok(index)) = (&repository.worktree, repository.gix.index_or_empty()) else {
        return Vec::new();
    };
    let is_gone = |path: &[u8]| {
        let native = crate::repo_path::to_native(path);
        native.is_some_and(|native| top.join(native).symlink_metadata().is_err())
    };
    let entries = index.entries().iter().map(|entry| (entry.path(&index).to_vec(), entry.id));
    let entries = entries.filter(|(path, _)| format_of_path(path).is_some() && is_gone(path));
    let blob = |(path, id)| Some((path, read_blob(repository, id)?));
    entries.take(MAX_GONE).filter_map(blob).collect()
}

/// The blob with this id, if it may be one that is sealed by value.
pub(super) fn read_blob(repository: &Repository, blob: gix::ObjectId) -> Option<Vec<u8>> {
    match objects::read(repository, blob).ok()? {
        Blob::Memory(bytes) if bytes.len() <= MAX_SEALED => Some(bytes),
        _ => None,
    }
}
