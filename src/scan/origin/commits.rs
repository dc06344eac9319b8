//! All commits, parents before children, and what each has that its parents have not.
//!
//! One pass answers for every object at once: when it came, at which path, which commit has it last, and what leads there.
//! It rests on one invariant: **the place of a commit in [`History`] is greater than that of each of its parents**. So a
//! commit's folders are compared when those of its parents are known, the first commit that has an object is met first, and
//! marks of refs flow to all ancestors in one walk back. `git rev-list --topo-order --reverse` gives that order; by dates
//! alone git may list a child before its parent, where a clock was wrong.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::CommitRef;

use super::reach::{Marks, Refs};
use super::trail::Trail;
use super::trees::{Folder, Names, Trees, differing, holds, holds_at};
use super::{Commit, Origin, Standing};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::scan::ids::IdMap;

/// Bytes of a commit that is read at most.
const MAX_COMMIT: u64 = 32 << 20;
/// Characters of the first line of a message that are told.
const MAX_SUBJECT: usize = 200;
/// Entries of two trees that are compared at most.
const MAX_COMPARED: usize = 5_000_000;

/// A commit among all.
struct Node {
    id: ObjectId,
    /// Where its parents are among them; those that are not here are left out.
    parents: Vec<usize>,
    tree: ObjectId,
    marks: Marks,
}

/// All commits that are here, parents before children.
pub(super) struct History<'d> {
    database: &'d Database<'d>,
    nodes: Vec<Node>,
    /// Why git could not list what refs and reflogs lead to.
    pub(super) unfollowed: Option<String>,
}

impl<'d> History<'d> {
    /// Lists the commits that refs and reflogs lead to, then those of `more` that git did not list.
    ///
    /// Replacements are off: a replaced commit would be listed with the parents and the tree of another, and what only the
    /// real one has would come from nowhere.
    ///
    /// # Errors
    /// git cannot be run or lists in a form that is not known; or a commit of `more` is damaged. That git gives up on a ref
    /// which leads to nothing is no error: see [`Self::unfollowed`].
    pub(super) fn list(
        repository: &Repository,
        database: &'d Database<'d>,
        refs: &Refs,
        more: &[ObjectId],
    ) -> Result<Self, GitError> {
        let list = ["--no-replace-objects", "rev-list", "--topo-order", "--reverse"];
        let list = list.iter().chain(&["--format=%T %P", "--all", "--reflog"]);
        // A ref that leads to what is not here makes git give up; then what is here is put in order without it.
        let (listed, unfollowed) = match repository.git.run(list) {
            Ok(listed) => (listed, None),
            Err(GitError::Failed { message, .. }) => (Vec::new(), Some(message)),
            Err(error) => return Err(error),
        };
        let mut history = Self { database, nodes: Vec::new(), unfollowed };
        let mut places = IdMap::default();
        let mut lines = listed.lines();
        while let (Some(commit), Some(fields)) = (lines.next(), lines.next()) {
            let id = commit.strip_prefix(b"commit ").unwrap_or_default();
            let mut ids = fields.fields().map(ObjectId::from_hex);
            let (Ok(id), Some(Ok(tree))) = (ObjectId::from_hex(id), ids.next()) else {
                return Err(GitError::read("git listed commits in an unknown form"));
            };
            let parents: Vec<_> = ids.flatten().collect();
            history.add(&mut places, id, tree, &parents, Marks::REFLOG);
        }
        history.add_more(&mut places, more)?;
        for (id, marks) in &refs.commits {
            if let Some(&at) = places.get(id) {
                history.nodes[at].marks.add(*marks);
            }
        }
        // What leads to a commit leads to its parents. A reflog is of interest where nothing else does.
        for at in (0..history.nodes.len()).rev() {
            let Node { marks, parents, .. } = &history.nodes[at];
            let (marks, parents) = (*marks, parents.clone());
            for parent in parents {
                history.nodes[parent].marks.add(marks);
            }
        }
        Ok(history)
    }

    fn add(
        &mut self,
        places: &mut IdMap<ObjectId, usize>,
        id: ObjectId,
        tree: ObjectId,
        parents: &[ObjectId],
        marks: Marks,
    ) {
        let parents = parents.iter().filter_map(|parent| places.get(parent).copied()).collect();
        places.insert(id, self.nodes.len());
        self.nodes.push(Node { id, parents, tree, marks });
    }

    /// Adds commits that git did not list, each after its parents.
    ///
    /// A walk in depth with an explicit stack, as histories are deeper than a thread's stack: a commit is put back as
    /// `ready` below its missing parents, and added when it comes up again. Only parents among `more` are waited for: those
    /// that are not here never come. git has no such order for what nothing leads to.
    fn add_more(
        &mut self,
        places: &mut IdMap<ObjectId, usize>,
        more: &[ObjectId],
    ) -> Result<(), GitError> {
        let mut more: Vec<_> = more.iter().filter(|id| !places.contains_key(*id)).collect();
        more.sort_unstable();
        let wanted: HashSet<_> = more.iter().copied().collect();
        for &start in &more {
            let mut open = vec![(*start, false)];
            while let Some((id, ready)) = open.pop() {
                if places.contains_key(&id) {
                    continue;
                }
                let Some(bytes) = self.database.commit(id, MAX_COMMIT)? else { continue };
                let Ok(commit) = CommitRef::from_bytes(&bytes, id.kind()) else { continue };
                let parents: Vec<_> = commit.parents().collect();
                if ready {
                    self.add(places, id, commit.tree(), &parents, Marks::default());
                } else {
                    open.push((id, true));
                    let missing = parents.into_iter().filter(|parent| wanted.contains(parent));
                    open.extend(missing.map(|parent| (parent, false)));
                }
            }
        }
        Ok(())
    }

    /// Follows every object through all commits.
    ///
    /// A folder ([`Folder`]) holds only what leads to a target, and `None` is a tree without any. So an unchanged folder is
    /// the same pointer in parent and child, and a commit costs what it changed, not what it has.
    ///
    /// The order of the steps matters: `first` needs the parents' folders, so commits go from old to new. `last` is told by
    /// a child that has the object no more, or by a tip that still has it; so tips are taken after all commits. Trees
    /// that a ref leads to without a commit come last, as they add paths and bring no commit.
    ///
    /// # Errors
    /// A tree of a commit, or a commit that is told, is damaged; or the object database cannot be read.
    pub(super) fn trace(
        &self,
        refs: &Refs,
        trees: &mut Trees<'_>,
    ) -> Result<HashMap<ObjectId, Origin>, GitError> {
        let mut trails: Vec<Trail> = Vec::new();
        trails.resize_with(trees.targets.numbers.len(), Trail::default);
        let mut folders: Vec<Option<Folder>> = Vec::with_capacity(self.nodes.len());
        let mut is_tip = vec![true; self.nodes.len()];
        // The youngest first: git stores older trees as deltas of younger ones, which the database then remembers.
        for node in self.nodes.iter().rev() {
            trees.folder(node.tree)?;
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let own = trees.folder(node.tree)?;
            self.compare(at, own.as_ref(), &folders, &trees.names, &mut trails);
            folders.push(own);
            if let Some(&target) = trees.targets.numbers.get(&node.tree) {
                self.is_top(at, &mut trails[target], Some(node.id) == refs.head);
            }
            if let Some(&target) = trees.targets.numbers.get(&node.id) {
                trails[target].first = Some((at, Vec::new()));
                trails[target].last = Some((at, Vec::new()));
                trails[target].marks.add(node.marks);
            }
            node.parents.iter().for_each(|&parent| is_tip[parent] = false);
        }
        for (at, folder) in folders.iter().enumerate().filter(|&(at, _)| is_tip[at]) {
            each(&trees.names, folder.as_ref(), None, &mut |target, path| {
                trails[target].is_in(at, path);
                trails[target].is_at(at, path);
            });
        }
        for (id, marks) in &refs.trees {
            let folder = trees.folder(*id)?;
            each(&trees.names, folder.as_ref(), None, &mut |target, path| {
                trails[target].marks.add(*marks);
                trails[target].add_path(path, None, *marks);
            });
        }
        let head = self.nodes.iter().position(|node| Some(node.id) == refs.head);
        each(
            &trees.names,
            head.and_then(|head| folders[head].as_ref()),
            None,
            &mut |target, path| {
                trails[target].is_at_head(path);
            },
        );
        let mut told = HashMap::new();
        let mut tell = |at: Option<usize>, path: &[u8]| -> Result<Option<Commit>, GitError> {
            let Some(at) = at else { return Ok(None) };
            let commit = match told.entry(at) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.commit(at)?),
            };
            Ok(commit.clone().map(|commit| Commit { path: path.to_vec(), ..commit }))
        };
        let mut origins = HashMap::new();
        for (&id, &target) in &trees.targets.numbers {
            let mut trail = std::mem::take(&mut trails[target]);
            if let Some(&marks) = refs.direct.get(&id) {
                trail.add_to_all(marks);
            }
            let reach = |marks: Marks| {
                let mut reach = refs.reach(marks);
                reach.index = refs.staged.contains(&id);
                reach
            };
            let mut end = |at: &Option<(usize, Vec<u8>)>| match at {
                Some((at, path)) => tell(Some(*at), path),
                None => Ok(None),
            };
            let mut origin = Origin {
                introduced: end(&trail.first)?,
                last: end(&trail.last)?,
                paths: Vec::new(),
                is_link: trees.symlinks.contains(&target),
                at_head: trail.at_head,
                reach: reach(trail.marks),
            };
            for (path, at) in trail.paths {
                origin.paths.push(match trail.has_more {
                    true => Standing {
                        path,
                        introduced: origin.introduced.clone(),
                        last: origin.last.clone(),
                        at_head: origin.at_head,
                        reach: origin.reach.clone(),
                    },
                    false => Standing {
                        introduced: tell(at.first, &path)?,
                        last: tell(at.last, &path)?,
                        at_head: at.at_head,
                        reach: reach(at.marks),
                        path,
                    },
                });
            }
            origins.insert(id, origin);
        }
        Ok(origins)
    }

    /// A commit's own tree is asked for. [`Self::compare`] looks at what trees name, and mostly none names this one.
    fn is_top(&self, at: usize, trail: &mut Trail, is_head: bool) {
        let Node { parents, tree, marks, .. } = &self.nodes[at];
        let is_new = !parents.iter().any(|&parent| self.nodes[parent].tree == *tree);
        if is_new {
            trail.add_path(b"", Some(at), *marks);
            trail.first.get_or_insert((at, Vec::new()));
        }
        trail.marks.add(*marks);
        trail.is_at(at, b"");
        trail.is_in(at, b"");
        if is_head {
            trail.is_at_head(b"");
        }
    }

    /// Compares a commit with its parents.
    ///
    /// What is new against the *first* parent is asked of the others too: a merge brings nothing that one of its sides had,
    /// as `git log` sees it. What a parent had and the commit has not ends there, for each parent by itself. An object that
    /// moved has a new path and the same `first`: it was held, at another path.
    fn compare(
        &self,
        at: usize,
        own: Option<&Folder>,
        folders: &[Option<Folder>],
        names: &Names,
        trails: &mut [Trail],
    ) {
        let Node { parents, marks, .. } = &self.nodes[at];
        let mut come: Vec<(usize, Vec<u8>)> = Vec::new();
        let first = parents.first().and_then(|&parent| folders[parent].as_ref());
        each(names, own, first, &mut |target, path| come.push((target, path.to_vec())));
        for (target, path) in come {
            let trail = &mut trails[target];
            let parents = || parents.iter().map(|&parent| folders[parent].as_ref());
            if !parents().any(|folder| holds_at(folder, names, &path, target)) {
                trail.add_path(&path, Some(at), *marks);
            }
            let held = parents().any(|folder| holds(folder, target));
            if !held {
                trail.marks.add(*marks);
                trail.first.get_or_insert((at, path));
            }
        }
        for &parent in parents {
            each(names, folders[parent].as_ref(), own, &mut |target, path| {
                trails[target].is_at(parent, path);
                if !holds(own, target) {
                    trails[target].is_in(parent, path);
                }
            });
        }
    }

    /// A commit as it is told, without a path.
    fn commit(&self, at: usize) -> Result<Option<Commit>, GitError> {
        let id = self.nodes[at].id;
        let Some(bytes) = self.database.commit(id, MAX_COMMIT)? else { return Ok(None) };
        let told = CommitRef::from_bytes(&bytes, id.kind()).ok();
        let author = told.as_ref().and_then(|commit| commit.author().ok());
        let message = bytes.find(b"\n\n").map_or(&[][..], |at| &bytes[at + 2..]);
        let line = message.split(|&byte| byte == b'\n').next().unwrap_or_default();
        Ok(Some(Commit {
            id,
            author: author.map(|author| author.name.to_vec()).unwrap_or_default(),
            mail: author.map(|author| author.email.to_vec()).unwrap_or_default(),
            time: author.and_then(|author| author.time().ok()).map_or(0, |time| time.seconds),
            subject: String::from_utf8_lossy(line).chars().take(MAX_SUBJECT).collect(),
            path: Vec::new(),
        }))
    }
}

/// Calls `each` with what `own` has and `other` has not at the same path.
fn each(
    names: &Names,
    own: Option<&Folder>,
    other: Option<&Folder>,
    each: &mut dyn FnMut(usize, &[u8]),
) {
    let mut left = MAX_COMPARED;
    differing(own, other, names, &mut Vec::new(), &mut left, each);
}
