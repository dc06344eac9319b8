//! Which trees and blobs there are to look at: each tree once for each context, from the roots down, a level at a time.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;

use super::context::{Context, Part, Treatment};
use super::decide::{Decider, Decision, entries, joined};
use super::source::Store;
use crate::parallel::map_runs;
use crate::scrub::{Changes, Fate, Folder, PolicyId, ScopeId, ScrubError};

/// Trees from which on a second thread pays.
const WORTH: usize = 64;
/// Trees that are read before their entries are numbered: what is known of these takes much memory.
const AT_ONCE: usize = 8192;
/// Folders in one another at most.
const MAX_DEPTH: usize = 4096;

/// A tree in a context.
pub(super) struct Node {
    pub(super) id: ObjectId,
    pub(super) context: Context,
    /// What becomes of each entry, in the order of the tree; empty where all stay.
    pub(super) parts: Vec<Part>,
    /// Whether an entry goes or gets another name.
    pub(super) differs: bool,
    /// Whether another tree holds it.
    pub(super) is_below: bool,
}

/// All trees and blobs that should be looked at.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) nodes: Vec<Node>,
    by_key: HashMap<(ObjectId, Context), u32>,
    pub(super) paths: Vec<Vec<u8>>,
    by_path: HashMap<Vec<u8>, u32>,
    /// Blobs with what is done to them.
    pub(super) blobs: Vec<(ObjectId, Treatment)>,
    by_blob: HashMap<(ObjectId, Treatment), u32>,
    /// The node of each root tree; `None` where nothing below it can change.
    pub(super) roots: HashMap<ObjectId, Option<u32>>,
    /// Nodes that should be read.
    open: Vec<u32>,
}

/// What a thread finds of an entry.
enum SeenEntry {
    Keep,
    Drop,
    Blob(ObjectId, Treatment),
    Alike(ObjectId, Fate),
    Path(ObjectId, ScopeId, Vec<u8>),
}

impl Walk {
    /// Adds the root trees of commits, and those that a ref or tag names.
    pub(super) fn add_roots(
        &mut self,
        changes: &dyn Changes,
        trees: &[ObjectId],
    ) -> Result<(), ScrubError> {
        let asked = map_runs(trees, WORTH, |_, run| {
            run.iter().map(|&tree| changes.scope(tree)).collect::<Result<Vec<_>, _>>()
        });
        let scopes = asked.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let mut known: HashMap<ScopeId, Folder> = HashMap::new();
        for (&tree, scope) in trees.iter().zip(scopes) {
            let folder = *known.entry(scope).or_insert_with(|| changes.folder(scope, b""));
            let node = match folder {
                Folder::Untouched => None,
                Folder::Alike(what) => Some(self.node(tree, Context::Alike(what))),
                Folder::ByPath => {
                    let path = self.path(Vec::new());
                    Some(self.node(tree, Context::Path(scope, path)))
                }
            };
            self.roots.insert(tree, node);
        }
        Ok(())
    }

    /// Adds a tree of notes.
    pub(super) fn add_notes(&mut self, tree: ObjectId, what: Fate) -> u32 {
        self.node(tree, Context::Alike(what))
    }

    /// Adds a blob that has no path.
    pub(super) fn add_blob(&mut self, id: ObjectId, policy: PolicyId) -> u32 {
        self.blob(id, Treatment::Policy(policy))
    }

    /// The number of a blob that has no path.
    pub(super) fn blob_of(&self, id: ObjectId, policy: PolicyId) -> Option<u32> {
        self.by_blob.get(&(id, Treatment::Policy(policy))).copied()
    }

    /// The node of a tree in a context.
    pub(super) fn node_of(&self, tree: ObjectId, context: Context) -> Option<&Node> {
        self.by_key.get(&(tree, context)).map(|&node| &self.nodes[node as usize])
    }

    fn path(&mut self, path: Vec<u8>) -> u32 {
        let next = number(self.paths.len());
        *self.by_path.entry(path).or_insert_with_key(|path| {
            self.paths.push(path.clone());
            next
        })
    }

    fn node(&mut self, id: ObjectId, context: Context) -> u32 {
        let next = number(self.nodes.len());
        *self.by_key.entry((id, context)).or_insert_with(|| {
            let parts = Vec::new();
            self.nodes.push(Node { id, context, parts, differs: false, is_below: false });
            self.open.push(next);
            next
        })
    }

    fn blob(&mut self, id: ObjectId, treatment: Treatment) -> u32 {
        let next = number(self.blobs.len());
        *self.by_blob.entry((id, treatment)).or_insert_with(|| {
            self.blobs.push((id, treatment));
            next
        })
    }

    /// Reads all trees that were added, and those below them.
    pub(super) fn run(&mut self, store: &Store, changes: &dyn Changes) -> Result<(), ScrubError> {
        for _ in 0..MAX_DEPTH {
            let level = std::mem::take(&mut self.open);
            if level.is_empty() {
                return Ok(());
            }
            for nodes in level.chunks(AT_ONCE) {
                self.read(store, changes, nodes)?;
            }
        }
        let deep = self.open.first().map(|&node| self.nodes[node as usize].id);
        deep.map_or(Ok(()), |id| Err(ScrubError::Damaged(id)))
    }

    fn read(
        &mut self,
        store: &Store,
        changes: &dyn Changes,
        numbers: &[u32],
    ) -> Result<(), ScrubError> {
        let (nodes, paths) = (&self.nodes, &self.paths);
        let read = map_runs(numbers, WORTH, |_, run| {
            let mut source = store.open()?;
            let mut decider = Decider::new(changes);
            let read = |&node: &u32| {
                let node = &nodes[node as usize];
                let bytes = source.read(node.id, Kind::Tree)?;
                look(&mut decider, node, bytes, paths)
            };
            run.iter().map(read).collect::<Result<Vec<_>, ScrubError>>()
        });
        let mut numbers = numbers.iter();
        for run in read {
            for ((found, differs), &number) in run?.into_iter().zip(&mut numbers) {
                let parts = found.into_iter().map(|found| self.part(found)).collect();
                let node = &mut self.nodes[number as usize];
                (node.parts, node.differs) = (parts, differs);
            }
        }
        Ok(())
    }

    fn part(&mut self, found: SeenEntry) -> Part {
        let node = match found {
            SeenEntry::Keep => return Part::Keep,
            SeenEntry::Drop => return Part::Drop,
            SeenEntry::Blob(id, treatment) => return Part::Blob(self.blob(id, treatment)),
            SeenEntry::Alike(id, what) => self.node(id, Context::Alike(what)),
            SeenEntry::Path(id, scope, path) => {
                let path = self.path(path);
                self.node(id, Context::Path(scope, path))
            }
        };
        self.nodes[node as usize].is_below = true;
        Part::Folder(node)
    }
}

/// What is in a tree, and whether an entry goes or gets another name.
fn look(
    decider: &mut Decider<'_>,
    node: &Node,
    bytes: &[u8],
    paths: &[Vec<u8>],
) -> Result<(Vec<SeenEntry>, bool), ScrubError> {
    let (folder, scope) = match node.context {
        Context::Alike(_) => (&[][..], ScopeId::default()),
        Context::Path(scope, path) => (&*paths[path as usize], scope),
    };
    let (mut found, mut differs) = (Vec::new(), false);
    for entry in entries(node.id, bytes)? {
        let decision = decider.decide(node.context, folder, &entry);
        differs |= decision == Decision::Drop || decider.renamed(entry.name)?.is_some();
        found.push(match decision {
            Decision::Keep => SeenEntry::Keep,
            Decision::Drop => SeenEntry::Drop,
            Decision::Blob(treatment) => SeenEntry::Blob(entry.id, treatment),
            Decision::Alike(what) => SeenEntry::Alike(entry.id, what),
            Decision::Path => SeenEntry::Path(entry.id, scope, joined(folder, entry.name)),
        });
    }
    if found.iter().all(|found| matches!(found, SeenEntry::Keep)) {
        found.clear();
    }
    Ok((found, differs))
}

/// Objects are counted in 32 bits, as in a pack.
fn number(len: usize) -> u32 {
    u32::try_from(len).expect("a pack holds no more objects")
}
