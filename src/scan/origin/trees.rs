//! Trees, less all that leads to none of the objects that are asked for.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use crate::git::GitError;
use crate::git::database::Database;
use crate::scan::walk::objects::entries;

/// Folders in one another at most.
const MAX_DEPTH: usize = 4096;

/// What a tree has that leads to an object that is asked for.
pub(super) struct Child {
    name: Vec<u8>,
    id: ObjectId,
    /// The object's number, if the entry is one.
    target: Option<usize>,
    /// What is below it, if that leads on.
    below: Option<Folder>,
}

/// A tree with something in it; shared, so that the same one is compared in no time.
pub(super) type Folder = Rc<Vec<Child>>;

/// All trees that were read.
pub(super) struct Trees<'d> {
    database: &'d Database<'d>,
    pub(super) targets: HashMap<ObjectId, usize>,
    /// The objects that symbolic links are made of.
    pub(super) links: HashSet<usize>,
    known: HashMap<ObjectId, Option<Folder>>,
}

/// A tree that is being read.
struct Open {
    id: ObjectId,
    name: Vec<u8>,
    target: Option<usize>,
    entries: Vec<Child>,
    /// Folders that are still to be read.
    folders: Vec<(Vec<u8>, ObjectId)>,
}

impl<'d> Trees<'d> {
    pub(super) fn new(database: &'d Database<'d>, targets: &[ObjectId]) -> Self {
        let targets = targets.iter().copied().zip(0..).collect();
        Self { database, targets, links: HashSet::new(), known: HashMap::new() }
    }

    /// What of a tree leads to an object that is asked for; `None` where nothing does, or it is not here.
    pub(super) fn folder(&mut self, id: ObjectId) -> Result<Option<Folder>, GitError> {
        let mut open = match self.open(Vec::new(), id)? {
            Ok(known) => return Ok(known),
            Err(open) => vec![open],
        };
        loop {
            let depth = open.len();
            let Some(last) = open.last_mut() else { return Ok(None) };
            match last.folders.pop() {
                Some((name, id)) if depth < MAX_DEPTH => {
                    let target = self.targets.get(&id).copied();
                    match self.open(name.clone(), id)? {
                        Err(next) => open.push(next),
                        Ok(below) if below.is_some() || target.is_some() => {
                            let last = open.last_mut().expect("nothing was closed since");
                            last.entries.push(Child { name, id, target, below });
                        }
                        Ok(_) => {}
                    }
                }
                Some(_) => return Err(GitError::Read(format!("tree {id} is too deep"))),
                None => {
                    let Some(mut done) = open.pop() else { return Ok(None) };
                    done.entries.sort_by(|a, b| a.name.cmp(&b.name));
                    let folder = (!done.entries.is_empty()).then(|| Rc::new(done.entries));
                    self.known.insert(done.id, folder.clone());
                    let Some(above) = open.last_mut() else { return Ok(folder) };
                    if folder.is_some() || done.target.is_some() {
                        let Open { id, name, target, .. } = done;
                        above.entries.push(Child { name, id, target, below: folder });
                    }
                }
            }
        }
    }

    /// A tree that is known, or one with its entries read.
    fn open(
        &mut self,
        name: Vec<u8>,
        id: ObjectId,
    ) -> Result<Result<Option<Folder>, Open>, GitError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(Ok(known.clone()));
        }
        let (mut own, mut folders) = (Vec::new(), Vec::new());
        if let Some(bytes) = self.database.tree(id)? {
            for entry in entries(&bytes, id.kind()) {
                // What is behind the damage cannot be told; the walk has said so.
                let Some(entry) = entry else { break };
                if entry.is_tree {
                    folders.push((entry.name.to_vec(), entry.id.to_owned()));
                } else if let Some(&target) = self.targets.get(entry.id) {
                    let (name, id) = (entry.name.to_vec(), entry.id.to_owned());
                    if entry.is_link {
                        self.links.insert(target);
                    }
                    own.push(Child { name, id, target: Some(target), below: None });
                }
            }
        }
        let target = self.targets.get(&id).copied();
        Ok(Err(Open { id, name, target, entries: own, folders }))
    }
}

/// Calls `each` with every object that is asked for in `own` and is not at the same path in `other`.
///
/// A few trees that name one another can stand for more paths than there is time for: after `left` entries it stops.
pub(super) fn differing(
    own: Option<&Folder>,
    other: Option<&Folder>,
    path: &mut Vec<u8>,
    left: &mut usize,
    each: &mut dyn FnMut(usize, &[u8]),
) {
    let Some(own) = own else { return };
    if other.is_some_and(|other| Rc::ptr_eq(own, other)) {
        return;
    }
    for entry in own.iter() {
        let Some(fewer) = left.checked_sub(1) else { return };
        *left = fewer;
        let same = other.and_then(|other| {
            let at = other.binary_search_by(|other| other.name.cmp(&entry.name)).ok()?;
            Some(&other[at])
        });
        if same.is_some_and(|same| same.id == entry.id) {
            continue;
        }
        let len = path.len();
        path.extend_from_slice(&entry.name);
        if let Some(target) = entry.target {
            each(target, path);
        }
        path.push(b'/');
        let below = same.and_then(|same| same.below.as_ref());
        differing(entry.below.as_ref(), below, path, left, each);
        path.truncate(len);
    }
}

/// Whether an object is anywhere in a tree.
pub(super) fn holds(folder: Option<&Folder>, target: usize) -> bool {
    let mut open: Vec<&Folder> = folder.into_iter().collect();
    let mut seen: HashSet<_> = open.iter().map(|folder| Rc::as_ptr(folder)).collect();
    while let Some(folder) = open.pop() {
        if folder.iter().any(|entry| entry.target == Some(target)) {
            return true;
        }
        let below = folder.iter().filter_map(|entry| entry.below.as_ref());
        open.extend(below.filter(|below| seen.insert(Rc::as_ptr(below))));
    }
    false
}

/// Whether an object is at this very path in a tree.
pub(super) fn holds_at(folder: Option<&Folder>, path: &[u8], target: usize) -> bool {
    let mut parts = path.split(|&byte| byte == b'/').peekable();
    let mut folder = folder;
    while let (Some(own), Some(name)) = (folder, parts.next()) {
        let Ok(at) = own.binary_search_by(|entry| entry.name.as_slice().cmp(name)) else {
            return false;
        };
        if parts.peek().is_none() {
            return own[at].target == Some(target);
        }
        folder = own[at].below.as_ref();
    }
    false
}
