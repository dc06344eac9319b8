//! What leads where: refs, the heads of all worktrees, and their indexes.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use sha2::{Digest as _, Sha256};

use super::Reach;
use crate::git::GitError;
use crate::git::database::{Database, Peeled};
use crate::git::repository::Repository;

/// Refs that are told by name at most.
pub(super) const MAX_NAMED: usize = 64;

/// What leads to a commit: a bit for each ref that is told by name, and one for each kind of ref.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    named: u64,
    kinds: u8,
}

const HEAD: u8 = 1;
const BRANCH: u8 = 2;
const REMOTE: u8 = 4;
const TAG: u8 = 8;
const STASH: u8 = 16;
const OTHER: u8 = 32;
const REFLOG: u8 = 64;

impl Marks {
    /// What only a reflog leads to.
    pub(super) const REFLOG: Self = Self { named: 0, kinds: REFLOG };

    pub(super) fn add(&mut self, other: Self) {
        self.named |= other.named;
        self.kinds |= other.kinds;
    }
}

/// Everything that leads to an object.
pub(super) struct Refs {
    names: Vec<Vec<u8>>,
    /// The commits that they lead to.
    pub(super) commits: HashMap<ObjectId, Marks>,
    /// Trees that they lead to without a commit.
    pub(super) trees: Vec<(ObjectId, Marks)>,
    /// The objects that they name themselves, and the tags on the way.
    pub(super) direct: HashMap<ObjectId, Marks>,
    /// An object that a ref leads to and that is not here. An old git says nothing of it.
    pub(super) missing: Option<ObjectId>,
    /// The commit of `HEAD`.
    pub(super) head: Option<ObjectId>,
    /// Blobs in the index of a worktree.
    pub(super) staged: HashSet<ObjectId>,
    /// The names of sets of refs, by their marks.
    sets: RefCell<HashMap<u64, Arc<Vec<Vec<u8>>>>>,
}

impl Refs {
    pub(super) fn list(database: &Database<'_>) -> Result<Self, GitError> {
        let repository = database.repository();
        let listed = repository.git.run(["for-each-ref", "--format=%(objectname) %(refname)"])?;
        let mut refs: Vec<(u8, &[u8], ObjectId)> = Vec::new();
        for line in listed.lines() {
            let Some((id, name)) = line.split_once_str(b" ") else { continue };
            let id = ObjectId::from_hex(id).map_err(GitError::read)?;
            refs.push((kind(name), name, id));
        }
        refs.sort_unstable();
        let mut own = Self {
            names: refs.iter().take(MAX_NAMED).map(|(_, name, _)| name.to_vec()).collect(),
            commits: HashMap::new(),
            trees: Vec::new(),
            direct: HashMap::new(),
            missing: None,
            head: None,
            staged: HashSet::new(),
            sets: RefCell::default(),
        };
        for (at, &(kind, _, id)) in refs.iter().enumerate() {
            let named = if at < MAX_NAMED { 1 << at } else { 0 };
            own.lead(database, id, Marks { named, kinds: kind })?;
        }
        own.head = head(repository)?;
        let heads: HashSet<_> = heads(repository)?.into_iter().chain(own.head).collect();
        for head in heads {
            own.lead(database, head, Marks { named: 0, kinds: HEAD })?;
        }
        for worktree in repository.all_worktrees().unwrap_or_default().iter().chain([repository]) {
            if let Ok(index) = worktree.gix.index_or_empty() {
                own.staged.extend(index.entries().iter().map(|entry| entry.id));
            }
        }
        Ok(own)
    }

    fn lead(
        &mut self,
        database: &Database<'_>,
        id: ObjectId,
        marks: Marks,
    ) -> Result<(), GitError> {
        self.direct.entry(id).or_default().add(marks);
        match database.peel(id)? {
            Peeled::Commit(id) => self.commits.entry(id).or_default().add(marks),
            Peeled::Tree(id) => self.trees.push((id, marks)),
            Peeled::Missing(id) => self.missing = self.missing.or(Some(id)),
            Peeled::Blob(_) => {}
        }
        Ok(())
    }

    /// Adds all that decides on what is said of an object.
    pub(super) fn add_to(&self, hasher: &mut Sha256) {
        let number =
            |hasher: &mut Sha256, number: usize| hasher.update((number as u64).to_be_bytes());
        number(hasher, self.names.len());
        for name in &self.names {
            number(hasher, name.len());
            hasher.update(name);
        }
        for led in [&self.commits, &self.direct] {
            let mut led: Vec<_> = led.iter().collect();
            led.sort_unstable_by_key(|(id, _)| **id);
            add_marked(hasher, led.into_iter());
        }
        add_marked(hasher, self.trees.iter().map(|(id, marks)| (id, marks)));
        add_ids(hasher, self.head.iter());
        let mut staged: Vec<_> = self.staged.iter().copied().collect();
        staged.sort_unstable();
        add_ids(hasher, staged.iter());
    }

    /// What marks say.
    pub(super) fn reach(&self, marks: Marks) -> Reach {
        // Few sets of refs lead to many objects.
        let mut sets = self.sets.borrow_mut();
        let names = sets.entry(marks.named).or_insert_with(|| {
            let named = self.names.iter().enumerate();
            let named = named.filter(|(at, _)| marks.named & (1 << at) != 0);
            Arc::new(named.map(|(_, name)| name.clone()).collect())
        });
        let has = |kind| marks.kinds & kind != 0;
        Reach {
            refs: Arc::clone(names),
            head: has(HEAD),
            branch: has(BRANCH),
            remote: has(REMOTE),
            tag: has(TAG),
            stash: has(STASH),
            other: has(OTHER),
            reflog: marks.kinds == REFLOG,
            index: false,
        }
    }
}

/// Adds ids, with their number.
pub(super) fn add_ids<'i>(hasher: &mut Sha256, ids: impl ExactSizeIterator<Item = &'i ObjectId>) {
    hasher.update((ids.len() as u64).to_be_bytes());
    ids.for_each(|id| hasher.update(id.as_bytes()));
}

fn add_marked<'i>(
    hasher: &mut Sha256,
    marked: impl ExactSizeIterator<Item = (&'i ObjectId, &'i Marks)>,
) {
    hasher.update((marked.len() as u64).to_be_bytes());
    for (id, marks) in marked {
        hasher.update(id.as_bytes());
        hasher.update(marks.named.to_be_bytes());
        hasher.update([marks.kinds]);
    }
}

/// The commit of `HEAD`. git says it: in a reftable nothing else reads it.
fn head(repository: &Repository) -> Result<Option<ObjectId>, GitError> {
    let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
    Ok(head.and_then(|head| ObjectId::from_hex(head.as_encoded_bytes()).ok()))
}

/// The commits of the heads of all worktrees, also of those that are not there (git-worktree, "Porcelain format").
fn heads(repository: &Repository) -> Result<Vec<ObjectId>, GitError> {
    let listed = repository.git.run(["worktree", "list", "--porcelain"])?;
    let heads = listed.lines().filter_map(|line| line.strip_prefix(b"HEAD "));
    let heads = heads.filter_map(|id| ObjectId::from_hex(id).ok());
    // That of a branch without commits is zero.
    Ok(heads.filter(|id| !id.is_null()).collect())
}

fn kind(name: &[u8]) -> u8 {
    let kinds: [(&[u8], u8); 4] = [
        (b"refs/heads/", BRANCH),
        (b"refs/remotes/", REMOTE),
        (b"refs/tags/", TAG),
        (b"refs/stash", STASH),
    ];
    kinds.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or(OTHER, |&(_, kind)| kind)
}
