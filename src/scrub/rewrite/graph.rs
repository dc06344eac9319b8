//! All commits and tags that something leads to, and the order in which they are made.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;

use super::commit::Commit;
use super::source::Source;
use super::tag::Tag;
use crate::scrub::ScrubError;

/// What refs lead to.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) commits: Vec<Commit>,
    /// The parents of each, by their numbers.
    pub(super) parents: Vec<Vec<u32>>,
    pub(super) numbers: HashMap<ObjectId, u32>,
    /// In the order in which they are made: each behind the one that it names.
    pub(super) tags: Vec<Tag>,
    /// Trees and blobs that a ref or tag names.
    pub(super) trees: Vec<ObjectId>,
    pub(super) blobs: Vec<ObjectId>,
    seen: HashMap<ObjectId, Kind>,
    /// What each tag names.
    targets: HashMap<ObjectId, ObjectId>,
}

impl Graph {
    /// Adds an object with all that it leads to; returns its kind.
    pub(super) fn add(&mut self, source: &mut Source, id: ObjectId) -> Result<Kind, ScrubError> {
        if let Some(&kind) = self.seen.get(&id) {
            return Ok(kind);
        }
        let mut tags = Vec::new();
        let (mut id, first) = (id, id);
        while !self.seen.contains_key(&id) {
            let (kind, _) = source.header(id)?;
            self.seen.insert(id, kind);
            match kind {
                Kind::Commit => self.commit(source, id)?,
                Kind::Tree => self.trees.push(id),
                Kind::Blob => self.blobs.push(id),
                Kind::Tag => {
                    let tag = Tag::parse(id, source.read(id, Kind::Tag)?)?;
                    self.targets.insert(id, tag.target);
                    id = tag.target;
                    tags.push(tag);
                    continue;
                }
            }
            break;
        }
        self.tags.extend(tags.into_iter().rev());
        Ok(self.seen[&first])
    }

    /// What is behind tags.
    pub(super) fn peeled(&self, mut id: ObjectId) -> ObjectId {
        // A tag cannot hold its own id, so this ends.
        while let Some(&target) = self.targets.get(&id) {
            id = target;
        }
        id
    }

    /// The kind of an object that was added.
    pub(super) fn kind(&self, id: ObjectId) -> Kind {
        self.seen.get(&id).copied().unwrap_or(Kind::Commit)
    }

    fn commit(&mut self, source: &mut Source, id: ObjectId) -> Result<(), ScrubError> {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if self.numbers.contains_key(&id) {
                continue;
            }
            let commit = Commit::parse(id, source.read(id, Kind::Commit)?)?;
            let number = u32::try_from(self.commits.len()).map_err(|_| ScrubError::Damaged(id))?;
            self.numbers.insert(id, number);
            open.extend(commit.parents.iter().rev());
            self.commits.push(commit);
        }
        Ok(())
    }

    /// Links commits to their parents; to be called when all are added.
    pub(super) fn link(&mut self) {
        let parents =
            |commit: &Commit| commit.parents.iter().map(|parent| self.numbers[parent]).collect();
        self.parents = self.commits.iter().map(parents).collect();
    }

    /// Which commits these lead to.
    pub(super) fn reachable(&self, tips: impl Iterator<Item = u32>) -> Vec<bool> {
        let mut reached = vec![false; self.commits.len()];
        let mut open: Vec<u32> = tips.collect();
        while let Some(commit) = open.pop() {
            if !std::mem::replace(&mut reached[commit as usize], true) {
                open.extend(&self.parents[commit as usize]);
            }
        }
        reached
    }

    /// All commits, each behind its parents and behind those that its message mentions. A mention that leads back to the
    /// commit itself, which only ids that were made to look so can do, is taken out of `mentions`.
    pub(super) fn order(&self, mentions: &mut [Vec<u32>]) -> Vec<u32> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let count = self.commits.len();
        let mut states = vec![State::New; count];
        let mut order = Vec::with_capacity(count);
        for start in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            let mut open = vec![(start, 0_usize)];
            while let Some((commit, next)) = open.last_mut() {
                let (at, parents) = (*commit as usize, &self.parents[*commit as usize]);
                if *next == 0 && states[at] == State::Done {
                    open.pop();
                    continue;
                }
                states[at] = State::Open;
                let mentioned = next.checked_sub(parents.len());
                let below = match mentioned {
                    None => Some(parents[*next]),
                    Some(mention) => mentions[at].get(mention).copied(),
                };
                *next += 1;
                let Some(below) = below else {
                    states[at] = State::Done;
                    order.push(*commit);
                    open.pop();
                    continue;
                };
                match states[below as usize] {
                    State::Done => {}
                    State::New => open.push((below, 0)),
                    State::Open => {
                        // A parent is never open: an object cannot hold its own id.
                        if let Some(mention) = mentioned {
                            mentions[at].remove(mention);
                            *next -= 1;
                        }
                    }
                }
            }
        }
        order
    }
}
