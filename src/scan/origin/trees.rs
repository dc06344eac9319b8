//! Trees, less all that leads to none of the objects that are asked for.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use crate::git::GitError;
use crate::git::database::Database;
use crate::scan::ids::IdMap;
use crate::scan::walk::objects::{Links, Named, Packs, Targets, entries as entries_of};

/// Folders in one another at most.
const MAX_DEPTH: usize = 4096;

/// What a tree has that leads to an object that is asked for.
struct Child {
    /// Its name's number.
    name: u32,
    /// The object's number, if the entry is one; else [`NONE`].
    target: u32,
    /// What is below it, if that leads on.
    below: Option<Folder>,
}

/// No object that is asked for.
const NONE: u32 = u32::MAX;

impl Child {
    fn new(name: u32, target: Option<usize>, below: Option<Folder>) -> Self {
        let target = target.map_or(NONE, |target| u32::try_from(target).unwrap_or(NONE));
        Self { name, target, below }
    }

    fn target(&self) -> Option<usize> {
        (self.target != NONE).then_some(self.target as usize)
    }

    /// Whether both are the same object: a tree is read once.
    fn is_same(&self, other: &Self) -> bool {
        let below = match (&self.below, &other.below) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        };
        self.target == other.target && below
    }
}

/// Names of entries, each once: the same few are in very many trees.
#[derive(Default)]
pub(super) struct Names {
    all: Vec<Rc<[u8]>>,
    numbers: HashMap<Rc<[u8]>, u32>,
}

impl Names {
    /// These, in their order.
    fn of(names: Vec<Box<[u8]>>) -> Self {
        let all: Vec<Rc<[u8]>> = names.into_iter().map(Rc::from).collect();
        Self { numbers: all.iter().cloned().zip(0..).collect(), all }
    }

    fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let (name, number) = (Rc::from(name), u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(Rc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, number: u32) -> &[u8] {
        self.all.get(number as usize).map_or(&[], |name| name)
    }

    fn order(&self, a: u32, b: u32) -> Ordering {
        if a == b { Ordering::Equal } else { self.name(a).cmp(self.name(b)) }
    }
}

/// A tree with something in it; shared, so that the same one is compared in no time.
pub(super) type Folder = Rc<Node>;

/// The entries of a folder.
pub(super) struct Node {
    /// Sorted by their names.
    entries: Box<[Child]>,
    /// What may be below it, in any depth.
    below: Below,
}

/// Numbers of objects: tells of most that they are not among them.
#[derive(Clone, Default)]
struct Below([u64; 8]);

impl Below {
    fn bit(target: usize) -> (usize, u64) {
        (target / 64 % 8, 1 << (target % 64))
    }

    fn add(&mut self, target: usize) {
        let (at, bit) = Self::bit(target);
        self.0[at] |= bit;
    }

    fn may_have(&self, target: usize) -> bool {
        let (at, bit) = Self::bit(target);
        self.0[at] & bit != 0
    }
}

impl Node {
    fn new(mut entries: Vec<Child>, names: &Names) -> Self {
        entries.sort_by(|a, b| names.order(a.name, b.name));
        let mut below = Below::default();
        for entry in &entries {
            entry.target().into_iter().for_each(|target| below.add(target));
            let inner = entry.below.iter().flat_map(|folder| folder.below.0.iter().enumerate());
            inner.for_each(|(at, bits)| below.0[at] |= bits);
        }
        Self { entries: entries.into(), below }
    }
}

/// All trees that were read.
pub(super) struct Trees<'d> {
    database: &'d Database<'d>,
    pub(super) targets: Targets,
    /// The trees that were read from packs, all at once.
    links: Option<Links>,
    /// What is known of them, by their numbers.
    linked: Vec<Option<Option<Folder>>>,
    /// The trees among them that are asked for.
    linked_targets: HashMap<u32, usize>,
    /// The objects that symbolic links are made of.
    pub(super) symlinks: HashSet<usize>,
    /// What is known of the other trees.
    known: IdMap<ObjectId, Option<Folder>>,
    pub(super) names: Names,
}

/// Which tree.
#[derive(Clone, Copy)]
enum Tree {
    /// One that was read from a pack.
    Linked(u32),
    Other(ObjectId),
}

/// A tree that is being read.
struct Open {
    tree: Tree,
    name: u32,
    target: Option<usize>,
    entries: Vec<Child>,
    /// Folders that are still to be read.
    folders: Vec<(u32, Tree)>,
}

impl<'d> Trees<'d> {
    pub(super) fn new(database: &'d Database<'d>, targets: &[ObjectId], packs: Packs) -> Self {
        let asked = Targets::new(targets);
        let mut links = Links::read(database.repository(), packs, &asked);
        let names = links.as_mut().map(|links| std::mem::take(&mut links.names));
        let number = |id: &ObjectId| links.as_ref()?.number(id);
        let numbers = targets.iter().zip(0..).filter_map(|(id, at)| Some((number(id)?, at)));
        Self {
            database,
            linked_targets: numbers.collect(),
            targets: asked,
            linked: vec![None; links.as_ref().map_or(0, Links::len)],
            links,
            symlinks: HashSet::new(),
            known: IdMap::default(),
            names: Names::of(names.unwrap_or_default()),
        }
    }

    /// Which tree this is.
    fn tree(&self, id: ObjectId) -> Tree {
        let links = self.links.as_ref();
        let linked =
            links.and_then(|links| links.number(&id).filter(|&number| links.of(number).is_some()));
        linked.map_or(Tree::Other(id), Tree::Linked)
    }

    fn id(&self, tree: Tree) -> ObjectId {
        match (tree, &self.links) {
            (Tree::Linked(number), Some(links)) => links.id(number),
            (Tree::Linked(_), None) => ObjectId::null(self.database.repository().gix.object_hash()),
            (Tree::Other(id), _) => id,
        }
    }

    /// What is known of a tree.
    fn known(&self, tree: Tree) -> Option<&Option<Folder>> {
        match tree {
            Tree::Linked(number) => self.linked[number as usize].as_ref(),
            Tree::Other(id) => self.known.get(&id),
        }
    }

    /// The number of a tree that is asked for.
    fn tree_target(&self, tree: Tree) -> Option<usize> {
        match tree {
            Tree::Linked(_) if self.linked_targets.is_empty() => None,
            Tree::Linked(number) => self.linked_targets.get(&number).copied(),
            Tree::Other(id) => self.targets.number(&id),
        }
    }

    /// What of a tree leads to an object that is asked for; `None` where nothing does, or it is not here.
    pub(super) fn folder(&mut self, id: ObjectId) -> Result<Option<Folder>, GitError> {
        let tree = self.tree(id);
        if let Some(known) = self.known(tree) {
            return Ok(known.clone());
        }
        let mut open = vec![self.open(0, tree)?];
        loop {
            let depth = open.len();
            let Some(last) = open.last_mut() else { return Ok(None) };
            match last.folders.pop() {
                Some((name, tree)) if depth < MAX_DEPTH => match self.known(tree) {
                    None => open.push(self.open(name, tree)?),
                    Some(below) => {
                        let target = self.tree_target(tree);
                        if below.is_some() || target.is_some() {
                            last.entries.push(Child::new(name, target, below.clone()));
                        }
                    }
                },
                Some((_, tree)) => {
                    let id = self.id(tree);
                    return Err(GitError::Read(format!("tree {id} is too deep")));
                }
                None => {
                    let Some(Open { tree, name, target, entries, .. }) = open.pop() else {
                        return Ok(None);
                    };
                    let folder =
                        (!entries.is_empty()).then(|| Rc::new(Node::new(entries, &self.names)));
                    match tree {
                        Tree::Linked(number) => {
                            self.linked[number as usize] = Some(folder.clone());
                        }
                        Tree::Other(id) => drop(self.known.insert(id, folder.clone())),
                    }
                    let Some(above) = open.last_mut() else { return Ok(folder) };
                    if folder.is_some() || target.is_some() {
                        above.entries.push(Child::new(name, target, folder));
                    }
                }
            }
        }
    }

    /// A tree with its entries read.
    fn open(&mut self, name: u32, tree: Tree) -> Result<Open, GitError> {
        let target = self.tree_target(tree);
        let (mut entries, mut folders) = (Vec::new(), Vec::new());
        match (tree, &self.links) {
            (Tree::Linked(number), Some(links)) => {
                for link in links.of(number).unwrap_or_default() {
                    match link.named() {
                        Named::Folder(folder) if links.of(folder).is_some() => {
                            folders.push((link.name, Tree::Linked(folder)));
                        }
                        Named::Folder(folder) => {
                            folders.push((link.name, Tree::Other(links.id(folder))));
                        }
                        Named::Target(target, is_symlink) => {
                            if is_symlink {
                                self.symlinks.insert(target);
                            }
                            entries.push(Child::new(link.name, Some(target), None));
                        }
                    }
                }
            }
            (Tree::Other(id), _) => self.read(id, &mut entries, &mut folders)?,
            (Tree::Linked(_), None) => {}
        }
        Ok(Open { tree, name, target, entries, folders })
    }

    /// Reads the entries of a tree by itself.
    fn read(
        &mut self,
        id: ObjectId,
        entries: &mut Vec<Child>,
        folders: &mut Vec<(u32, Tree)>,
    ) -> Result<(), GitError> {
        let Some(bytes) = self.database.tree(id)? else { return Ok(()) };
        for entry in entries_of(&bytes, id.kind()) {
            // What is behind the damage cannot be told; the walk has said so.
            let Some(entry) = entry else { break };
            if entry.is_tree {
                let tree = self.tree(entry.id.to_owned());
                folders.push((self.names.number(entry.name), tree));
            } else if let Some(target) = self.targets.number(entry.id) {
                let name = self.names.number(entry.name);
                if entry.is_link {
                    self.symlinks.insert(target);
                }
                entries.push(Child::new(name, Some(target), None));
            }
        }
        Ok(())
    }
}

/// Calls `each` with every object that is asked for in `own` and is not at the same path in `other`.
///
/// A few trees that name one another can stand for more paths than there is time for: after `left` entries it stops.
pub(super) fn differing(
    own: Option<&Folder>,
    other: Option<&Folder>,
    names: &Names,
    path: &mut Vec<u8>,
    left: &mut usize,
    each: &mut dyn FnMut(usize, &[u8]),
) {
    let Some(own) = own else { return };
    if other.is_some_and(|other| Rc::ptr_eq(own, other)) {
        return;
    }
    let mut others = other.map_or(&[][..], |other| &*other.entries).iter().peekable();
    for entry in &*own.entries {
        let Some(fewer) = left.checked_sub(1) else { return };
        *left = fewer;
        // Both are sorted.
        let order = |other: &Child| names.order(other.name, entry.name);
        while others.next_if(|&other| order(other) == Ordering::Less).is_some() {}
        let same = others.peek().copied().filter(|other| order(other) == Ordering::Equal);
        if same.is_some_and(|same| same.is_same(entry)) {
            continue;
        }
        let len = path.len();
        path.extend_from_slice(names.name(entry.name));
        if let Some(target) = entry.target() {
            each(target, path);
        }
        path.push(b'/');
        let below = same.and_then(|same| same.below.as_ref());
        differing(entry.below.as_ref(), below, names, path, left, each);
        path.truncate(len);
    }
}

/// Whether an object is anywhere in a tree.
pub(super) fn holds(folder: Option<&Folder>, target: usize) -> bool {
    let mut open: Vec<&Folder> = folder.into_iter().collect();
    let mut seen = HashSet::new();
    while let Some(folder) = open.pop() {
        if !folder.below.may_have(target) {
            continue;
        }
        if folder.entries.iter().any(|entry| entry.target() == Some(target)) {
            return true;
        }
        let below = folder.entries.iter().filter_map(|entry| entry.below.as_ref());
        let below = below.filter(|below| below.below.may_have(target));
        open.extend(below.filter(|below| seen.insert(Rc::as_ptr(below))));
    }
    false
}

/// Whether an object is at this very path in a tree.
pub(super) fn holds_at(folder: Option<&Folder>, names: &Names, path: &[u8], target: usize) -> bool {
    if !folder.is_some_and(|folder| folder.below.may_have(target)) {
        return false;
    }
    let mut parts = path.split(|&byte| byte == b'/').peekable();
    let mut folder = folder;
    while let (Some(own), Some(name)) = (folder, parts.next()) {
        let Ok(at) = own.entries.binary_search_by(|entry| names.name(entry.name).cmp(name)) else {
            return false;
        };
        if parts.peek().is_none() {
            return own.entries[at].target() == Some(target);
        }
        folder = own.entries[at].below.as_ref();
    }
    false
}
