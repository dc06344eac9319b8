//! The whole: what refs lead to, contents, trees, commits, notes, tags, refs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;

use super::blobs;
use super::build::{Builder, Outcome, Root};
use super::commits::{Made, Maker, Texts};
use super::graph::Graph;
use super::notes::Notes;
use super::pack::{Deflater, Writer};
use super::refs::{self, Ref, StashLog};
use super::sign::Signatures;
use super::source::Store;
use super::walk::Walk;
use super::{Counts, Options, RefChange, Rewritten};
use crate::git::repository::Repository;
use crate::scrub::{Changes, Fate, ScrubError};

/// Makes the new objects. Refs, index and worktree stay as they are.
///
/// # Errors
/// Something that a ref leads to is not here or damaged, a new name is none, or the pack cannot be written. Nothing is left.
pub fn rewrite(
    repository: &Repository,
    changes: &dyn Changes,
    options: &Options<'_>,
) -> Result<Rewritten, ScrubError> {
    refs::refuse_views(repository)?;
    let store = Store::new(repository);
    let refs = refs::all(repository)?;
    let log = StashLog::read(repository)?;
    let graph = graph(&store, &refs, &log, options)?;
    let kinds = Kinds::new(&graph, &refs, &log);
    let folder = (!options.dry_run).then_some(store.objects.as_path());
    let writer = Writer::new(store.hash, folder);

    let mut texts = Texts::read(&graph, changes, store.hash)?;
    // Notes are made when all that they are of is.
    for (commit, mentions) in texts.mentions.iter_mut().enumerate() {
        mentions.retain(|&mention| !kinds.notes[commit] && !kinds.notes[mention as usize]);
    }
    let order = graph.order(&mut texts.mentions);
    let (of_notes, ordinary): (Vec<u32>, Vec<u32>) =
        order.iter().partition(|&&commit| kinds.notes[commit as usize]);

    let walk = walk(&store, &graph, &kinds, changes, &order)?;
    let contents = blobs::transform(&store, changes, &writer, &walk.blobs)?;
    let mut builder = Builder::new(&store, changes, &writer, &walk, &contents);
    builder.folders()?;

    let signatures = Signatures::new(options, store.hash);
    let mut maker = Maker::new(&graph, &texts, changes, &writer, store.hash, signatures);
    let change = maker.will_change(&builder, &ordinary);
    let attributes = changes.has_attributes();
    let with_attributes = |commit: u32| attributes && !kinds.untracked[commit as usize];
    let wanted = |&commit: &u32| {
        let tree = graph.commits[commit as usize].tree;
        (tree, change[commit as usize] && with_attributes(commit))
    };
    let bare = graph.trees.iter().map(|&tree| (tree, false));
    let mut known = HashSet::new();
    // The latest first: packs store the older as changes of them.
    let roots: Vec<_> =
        ordinary.iter().rev().map(wanted).chain(bare).filter(|root| known.insert(*root)).collect();
    let roots = builder.roots(&roots)?;
    maker.ordinary(&ordinary, &change, &roots, &with_attributes, options)?;

    let moved = moved(&builder);
    let mut notes = Notes::new(&builder, changes.pathless(), moved)?;
    maker.notes(&of_notes, &mut notes)?;
    let notes_dropped = notes.dropped;

    let new_signatures = Signatures::new(options, store.hash);
    let mut signatures = std::mem::replace(&mut maker.signatures, new_signatures);
    let mut made = Objects { graph: &graph, maker: &maker, roots: &roots, tags: HashMap::new() };
    let bare_blobs = bare_blobs(&builder, changes, &graph);
    let mut deflater = Deflater::default();
    for tag in &graph.tags {
        let new = match made.successor(tag.target, graph.kind(tag.target), &bare_blobs) {
            None => None,
            Some(target) => {
                let ids = (&texts.ids, |number| maker.new_id(number));
                let mut stripped = Vec::new();
                match tag.rewritten(target, changes, ids.0, ids.1, &mut stripped)? {
                    None => Some(tag.id),
                    Some(bytes) => {
                        let bytes = signatures.tag(bytes, stripped)?;
                        Some(writer.add(&mut deflater, Kind::Tag, &bytes)?)
                    }
                }
            }
        };
        made.tags.insert(tag.id, new);
    }
    let unnamed = refs::only_in_reflogs(repository)?;
    let unnamed = unnamed.into_iter().filter(|id| !graph.numbers.contains_key(id)).collect();
    let first = first_changed(&graph, &maker, &order);
    let refs = new_refs(&refs, changes, &made, &bare_blobs, &first)?;
    let stash_log = log.rewritten(changes, |id| made.successor(id, Kind::Commit, &bare_blobs))?;

    let written = writer.finish()?;
    let commits: Vec<_> = order
        .iter()
        .map(|&commit| (graph.commits[commit as usize].id, maker.new_id(commit)))
        .collect();
    let tags: Vec<_> = graph.tags.iter().map(|tag| (tag.id, made.tags[&tag.id])).collect();
    let others = |map: &[(ObjectId, Option<ObjectId>)]| {
        map.iter().filter(|(old, new)| new.is_some_and(|new| new != *old)).count() as u64
    };
    let Signatures { lost: mut stripped, mut renewed, .. } = signatures;
    stripped.sort_unstable();
    renewed.sort_unstable();
    let counts = Counts {
        commits: others(&commits),
        pruned: commits.iter().filter(|(_, new)| new.is_none()).count() as u64,
        trees: written.trees,
        blobs: written.blobs,
        tags: others(&tags),
        bytes: written.bytes,
    };
    Ok(Rewritten {
        refs,
        commits,
        tags,
        stripped,
        renewed,
        counts,
        stash_log,
        notes_dropped,
        unnamed,
        pack: written.pack,
    })
}

/// All that refs and stashes lead to.
fn graph(
    store: &Store,
    refs: &[Ref],
    log: &StashLog,
    options: &Options<'_>,
) -> Result<Graph, ScrubError> {
    let mut graph = Graph::default();
    let mut source = store.open()?;
    let named = refs.iter().map(|name| name.id);
    for id in named.chain(log.stashes()).chain(options.more.iter().copied()) {
        graph.add(&mut source, id)?;
    }
    graph.link();
    Ok(graph)
}

/// Commits that are not of files in a worktree.
struct Kinds {
    /// Those of notes alone.
    notes: Vec<bool>,
    /// Those in which a stash keeps files that are not tracked: attributes put there would be in the way when it is applied.
    untracked: Vec<bool>,
}

impl Kinds {
    fn new(graph: &Graph, refs: &[Ref], log: &StashLog) -> Self {
        let number = |id: &ObjectId| graph.numbers.get(id).copied();
        let tips = |of_notes: bool| {
            let of_kind = refs.iter().filter(move |name| name.is_of_notes() == of_notes);
            of_kind.filter_map(|name| number(&graph.peeled(name.id)))
        };
        let mut notes = graph.reachable(tips(true));
        let stashes: Vec<u32> = log.stashes().iter().filter_map(number).collect();
        let others = graph.reachable(tips(false).chain(stashes.iter().copied()));
        notes.iter_mut().zip(others).for_each(|(notes, other)| *notes &= !other);
        let latest = refs.iter().find(|name| name.name == b"refs/stash");
        let mut untracked = vec![false; graph.commits.len()];
        for stash in stashes.into_iter().chain(latest.and_then(|name| number(&name.id))) {
            if let [_, _, files] = graph.parents[stash as usize][..] {
                untracked[files as usize] = true;
            }
        }
        Self { notes, untracked }
    }
}

/// All trees and blobs that should be looked at.
fn walk(
    store: &Store,
    graph: &Graph,
    kinds: &Kinds,
    changes: &dyn Changes,
    order: &[u32],
) -> Result<Walk, ScrubError> {
    let mut walk = Walk::default();
    let mut known = HashSet::new();
    let mut roots = Vec::new();
    // The latest first: packs store the older as changes of them.
    for &commit in order.iter().rev() {
        let tree = graph.commits[commit as usize].tree;
        if kinds.notes[commit as usize] {
            walk.add_notes(tree, changes.pathless());
        } else if known.insert(tree) {
            roots.push(tree);
        }
    }
    roots.extend(graph.trees.iter().copied().filter(|&tree| known.insert(tree)));
    walk.add_roots(changes, &roots)?;
    if let Fate::Content(policy) = changes.pathless() {
        for &blob in &graph.blobs {
            walk.add_blob(blob, policy);
        }
    }
    walk.run(store, changes)?;
    Ok(walk)
}

/// The new ids of blobs that a ref or tag names.
fn bare_blobs(
    builder: &Builder<'_>,
    changes: &dyn Changes,
    graph: &Graph,
) -> HashMap<ObjectId, ObjectId> {
    let Fate::Content(policy) = changes.pathless() else { return HashMap::new() };
    let new = |&blob: &ObjectId| {
        let number = builder.walk.blob_of(blob, policy)?;
        Some((blob, builder.blobs[number as usize]?))
    };
    graph.blobs.iter().filter_map(new).collect()
}

/// Blobs and folders that have become one other thing, wherever they are.
fn moved(builder: &Builder<'_>) -> HashMap<ObjectId, ObjectId> {
    let blobs = builder.walk.blobs.iter().zip(builder.blobs);
    let blobs = blobs.map(|(&(old, _), new)| (old, new.unwrap_or(old)));
    let trees = builder.walk.nodes.iter().zip(&builder.nodes).filter(|(node, _)| node.is_below);
    let trees = trees.map(|(node, outcome)| match outcome {
        Outcome::New(new) => (node.id, *new),
        Outcome::Same | Outcome::Gone => (node.id, node.id),
    });
    let mut moved: HashMap<ObjectId, ObjectId> = HashMap::new();
    for (old, new) in blobs.chain(trees) {
        let known = moved.entry(old).or_insert(new);
        if *known != new {
            *known = old;
        }
    }
    moved.retain(|old, new| old != new);
    moved
}

/// What all objects that are named have become.
struct Objects<'o> {
    graph: &'o Graph,
    maker: &'o Maker<'o>,
    roots: &'o HashMap<(ObjectId, bool), Root>,
    tags: HashMap<ObjectId, Option<ObjectId>>,
}

impl Objects<'_> {
    /// The new id of an object; `None` where it is left out.
    fn successor(
        &self,
        id: ObjectId,
        kind: Kind,
        blobs: &HashMap<ObjectId, ObjectId>,
    ) -> Option<ObjectId> {
        match kind {
            Kind::Commit => {
                let number = *self.graph.numbers.get(&id)?;
                self.maker.survivor(number).and_then(|commit| self.maker.new_id(commit))
            }
            Kind::Tag => self.tags.get(&id).copied().flatten(),
            Kind::Tree => Some(self.roots.get(&(id, false)).map_or(id, |root| root.tree)),
            Kind::Blob => Some(blobs.get(&id).copied().unwrap_or(id)),
        }
    }
}

fn new_refs(
    refs: &[Ref],
    changes: &dyn Changes,
    made: &Objects<'_>,
    blobs: &HashMap<ObjectId, ObjectId>,
    first: &[Rc<BTreeSet<ObjectId>>],
) -> Result<Vec<RefChange>, ScrubError> {
    let mut all = Vec::with_capacity(refs.len());
    for name in refs {
        let mut new = made.successor(name.id, made.graph.kind(name.id), blobs);
        let new_name = match name.replaces() {
            None => refs::renamed(changes, &name.name)?,
            Some(replaced) => match made.graph.numbers.contains_key(&replaced) {
                false => name.name.clone(),
                true => match made.successor(replaced, Kind::Commit, blobs) {
                    Some(id) if Some(id) != new => format!("refs/replace/{id}").into_bytes(),
                    // Nothing is left to be replaced, or the same by the same.
                    _ => {
                        new = None;
                        name.name.clone()
                    }
                },
            },
        };
        let symbolic = name.symbolic.as_ref().map(|target| refs::renamed(changes, target));
        let commit = made.graph.numbers.get(&made.graph.peeled(name.id));
        all.push(RefChange {
            name: name.name.clone(),
            new_name,
            old: name.id,
            new,
            symbolic: symbolic.transpose()?,
            first_changed: commit
                .map(|&commit| first[commit as usize].iter().copied().collect())
                .unwrap_or_default(),
        });
    }
    let kept = all.iter().filter(|change| change.new.is_some());
    refs::refuse_same(kept.map(|change| change.new_name.as_slice()))?;
    Ok(all)
}

/// For each commit the changed ones among those before it, and itself, that have no changed one before them.
fn first_changed(graph: &Graph, maker: &Maker<'_>, order: &[u32]) -> Vec<Rc<BTreeSet<ObjectId>>> {
    let none: Rc<BTreeSet<ObjectId>> = Rc::default();
    let mut first = vec![Rc::clone(&none); graph.commits.len()];
    for &commit in order {
        let at = commit as usize;
        let mut all = Rc::clone(&none);
        for &parent in &graph.parents[at] {
            let of_parent = &first[parent as usize];
            if all.is_empty() {
                all = Rc::clone(of_parent);
            } else if !Rc::ptr_eq(&all, of_parent) && !of_parent.is_subset(&all) {
                all = Rc::new(all.union(of_parent).copied().collect());
            }
        }
        let id = graph.commits[at].id;
        if all.is_empty() && maker.made[at] != Made::As(id) {
            all = Rc::new(BTreeSet::from([id]));
        }
        first[at] = all;
    }
    first
}
