//! Which commits are left out because nothing is left of them: as git-filter-repo judges it with `--prune-empty=auto` and
//! `--prune-degenerate=auto`.

use gix::ObjectId;

use super::graph::Graph;

/// The new history as far as it is made.
pub(super) struct Prune<'g> {
    graph: &'g Graph,
    /// The tree of each commit, without attributes that were put in.
    trees: Vec<ObjectId>,
    /// The parents of each that is not left out.
    parents: Vec<Vec<u32>>,
    pruned: Vec<bool>,
    empty: ObjectId,
}

impl<'g> Prune<'g> {
    pub(super) fn new(graph: &'g Graph, hash: gix::hash::Kind) -> Self {
        let count = graph.commits.len();
        let empty = ObjectId::empty_tree(hash);
        let (trees, parents) = (vec![empty; count], vec![Vec::new(); count]);
        Self { graph, trees, parents, pruned: vec![false; count], empty }
    }

    /// Notes a commit that is there in the new history.
    pub(super) fn keep(&mut self, commit: u32, tree: ObjectId, parents: Vec<u32>) {
        self.trees[commit as usize] = tree;
        self.parents[commit as usize] = parents;
    }

    /// The parents of a commit with this new tree; an error with what is in its place where it is left out.
    pub(super) fn judge(
        &mut self,
        commit: u32,
        tree: ObjectId,
        survivor: impl Fn(u32) -> Option<u32>,
    ) -> Result<Vec<u32>, Option<u32>> {
        let at = commit as usize;
        let original = &self.graph.parents[at];
        let (parents, only) = self.trimmed(original, &survivor);
        self.trees[at] = tree;
        let first = parents.first().map(|&first| self.trees[first as usize]);
        let unchanged = tree == first.unwrap_or(self.empty);
        if self.is_prunable(at, tree, &parents, only, unchanged) {
            self.pruned[at] = true;
            let survivor = only.or(parents.first().copied());
            return Err(survivor);
        }
        self.parents[at].clone_from(&parents);
        Ok(parents)
    }

    fn is_prunable(
        &self,
        at: usize,
        tree: ObjectId,
        parents: &[u32],
        only: Option<u32>,
        unchanged: bool,
    ) -> bool {
        if parents.len() >= 2 && only.is_none() {
            return false;
        }
        let original = &self.graph.parents[at];
        let own = self.graph.commits[at].tree;
        let before = original.first().map(|&parent| self.graph.commits[parent as usize].tree);
        if parents.len() < 2 {
            if own == before.unwrap_or(self.empty) {
                // What began empty goes only with what it stood on.
                let lost = parents.len() < original.len()
                    || (original.len() == 1 && self.pruned[original[0] as usize]);
                return unchanged && lost;
            }
            if unchanged {
                return true;
            }
        }
        let parent = only.or(parents.first().copied());
        parent.is_some_and(|parent| self.trees[parent as usize] == tree)
    }

    /// The parents without those that are gone and those that another leads to since commits were left out. Where this would
    /// make no merge of a merge, all stay, and the one that would be left is told too.
    fn trimmed(
        &self,
        original: &[u32],
        survivor: &impl Fn(u32) -> Option<u32>,
    ) -> (Vec<u32>, Option<u32>) {
        let there = original.iter().filter_map(|&parent| Some((survivor(parent)?, parent)));
        let there: Vec<(u32, u32)> = there.collect();
        let all: Vec<u32> = there.iter().map(|&(new, _)| new).collect();
        if all.len() < 2 {
            return (all, None);
        }
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for (new, old) in there {
            let seen = kept.iter().any(|&(other, _)| other == new);
            if !seen || !self.pruned[old as usize] {
                kept.push((new, old));
            }
        }
        if kept.len() < 2 {
            let only = all.first().copied();
            return (all, only);
        }
        let redundant = |&(new, old): &(u32, u32)| {
            self.pruned[old as usize]
                && kept.iter().any(|&(other, other_old)| {
                    (other, other_old) != (new, old)
                        && leads_to(&self.parents, other, new)
                        && !leads_to(&self.graph.parents, other_old, old)
                })
        };
        let kept: Vec<u32> =
            kept.iter().filter(|parent| !redundant(parent)).map(|&(new, _)| new).collect();
        match kept[..] {
            [only] => (all, Some(only)),
            [] => (all, None),
            _ => (kept, None),
        }
    }
}

/// Whether one commit is another or comes after it.
fn leads_to(parents: &[Vec<u32>], from: u32, to: u32) -> bool {
    let mut open = vec![from];
    let mut seen = std::collections::HashSet::new();
    while let Some(commit) = open.pop() {
        if commit == to {
            return true;
        }
        if seen.insert(commit) {
            open.extend(&parents[commit as usize]);
        }
    }
    false
}
