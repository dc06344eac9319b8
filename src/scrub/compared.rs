//! The files that differ between two trees, read in process: a scrub compares each old tip with its new one.

use std::cmp::Ordering;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TreeRefIter;

use super::ScrubError;
use crate::git::GitError;
use crate::git::database::Database;

/// One side of a difference: mode, as git writes it, and object.
pub(super) type Side = Option<(Vec<u8>, ObjectId)>;
/// A path that differs, and what is there in either tree.
pub(super) type Difference = (Vec<u8>, Side, Side);

/// Folders in one another at most.
const MAX_DEPTH: usize = 4096;

struct Entry {
    name: Vec<u8>,
    mode: Vec<u8>,
    id: ObjectId,
    is_tree: bool,
}

/// Every file, link and submodule that is in one of two trees, or not as in the other.
///
/// # Errors
/// A tree is not here, or damaged.
pub(super) fn differences(
    database: &Database<'_>,
    old: ObjectId,
    new: ObjectId,
) -> Result<Vec<Difference>, ScrubError> {
    let mut found = Vec::new();
    let mut open = vec![(Vec::new(), Some(old), Some(new), 0)];
    while let Some((path, old, new, depth)) = open.pop() {
        if old == new {
            continue;
        }
        if depth > MAX_DEPTH {
            let id = old.or(new).map(|id| id.to_string()).unwrap_or_default();
            return Err(GitError::Read(format!("tree {id} is too deep")).into());
        }
        let (mut before, mut after) = (
            entries(database, old)?.into_iter().peekable(),
            entries(database, new)?.into_iter().peekable(),
        );
        loop {
            let order = match (before.peek(), after.peek()) {
                (Some(a), Some(b)) => a.name.cmp(&b.name),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let a = if order.is_le() { before.next() } else { None };
            let b = if order.is_ge() { after.next() } else { None };
            let name = a.as_ref().or(b.as_ref()).map(|entry| &entry.name[..]).unwrap_or_default();
            let below = match path.is_empty() {
                true => name.to_vec(),
                false => [&path[..], b"/", name].concat(),
            };
            let tree = |entry: &Option<Entry>| {
                entry.as_ref().filter(|entry| entry.is_tree).map(|entry| entry.id)
            };
            let file = |entry: Option<Entry>| {
                entry.filter(|entry| !entry.is_tree).map(|entry| (entry.mode, entry.id))
            };
            let (old, new) = (tree(&a), tree(&b));
            if old.is_some() || new.is_some() {
                open.push((below.clone(), old, new, depth + 1));
            }
            let (a, b) = (file(a), file(b));
            if a != b {
                found.push((below, a, b));
            }
        }
    }
    Ok(found)
}

/// The entries of a tree by their names, where a folder and a file sort alike.
fn entries(database: &Database<'_>, tree: Option<ObjectId>) -> Result<Vec<Entry>, ScrubError> {
    let Some(id) = tree else { return Ok(Vec::new()) };
    let bytes = database.tree(id)?.ok_or(ScrubError::Missing(id))?;
    let mut entries = Vec::new();
    for entry in TreeRefIter::from_bytes(&bytes, id.kind()) {
        let entry = entry.map_err(GitError::read)?;
        entries.push(Entry {
            name: entry.filename.to_vec(),
            mode: entry.mode.as_bytes(&mut [0; 6]).as_bytes().to_vec(),
            id: entry.oid.to_owned(),
            is_tree: entry.mode.is_tree(),
        });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
