//! The proof that the new tips differ from the old ones as planned and in nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use super::compared::{Side, differences};
use super::{Changes, EntryKind, Fate, Folder, PolicyId, ScrubError, TextKind};
use crate::git::database::{Database, Peeled};
use crate::git::repository::Repository;
use crate::git::tree_attributes::FILE_NAME;

/// Something at a tip that no plan asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unplanned {
    /// The old tip.
    pub old: ObjectId,
    /// Where; fit for a terminal.
    pub path: String,
}

/// Compares tips with what the changes make of each file that differs; everything else is the same by its id.
///
/// # Errors
/// git fails, an object is missing, or the changes fail.
pub fn unplanned(
    repository: &Repository,
    changes: &dyn Changes,
    tips: &BTreeSet<(ObjectId, ObjectId)>,
) -> Result<Vec<Unplanned>, ScrubError> {
    let database = Database::open(repository)?;
    let mut found = BTreeSet::new();
    // Of many tips most files are the same.
    let mut contents = Contents::new();
    for &(old, new) in tips {
        let (Peeled::Commit(old), Peeled::Commit(new)) = (database.peel(old)?, database.peel(new)?)
        else {
            continue;
        };
        let root = database.tree_of(old)?.ok_or(ScrubError::Missing(old))?;
        let scope = changes.scope(root)?;
        let mut expected: BTreeMap<Vec<u8>, Side> = BTreeMap::new();
        let mut actual: BTreeMap<Vec<u8>, Side> = BTreeMap::new();
        let mut renamed = Vec::new();
        let new_root = database.tree_of(new)?.ok_or(ScrubError::Missing(new))?;
        for (path, before, after) in differences(&database, root, new_root)? {
            if let Some((mode, id)) = &before {
                let becomes =
                    becomes(&database, changes, scope, &path, (mode, *id), &mut contents)?;
                match becomes {
                    Some((new_path, side)) if new_path == path => {
                        expected.insert(new_path, Some(side));
                    }
                    Some((to, side)) => {
                        expected.entry(path.clone()).or_insert(None);
                        renamed.push(Renamed { from: path.clone(), to, side });
                    }
                    None => {
                        expected.entry(path.clone()).or_insert(None);
                    }
                }
            }
            actual.insert(path, after);
        }
        if changes.has_attributes() {
            let before = expected.get(FILE_NAME).cloned().flatten();
            let before = match (before, database.tree(root)?) {
                (Some((_, id)), _) => Some(id),
                (None, Some(tree)) => entry(&tree, root, FILE_NAME),
                (None, None) => None,
            };
            let text = before.map(|id| database.object(id)).transpose()?.flatten();
            if let Some(new) = changes.attributes(text.as_deref()) {
                let id = blob_id(repository, &new);
                expected.insert(FILE_NAME.to_vec(), Some((b"100644".to_vec(), id)));
            }
        }
        place(renamed, &mut expected, &actual);
        let paths: BTreeSet<_> = expected.keys().chain(actual.keys()).cloned().collect();
        for path in paths {
            let wanted = expected.get(&path).cloned().flatten().map(|(_, id)| id);
            let is = match actual.get(&path) {
                Some(side) => side.as_ref().map(|(_, id)| *id),
                // It does not differ, so it is as it was.
                None => wanted,
            };
            if wanted != is {
                found.insert(Unplanned { old, path: crate::sanitise::path(&path) });
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// A file whose path changes.
struct Renamed {
    from: Vec<u8>,
    to: Vec<u8>,
    side: (Vec<u8>, ObjectId),
}

/// Says where the renamed files are expected: at their new paths, or where these are taken, at paths with a number behind names
/// that changed.
fn place(
    renamed: Vec<Renamed>,
    expected: &mut BTreeMap<Vec<u8>, Side>,
    actual: &BTreeMap<Vec<u8>, Side>,
) {
    let is_there =
        |path: &Vec<u8>, id| matches!(actual.get(path), Some(Some((_, there))) if *there == id);
    let mut others = Vec::new();
    for file in renamed {
        let is_free = !matches!(expected.get(&file.to), Some(Some(_)));
        match is_free && is_there(&file.to, file.side.1) {
            true => drop(expected.insert(file.to, Some(file.side))),
            false => others.push(file),
        }
    }
    for file in others {
        let fits = |path: &&Vec<u8>| {
            !matches!(expected.get(*path), Some(Some(_)))
                && is_there(path, file.side.1)
                && is_numbered(&file, path)
        };
        let path = actual.keys().find(fits).cloned().unwrap_or(file.to);
        expected.insert(path, Some(file.side));
    }
}

/// Whether this is the file's new path, but for numbers behind names that changed.
fn is_numbered(file: &Renamed, path: &[u8]) -> bool {
    let names = |path: &'_ [u8]| -> Vec<Vec<u8>> {
        path.split(|&byte| byte == b'/').map(<[u8]>::to_vec).collect()
    };
    let (from, to, path) = (names(&file.from), names(&file.to), names(path));
    let is_number = |rest: &[u8]| {
        rest.strip_prefix(b"-")
            .is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
    };
    to.len() == path.len()
        && from.iter().zip(&to).zip(&path).all(|((from, to), name)| {
            to == name || from != to && name.strip_prefix(&to[..]).is_some_and(is_number)
        })
}

/// What contents become, by what is done to them, whether they are where a symbolic link leads, and their ids.
type Contents = HashMap<(PolicyId, bool, ObjectId), ObjectId>;

/// A file's path with its mode and object.
type File = (Vec<u8>, (Vec<u8>, ObjectId));

/// What the changes make of a file: its new path, mode and content; `None` where it goes.
fn becomes(
    database: &Database<'_>,
    changes: &dyn Changes,
    scope: super::ScopeId,
    path: &[u8],
    (mode, id): (&[u8], ObjectId),
    contents: &mut Contents,
) -> Result<Option<File>, ScrubError> {
    let kind = match mode {
        b"120000" => EntryKind::Symlink,
        b"160000" => EntryKind::Submodule,
        b"100755" => EntryKind::Executable,
        _ => EntryKind::File,
    };
    let entry = decide(changes, scope, path, kind);
    let rename =
        |name: &[u8]| changes.text(TextKind::FileName, name).unwrap_or_else(|| name.to_vec());
    let names: Vec<_> = path.split(|&byte| byte == b'/').map(rename).collect();
    let new_path = names.join(&b'/');
    let id = match entry {
        Fate::Drop => return Ok(None),
        Fate::Keep => id,
        Fate::Content(policy) => match contents.get(&(policy, kind == EntryKind::Symlink, id)) {
            Some(&known) => known,
            None => {
                let content = database.object(id)?.ok_or(ScrubError::Missing(id))?;
                let new = match kind {
                    EntryKind::Symlink => changes.text(TextKind::SymlinkTarget, &content),
                    _ => changes.blob(policy, id, &content)?,
                };
                let becomes = match new {
                    Some(new) => blob_id(database.repository(), &new),
                    None => id,
                };
                contents.insert((policy, kind == EntryKind::Symlink, id), becomes);
                becomes
            }
        },
    };
    Ok(Some((new_path, (mode.to_vec(), id))))
}

/// What becomes of an entry.
fn decide(changes: &dyn Changes, scope: super::ScopeId, path: &[u8], kind: EntryKind) -> Fate {
    let folders =
        path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]);
    for folder in std::iter::once(&b""[..]).chain(folders) {
        match changes.folder(scope, folder) {
            Folder::Untouched => return Fate::Keep,
            Folder::Alike(entry) => return entry,
            Folder::ByPath => {}
        }
    }
    changes.at(scope, path, kind)
}

/// An entry at the top of a tree.
fn entry(tree: &[u8], id: ObjectId, name: &[u8]) -> Option<ObjectId> {
    let mut entries = gix::objs::TreeRefIter::from_bytes(tree, id.kind()).filter_map(Result::ok);
    entries.find(|entry| entry.filename == name).map(|entry| entry.oid.to_owned())
}

fn blob_id(repository: &Repository, content: &[u8]) -> ObjectId {
    let mut hasher = crate::git::objects::BlobHasher::new(repository, content.len() as u64);
    hasher.update(content);
    hasher.finish()
}
