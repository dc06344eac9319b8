//! New trees: those below first, each once, on all cores.
//!
//! A tree names its entries by their ids, and an id is the hash of the content. So a tree can be written only when all below it
//! are. [`Builder::levels`] sorts the nodes by the height of what is below them; the nodes of one level need nothing of each
//! other, and are made at the same time. A node is a tree in a context, not a tree: the same tree may stand at two
//! paths, one sealed and one not.
//!
//! Roots come last and by themselves, as only they get a new `.gitattributes`, and only in commits that the plan names. The same
//! root tree may stand in a commit with it and in one without, so the pair of both is the key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use gix::ObjectId;
use gix::objs::Kind;

use super::blobs;
use super::context::{Context, Part};
use super::decide::{Decider, TreeEntry, entries};
use super::pack::{Base, Deflater, Writer, id_of};
use super::source::{Source, Store};
use super::tree::{NewEntry, changed, put, written};
use super::walk::Walk;
use crate::parallel::map_runs;
use crate::scrub::{Changes, ScrubError};

/// Trees from which on a second thread pays.
const WORTH: usize = 64;

/// Trees that a thread keeps, for others to be stored as changes of them.
const KINDS: usize = 8192;
/// The file that git reads attributes from.
const ATTRIBUTES: &[u8] = b".gitattributes";

/// What became of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Same,
    New(ObjectId),
    /// It has no entries any more.
    Gone,
}

/// A root tree of commits, before and after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    /// Without what [`Changes::attributes`] adds: what commits are compared by.
    pub(super) plain: ObjectId,
    /// What the commit gets.
    pub(super) tree: ObjectId,
}

/// What new trees are made from.
pub(super) struct Builder<'b> {
    pub(super) store: &'b Store,
    pub(super) changes: &'b dyn Changes,
    pub(super) writer: &'b Writer,
    pub(super) walk: &'b Walk,
    /// The new id of each blob, `None` where it stays.
    pub(super) blobs: &'b [Option<ObjectId>],
    /// What became of each node that another tree holds. A level reads what the levels before it wrote, and is written as a
    /// whole when all its threads have ended: no lock is needed.
    pub(super) nodes: Vec<Outcome>,
    /// Whether a node differs, or anything below it.
    dirty: Vec<bool>,
    /// New attributes files, by the id that the old one has after all else; `None` where there is none, or it stays. Thousands of
    /// commits mostly share a few. Two threads may make the same one at once: they come to the same bytes.
    attributes: Mutex<HashMap<Option<ObjectId>, Option<ObjectId>>>,
}

impl<'b> Builder<'b> {
    pub(super) fn new(
        store: &'b Store,
        changes: &'b dyn Changes,
        writer: &'b Writer,
        walk: &'b Walk,
        blobs: &'b [Option<ObjectId>],
    ) -> Self {
        let nodes = vec![Outcome::Same; walk.nodes.len()];
        let attributes = Mutex::default();
        let dirty = vec![false; walk.nodes.len()];
        Self { store, changes, writer, walk, blobs, nodes, dirty, attributes }
    }

    /// Whether a root tree differs.
    pub(super) fn is_dirty(&self, root: ObjectId) -> bool {
        let node = self.walk.roots.get(&root).copied().flatten();
        node.is_some_and(|node| self.dirty[node as usize])
    }

    /// Makes all trees that other trees hold.
    pub(super) fn folders(&mut self) -> Result<(), ScrubError> {
        for level in self.levels() {
            let level: Vec<u32> = level
                .into_iter()
                .filter(|&node| {
                    self.dirty[node as usize] && self.walk.nodes[node as usize].is_below
                })
                .collect();
            let made = map_runs(&level, WORTH, |_, run| {
                let mut worker = Worker::new(self)?;
                run.iter().map(|&node| worker.folder(node)).collect::<Result<Vec<_>, _>>()
            });
            let made = made.into_iter().collect::<Result<Vec<_>, ScrubError>>()?.concat();
            for (node, outcome) in level.into_iter().zip(made) {
                self.nodes[node as usize] = outcome;
            }
        }
        Ok(())
    }

    /// The nodes by the height of what is below them; says which are dirty.
    ///
    /// By hand and not by recursion: a hostile history may have folders thousands deep. A node stays on the stack until all below
    /// it have a height; trees cannot hold themselves, so this ends. Whether a node is dirty depends on those below alone, which
    /// are done by then.
    fn levels(&mut self) -> Vec<Vec<u32>> {
        let nodes = &self.walk.nodes;
        let mut height: Vec<Option<u32>> = vec![None; nodes.len()];
        let mut levels: Vec<Vec<u32>> = Vec::new();
        for start in 0..u32::try_from(nodes.len()).unwrap_or(u32::MAX) {
            let mut open = vec![start];
            while let Some(&node) = open.last() {
                if height[node as usize].is_some() {
                    open.pop();
                    continue;
                }
                let below = nodes[node as usize].parts.iter().filter_map(|part| match part {
                    Part::Folder(below) => Some(*below),
                    _ => None,
                });
                let before = open.len();
                let missing = below.clone().filter(|&below| height[below as usize].is_none());
                open.extend(missing);
                if open.len() > before {
                    continue;
                }
                open.pop();
                let own = below.map(|below| height[below as usize].map_or(0, |h| h + 1)).max();
                let own = own.unwrap_or(0);
                height[node as usize] = Some(own);
                let dirty = nodes[node as usize].differs
                    || nodes[node as usize].parts.iter().any(|part| match *part {
                        Part::Blob(blob) => self.blobs[blob as usize].is_some(),
                        Part::Folder(below) => self.dirty[below as usize],
                        Part::Keep | Part::Drop => false,
                    });
                self.dirty[node as usize] = dirty;
                if levels.len() <= own as usize {
                    levels.resize_with(own as usize + 1, Vec::new);
                }
                levels[own as usize].push(node);
            }
        }
        levels
    }

    /// Makes root trees; with attributes where that is said.
    pub(super) fn roots(
        &self,
        roots: &[(ObjectId, bool)],
    ) -> Result<HashMap<(ObjectId, bool), Root>, ScrubError> {
        let made = map_runs(roots, WORTH, |_, run| {
            let mut worker = Worker::new(self)?;
            let root = |&(tree, attributes): &(ObjectId, bool)| {
                Ok(((tree, attributes), worker.root(tree, attributes)?))
            };
            run.iter().map(root).collect::<Result<Vec<_>, ScrubError>>()
        });
        Ok(made.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn attributes(&self) -> MutexGuard<'_, HashMap<Option<ObjectId>, Option<ObjectId>>> {
        self.attributes.lock().expect("a thread that panicked has said why")
    }

    /// What became of an entry's content; `None` where the entry goes.
    pub(super) fn part(&self, part: Part, id: ObjectId) -> Option<ObjectId> {
        match part {
            Part::Keep => Some(id),
            Part::Drop => None,
            Part::Blob(blob) => Some(self.blobs[blob as usize].unwrap_or(id)),
            Part::Folder(node) => match self.nodes[node as usize] {
                Outcome::Same => Some(id),
                Outcome::New(id) => Some(id),
                Outcome::Gone => None,
            },
        }
    }
}

/// What a thread makes trees with.
struct Worker<'w> {
    builder: &'w Builder<'w>,
    source: Source,
    deflater: Deflater,
    decider: Decider<'w>,
    /// The last tree that was written, of those that are probably much the same.
    last: HashMap<Kin, Base>,
}

/// Trees that are probably versions of one another: their context, none for roots, and their first name.
type Kin = (Option<Context>, Vec<u8>);

impl<'w> Worker<'w> {
    fn new(builder: &'w Builder<'w>) -> Result<Self, ScrubError> {
        Ok(Self {
            builder,
            source: builder.store.open()?,
            deflater: Deflater::default(),
            decider: Decider::new(builder.changes),
            last: HashMap::new(),
        })
    }

    fn folder(&mut self, node: u32) -> Result<Outcome, ScrubError> {
        let builder = self.builder;
        let node = &builder.walk.nodes[node as usize];
        let old = entries(node.id, self.source.read(node.id, Kind::Tree)?)?;
        let new = changed(|part, id| builder.part(part, id), &mut self.decider, &old, &node.parts)?;
        if new.is_empty() && !old.is_empty() {
            return Ok(Outcome::Gone);
        }
        let bytes = written(&new);
        let id = id_of(self.builder.store.hash, Kind::Tree, &bytes)?;
        if id == node.id {
            return Ok(Outcome::Same);
        }
        // Versions of a folder mostly begin with the same name: the last of them is the base of the next, as git itself would find
        // by a search over a window. That keeps the pack small without one.
        let name = old.first().map(|entry| entry.name.to_vec()).unwrap_or_default();
        self.write((Some(node.context), name), id, bytes)?;
        Ok(Outcome::New(id))
    }

    fn root(&mut self, tree: ObjectId, attributes: bool) -> Result<Root, ScrubError> {
        let builder = self.builder;
        if !builder.is_dirty(tree) && !attributes {
            return Ok(Root { plain: tree, tree });
        }
        let bytes = self.source.read(tree, Kind::Tree)?.to_vec();
        let old = entries(tree, &bytes)?;
        // Without a node nothing below the root can change, names neither.
        let node = builder.walk.roots.get(&tree).copied().flatten();
        let node = node.map(|node| &builder.walk.nodes[node as usize]);
        let parts = node.map_or(&[][..], |node| &node.parts);
        let mut new: Vec<NewEntry<'_>> = match node {
            Some(_) => changed(|part, id| builder.part(part, id), &mut self.decider, &old, parts)?,
            None => old.iter().map(NewEntry::kept).collect(),
        };
        let mut bytes = written(&new);
        let plain = id_of(builder.store.hash, Kind::Tree, &bytes)?;
        let mut id = plain;
        if attributes && let Some(file) = self.attributes(&old, parts)? {
            put(&mut new, ATTRIBUTES, file);
            bytes = written(&new);
            id = id_of(builder.store.hash, Kind::Tree, &bytes)?;
        }
        if id != tree {
            self.write((None, Vec::new()), id, bytes)?;
        }
        Ok(Root { plain, tree: id })
    }

    /// Writes a tree, as a change of the last of its kind where it can.
    fn write(&mut self, kind: Kin, id: ObjectId, bytes: Vec<u8>) -> Result<(), ScrubError> {
        let base = self.last.get(&kind);
        let writer = self.builder.writer;
        let depth = writer.add_known(&mut self.deflater, Kind::Tree, &bytes, id, base)?;
        if self.last.len() > KINDS {
            self.last.clear();
        }
        self.last.insert(kind, Base { id, bytes, depth });
        Ok(())
    }

    /// The new attributes file of a root tree; `None` where it stays.
    fn attributes(
        &mut self,
        old: &[TreeEntry<'_>],
        parts: &[Part],
    ) -> Result<Option<ObjectId>, ScrubError> {
        let Builder { changes, writer, walk, .. } = *self.builder;
        let at = old.iter().position(|entry| entry.name == ATTRIBUTES);
        let mut text = None;
        let mut key = None;
        if let Some(at) = at {
            let part = parts.get(at).copied().unwrap_or(Part::Keep);
            // git reads no attributes from a symbolic link, and there is no place for a file beside it.
            if part != Part::Drop && !old[at].mode.starts_with(b"100") {
                return Ok(None);
            }
            key = self.builder.part(part, old[at].id);
            if key.is_some() {
                text = Some((old[at].id, part));
            }
        }
        if let Some(&known) = self.builder.attributes().get(&key) {
            return Ok(known);
        }
        let text = match text {
            None => None,
            Some((id, part)) => {
                let changed = match part {
                    Part::Blob(blob) => {
                        let (id, treatment) = walk.blobs[blob as usize];
                        blobs::content(&mut self.source, changes, id, treatment)?
                    }
                    Part::Keep | Part::Drop | Part::Folder(_) => None,
                };
                Some(match changed {
                    Some(text) => text,
                    None => self.source.read(id, Kind::Blob)?.to_vec(),
                })
            }
        };
        let new = match changes.attributes(text.as_deref()) {
            Some(new) => Some(writer.add(&mut self.deflater, Kind::Blob, &new)?),
            None => None,
        };
        let new = new.filter(|new| Some(*new) != key);
        self.builder.attributes().insert(key, new);
        Ok(new)
    }
}
