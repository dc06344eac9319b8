//! The folders that objects stand in: those that the environment names, and their alternates.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::Kind;

use super::pack::Pack;
use super::{Unread, UnreadReason, UnreadThing, Walked};
use crate::git::GitError;
use crate::git::database::object_folders;
use crate::git::repository::Repository;
use crate::sanitise;
use crate::scan::ids::IdSet;
use crate::scan::walk::cache::{Cache, CleanObject, Key, key};

/// Every object that is here, by as much of its id as nobody can make two of.
#[derive(Default)]
pub(super) struct Present(IdSet<Key>);

impl Present {
    /// False where it was known.
    fn add(&mut self, id: &gix::oid) -> bool {
        self.0.insert(key(id))
    }

    /// Whether the object is here.
    pub(super) fn has(&self, id: &gix::oid) -> bool {
        self.0.contains(&key(id))
    }

    /// All of them.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.iter().copied()
    }
}

/// Everything that holds objects.
#[derive(Default)]
pub(super) struct Stores {
    pub(super) packs: Vec<Pack>,
    /// Loose objects that no pack has, with the folder they are in.
    pub(super) loose: Vec<(usize, ObjectId)>,
    pub(super) folders: Vec<gix::odb::loose::Store>,
    pub(super) present: Present,
    /// What could not be opened.
    pub(super) unread: Vec<Unread>,
    /// What the cache knows.
    pub(super) passed: Passed,
}

/// What is not looked at again, and counts as if it were.
#[derive(Default)]
pub(super) struct Passed {
    pub(super) walked: Walked,
    pub(super) entries: Vec<CleanObject>,
}

/// Decides what is not looked at again.
struct Passing<'c> {
    cache: &'c Cache,
    /// Whether all that the cache names is here, and so all that those objects name.
    all: bool,
    /// Whether all objects are here by which the hits of others are known.
    has_hits: bool,
    /// Where the cache had the last object.
    at: usize,
    passed: Passed,
}

impl Passing<'_> {
    fn passes(&mut self, id: &gix::oid) -> bool {
        let Some(entry) = self.cache.next(id, &mut self.at) else { return false };
        if let (true, Some(len)) = (self.has_hits, entry.len_with_hits())
            && self.cache.texts().of(&key(id)).is_some()
        {
            let walked = &mut self.passed.walked;
            walked.objects += 1;
            walked.passed += 1;
            walked.bytes += len;
            walked.known.push(id.to_owned());
            self.passed.entries.push(entry);
            return true;
        }
        let Some((kind, len)) = entry.known() else { return false };
        if kind != Kind::Blob && !self.all {
            return false;
        }
        let walked = &mut self.passed.walked;
        walked.objects += 1;
        walked.passed += 1;
        walked.bytes += len;
        match kind {
            Kind::Blob => {}
            Kind::Tree => walked.trees += 1,
            Kind::Tag => walked.tags += 1,
            Kind::Commit => walked.commits.push(id.to_owned()),
        }
        self.passed.entries.push(entry);
        true
    }
}

impl Stores {
    /// Opens all of them. `wanted` says which objects should be looked at; each is so only where it is first found, and not
    /// where the cache says that nothing is in it.
    pub(super) fn open(
        repository: &Repository,
        wanted: &dyn Fn(&gix::oid) -> bool,
        cache: Option<&Cache>,
    ) -> Result<Self, GitError> {
        let hash = repository.gix.object_hash();
        let (mut packs, mut unread) = (Vec::new(), Vec::new());
        let folders = all_folders(repository)?;
        let mut present = Present::default();
        for folder in &folders {
            for index in indexes(folder)? {
                match Pack::open(&index, hash) {
                    Ok(mut pack) => {
                        present.0.reserve(pack.entries().len());
                        pack.want(|id| present.add(id) && wanted(id));
                        packs.push(pack);
                    }
                    Err(error) => unread.push(Unread {
                        what: UnreadThing::File(sanitise::native(&index.with_extension("pack"))),
                        why: UnreadReason::Damaged(error.to_string()),
                    }),
                }
            }
        }
        let store = |folder: &PathBuf| gix::odb::loose::Store::at(folder, hash);
        let folders: Vec<_> = folders.iter().map(store).collect();
        let mut loose = Vec::new();
        for (number, folder) in folders.iter().enumerate() {
            for id in folder.iter() {
                match id {
                    Ok(id) if present.add(&id) && wanted(&id) => loose.push((number, id)),
                    Ok(_) => {}
                    Err(error) => {
                        let why = UnreadReason::Damaged(sanitise::line(&error.to_string()));
                        let what = UnreadThing::File(sanitise::native(folder.path()));
                        unread.push(Unread { what, why });
                    }
                }
            }
        }
        loose.sort_unstable();
        let mut passed = Passed::default();
        if let Some(cache) = cache {
            let is_here = |key: &Key| present.0.contains(key);
            let (all, has_hits) = (cache.all(is_here), cache.has_all_hits(is_here));
            let mut passing = Passing { cache, all, has_hits, at: 0, passed };
            packs.iter_mut().for_each(|pack| pack.keep(|id| !passing.passes(id)));
            loose.retain(|(_, id)| !passing.passes(id));
            passed = passing.passed;
        }
        packs.iter_mut().for_each(Pack::prune);
        Ok(Self { packs, loose, folders, present, unread, passed })
    }
}

/// The folders of objects with all their alternates, each once.
fn all_folders(repository: &Repository) -> Result<Vec<PathBuf>, GitError> {
    let here = std::env::current_dir()?;
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in object_folders(repository) {
        let more = gix::odb::alternate::resolve(folder.clone(), &here).map_err(GitError::read)?;
        // git passes over one that is not there.
        let there = more.into_iter().filter(|folder| folder.is_dir());
        for folder in [folder].into_iter().chain(there) {
            let real = dunce::canonicalize(&folder)
                .map_err(|error| crate::fs::with_path(&folder, &error))?;
            if !all.contains(&real) {
                all.push(real);
            }
        }
    }
    Ok(all)
}

/// The indexes of a folder's packs, in a fixed order. git does not read a pack without one, either.
fn indexes(folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    let folder = folder.join("pack");
    let listed = match std::fs::read_dir(&folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(crate::fs::with_path(&folder, &error).into()),
    };
    let paths: Vec<_> =
        listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    let is_index = |path: &PathBuf| path.extension().is_some_and(|end| end == "idx");
    let mut indexes: Vec<_> = paths.into_iter().filter(is_index).collect();
    indexes.sort();
    Ok(indexes)
}
