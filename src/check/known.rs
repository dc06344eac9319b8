//! Which keys a history knows: those that `.shroud/` describes in any commit that is looked at, or did in any before.
//!
//! The ids of retired keys stand encrypted in `key.toml` (docs/format.md, section 5). But each was the current one once,
//! so history names it in the clear.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::TreeRef;

use super::judge::MAX_KEY_FILE;
use super::{Finding, Found, Problem, Report, Source, Subject};
use crate::format::KeyId;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::history::that_changed;
use crate::git::repository::Repository;
use crate::store::shroud_dir::{self, KeyInfo};

/// The names under which a key is or was described.
pub(super) type KeyIds = BTreeMap<KeyId, BTreeSet<String>>;

/// Reads what `.shroud/` folders describe, each once.
#[derive(Default)]
pub(super) struct KeyFiles {
    folders: HashMap<ObjectId, Rc<KeyIds>>,
}

impl KeyFiles {
    /// What a tree describes; a file that cannot be read describes nothing.
    pub(super) fn of_tree(
        &mut self,
        database: &Database<'_>,
        root: ObjectId,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Rc<KeyIds>, GitError> {
        let folder = child(database, root, shroud_dir::NAME, missing)?;
        let Some(folder) = folder.filter(|folder| folder.is_tree) else { return Ok(Rc::default()) };
        if let Some(known) = self.folders.get(&folder.id) {
            return Ok(Rc::clone(known));
        }
        let mut ids = KeyIds::new();
        for key in children(database, folder.id, missing)?.into_iter().filter(|key| key.is_tree) {
            let Some(file) = child(database, key.id, "key.toml", missing)? else { continue };
            if file.is_tree {
                continue;
            }
            let Some(bytes) = database.file(file.id, MAX_KEY_FILE).ok().flatten() else {
                missing.insert(file.id);
                continue;
            };
            let name = key.name.to_str().ok().and_then(|name| name.parse().ok());
            let info = name.and_then(|name| KeyInfo::parse(&bytes, &name).ok());
            if let Some(info) = info {
                ids.entry(info.id).or_default().insert(info.name.to_string());
            }
        }
        let ids = Rc::new(ids);
        self.folders.insert(folder.id, Rc::clone(&ids));
        Ok(ids)
    }
}

struct Child {
    name: Vec<u8>,
    id: ObjectId,
    is_tree: bool,
}

fn children(
    database: &Database<'_>,
    tree: ObjectId,
    missing: &mut BTreeSet<ObjectId>,
) -> Result<Vec<Child>, GitError> {
    let Some(bytes) = database.tree(tree)? else {
        missing.insert(tree);
        return Ok(Vec::new());
    };
    let tree = TreeRef::from_bytes(&bytes, tree.kind()).map_err(GitError::read)?;
    let entries = tree.entries.iter().filter(|entry| entry.mode.is_tree() || entry.mode.is_blob());
    let child = |entry: &gix::objs::tree::EntryRef<'_>| Child {
        name: entry.filename.to_vec(),
        id: entry.oid.to_owned(),
        is_tree: entry.mode.is_tree(),
    };
    Ok(entries.map(child).collect())
}

fn child(
    database: &Database<'_>,
    tree: ObjectId,
    name: &str,
    missing: &mut BTreeSet<ObjectId>,
) -> Result<Option<Child>, GitError> {
    let children = children(database, tree, missing)?;
    Ok(children.into_iter().find(|child| child.name == name.as_bytes()))
}

/// Decides what depends on keys of earlier commits, and puts every finding into the report.
///
/// In a `shallow` clone the commit that described a key may be cut off: then an unknown one is no finding.
pub(super) fn settle(
    repository: &Repository,
    subjects: &[Subject],
    found: Vec<Found>,
    shallow: bool,
    report: &mut Report,
) -> Result<(), GitError> {
    let known = match found.iter().any(|found| found.pending.is_some()) {
        true => known_at(repository, subjects, &mut report.missing)?,
        false => KeyIds::new(),
    };
    for Found { subject, path, mut problem, pending } in found {
        if let Some((id, wanted)) = pending {
            match (known.get(&id), wanted) {
                (Some(names), Some(wanted)) if names.contains(wanted.as_str()) => continue,
                (Some(names), Some(wanted)) => {
                    problem = Problem::OtherKey { keys: names.iter().cloned().collect(), wanted };
                }
                // What is sealed with the key of another repository is a file like any other.
                (None, None) => continue,
                (None, Some(_)) if shallow => {
                    report.shallow = true;
                    continue;
                }
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
        report.findings.push(Finding { source: subjects[subject].source, path, problem });
    }
    Ok(())
}

/// The keys that any of the subjects describes, or any commit before them did. A later one counts too: a history that was
/// rewritten holds sealed files from before the commit that described their key.
fn known_at(
    repository: &Repository,
    subjects: &[Subject],
    missing: &mut BTreeSet<ObjectId>,
) -> Result<KeyIds, GitError> {
    let database = Database::open(repository)?;
    let mut files = KeyFiles::default();
    let within: BTreeSet<_> = subjects.iter().filter_map(commit).collect();
    let mut before: Vec<_> = subjects.iter().flat_map(|subject| subject.parents.clone()).collect();
    before.retain(|parent| !within.contains(parent));
    before.sort_unstable();
    before.dedup();
    let mut trees = BTreeSet::new();
    for commit in that_changed(repository, &before, shroud_dir::NAME)? {
        trees.extend(database.tree_of(commit.id)?);
    }
    for subject in subjects {
        trees.extend(match subject.source {
            Source::Commit(id) => database.tree_of(id)?,
            Source::Tree(id) | Source::Index(id) => Some(id),
        });
    }
    let mut known = KeyIds::new();
    for tree in trees {
        merge(&mut known, &*files.of_tree(&database, tree, missing)?);
    }
    Ok(known)
}

fn commit(subject: &Subject) -> Option<ObjectId> {
    match subject.source {
        Source::Commit(id) => Some(id),
        Source::Tree(_) | Source::Index(_) => None,
    }
}

fn merge(into: &mut KeyIds, more: &KeyIds) {
    for (id, names) in more {
        into.entry(*id).or_default().extend(names.iter().cloned());
    }
}
