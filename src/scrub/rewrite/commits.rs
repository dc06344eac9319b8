//! New commits, each behind those that it names.

use std::collections::HashMap;

use gix::ObjectId;
use gix::objs::Kind;

use super::Options;
use super::build::{Builder, Root};
use super::commit::{Commit, assemble, unsigned};
use super::graph::Graph;
use super::headers;
use super::mentions::{Ids, replaced};
use super::notes::Notes;
use super::pack::{Deflater, Writer, id_of};
use super::prune::Prune;
use super::sign::Signatures;
use crate::parallel::map_runs;
use crate::scrub::{Changes, ScrubError};

/// Commits from which on a second thread pays.
const WORTH: usize = 256;
/// Commits that wait to be compressed.
const BATCH: usize = 4096;

/// The words of all commits, and what they mention.
pub(super) struct Texts {
    pub(super) ids: Ids,
    /// The new text of each commit, `None` where it stays.
    changed: Vec<Option<Vec<u8>>>,
    /// The commits that each mentions.
    pub(super) mentions: Vec<Vec<u32>>,
}

impl Texts {
    /// Shows the text of every commit to the changes.
    pub(super) fn read(
        graph: &Graph,
        changes: &dyn Changes,
        hash: gix::hash::Kind,
    ) -> Result<Self, ScrubError> {
        let ids = Ids::new(graph.commits.iter().map(|commit| commit.id), hash);
        let read = map_runs(&graph.commits, WORTH, |_, run| {
            let read = |commit: &Commit| {
                let changed = headers::changed(&commit.text, changes)?;
                let text = changed.as_deref().unwrap_or(&commit.text);
                let mentions = ids.mentioned(Commit::message(text));
                let mentions = mentions.into_iter().map(|(_, number)| number).collect::<Vec<_>>();
                Ok((changed, mentions))
            };
            run.iter().map(read).collect::<Result<Vec<_>, ScrubError>>()
        });
        let read = read.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (changed, mentions) = read.into_iter().flatten().unzip();
        Ok(Self { ids, changed, mentions })
    }
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Not made yet.
    Pending,
    /// It has this id now, which may be its own.
    As(ObjectId),
    /// It is left out; the commit with this number is in its place, where one does.
    Pruned(Option<u32>),
}

/// Makes commits.
pub(super) struct Maker<'m> {
    graph: &'m Graph,
    texts: &'m Texts,
    changes: &'m dyn Changes,
    writer: &'m Writer,
    hash: gix::hash::Kind,
    pub(super) made: Vec<Made>,
    pub(super) signatures: Signatures<'m>,
    waiting: Vec<(ObjectId, Vec<u8>)>,
}

impl<'m> Maker<'m> {
    pub(super) fn new(
        graph: &'m Graph,
        texts: &'m Texts,
        changes: &'m dyn Changes,
        writer: &'m Writer,
        hash: gix::hash::Kind,
        signatures: Signatures<'m>,
    ) -> Self {
        let made = vec![Made::Pending; graph.commits.len()];
        Self { graph, texts, changes, writer, hash, made, signatures, waiting: Vec::new() }
    }

    /// The new id of a commit; `None` where it is left out or not made yet.
    pub(super) fn new_id(&self, commit: u32) -> Option<ObjectId> {
        match self.made[commit as usize] {
            Made::As(id) => Some(id),
            Made::Pending | Made::Pruned(_) => None,
        }
    }

    /// What is in the place of a commit: it itself, unless it is left out.
    pub(super) fn survivor(&self, commit: u32) -> Option<u32> {
        match self.made[commit as usize] {
            Made::Pruned(other) => other,
            Made::As(_) | Made::Pending => Some(commit),
        }
    }

    /// Which of the commits in this order will change: each whose tree or words differ, and all behind it.
    pub(super) fn will_change(&self, builder: &Builder<'_>, order: &[u32]) -> Vec<bool> {
        let mut change = vec![false; self.graph.commits.len()];
        for &commit in order {
            let at = commit as usize;
            change[at] = builder.is_dirty(self.graph.commits[at].tree)
                || self.texts.changed[at].is_some()
                || self.graph.parents[at].iter().any(|&parent| change[parent as usize])
                || self.texts.mentions[at].iter().any(|&mention| change[mention as usize]);
        }
        change
    }

    /// Makes the commits that are not of notes.
    pub(super) fn ordinary(
        &mut self,
        order: &[u32],
        change: &[bool],
        roots: &HashMap<(ObjectId, bool), Root>,
        with_attributes: &dyn Fn(u32) -> bool,
        options: &Options<'_>,
    ) -> Result<(), ScrubError> {
        let mut prune = options.prune_empty.then(|| Prune::new(self.graph, self.hash));
        for &commit in order {
            let at = commit as usize;
            let own = &self.graph.commits[at];
            let root = roots.get(&(own.tree, change[at] && with_attributes(commit)));
            let root = root.copied().unwrap_or(Root { plain: own.tree, tree: own.tree });
            if !change[at] {
                self.made[at] = Made::As(own.id);
                if let Some(prune) = &mut prune {
                    prune.keep(commit, root.plain, self.graph.parents[at].clone());
                }
                continue;
            }
            let mut parents: Vec<u32> = self.graph.parents[at].clone();
            if let Some(prune) = &mut prune {
                match prune.judge(commit, root.plain, |parent| self.survivor(parent)) {
                    Ok(kept) => parents = kept,
                    Err(survivor) => {
                        self.made[at] = Made::Pruned(survivor);
                        continue;
                    }
                }
            }
            self.make(commit, root.tree, &parents, true)?;
        }
        self.flush()
    }

    /// Makes the commits of notes, whose trees name other commits.
    pub(super) fn notes(&mut self, order: &[u32], notes: &mut Notes<'_>) -> Result<(), ScrubError> {
        for &commit in order {
            let tree = self.graph.commits[commit as usize].tree;
            let new = notes.tree(tree, &|id| match self.made
                [*self.graph.numbers.get(&id)? as usize]
            {
                Made::As(id) => Some(Some(id)),
                Made::Pruned(_) => Some(None),
                Made::Pending => None,
            })?;
            let parents = self.graph.parents[commit as usize].clone();
            self.make(commit, new, &parents, false)?;
        }
        self.flush()
    }

    fn make(
        &mut self,
        commit: u32,
        tree: ObjectId,
        parents: &[u32],
        mentions: bool,
    ) -> Result<(), ScrubError> {
        let at = commit as usize;
        let own = &self.graph.commits[at];
        let parents: Vec<ObjectId> =
            parents.iter().filter_map(|&parent| self.new_id(parent)).collect();
        let mut text = self.texts.changed[at].as_deref().unwrap_or(&own.text).to_vec();
        if mentions && !self.texts.mentions[at].is_empty() {
            let start = text.len() - Commit::message(&text).len();
            let message = &text[start..];
            let mentioned = self.texts.ids.mentioned(message);
            let message = replaced(message, &mentioned, |number| self.new_id(number));
            text.truncate(start);
            text.extend_from_slice(&message);
        }
        if tree == own.tree && parents == own.parents && *text == *own.text {
            self.made[at] = Made::As(own.id);
            return Ok(());
        }
        let mut stripped = Vec::new();
        let stays = |id: ObjectId| match self.graph.numbers.get(&id) {
            Some(&number) => self.new_id(number) == Some(id),
            None => true,
        };
        let text = unsigned(own.id, &text, self.changes, stays, &mut stripped);
        let bytes = self.signatures.commit(assemble(tree, &parents, &text), stripped)?;
        let id = id_of(self.hash, Kind::Commit, &bytes)?;
        self.made[at] = Made::As(id);
        self.waiting.push((id, bytes));
        if self.waiting.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ScrubError> {
        let waiting = std::mem::take(&mut self.waiting);
        let written = map_runs(&waiting, WORTH, |_, run| {
            let mut deflater = Deflater::default();
            run.iter().try_for_each(|(id, bytes)| {
                self.writer.add_known(&mut deflater, Kind::Commit, bytes, *id, None).map(drop)
            })
        });
        written.into_iter().collect()
    }
}
