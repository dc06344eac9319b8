//! Where an object came from: the commit that brought it, the last that has it, the refs that lead to it.
//!
//! Asked for the few objects with hits only. Each tree is read once, and those without such an object are forgotten; then
//! every commit is compared with its parents by what is left of their trees ([`trees`]).

mod commits;
pub mod memory;
mod reach;
mod told;
mod trail;
mod trees;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use gix::ObjectId;

use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::scan::walk::objects::Packs;
use commits::History;
use memory::State;
use reach::Refs;
use trees::Trees;

/// Paths that are remembered of an object at most.
const MAX_PATHS: usize = 16;

/// Where one object came from and where it still is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The first commit that has it and has no parent with it; for a commit, itself.
    pub introduced: Option<Commit>,
    /// The last commit that has it, in topological order.
    pub last: Option<Commit>,
    /// The paths under which commits brought it, sorted, [`MAX_PATHS`] at most.
    pub paths: Vec<Standing>,
    /// Whether it is where a symbolic link leads, and no file.
    pub is_link: bool,
    /// Whether the tree of `HEAD` has it.
    pub at_head: bool,
    /// What leads to a commit that has it.
    pub reach: Reach,
}

/// One path of an object. Where there are more than are remembered, what is said of each is what is true of all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The path, from the top.
    pub path: Vec<u8>,
    /// The first commit that has it there and has no parent that does.
    pub introduced: Option<Commit>,
    /// The last commit that has it there, in topological order.
    pub last: Option<Commit>,
    /// Whether the tree of `HEAD` has it there.
    pub at_head: bool,
    /// What leads to a commit that has it there.
    pub reach: Reach,
}

/// A commit in a report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Who wrote it, as the commit says: anybody may write anything there.
    pub author: Vec<u8>,
    /// Their mail address.
    pub mail: Vec<u8>,
    /// When, in seconds since 1970.
    pub time: i64,
    /// The first line of its message, shortened.
    pub subject: String,
    /// The path at which it has the object; empty where the object is the commit itself.
    pub path: Vec<u8>,
}

/// What leads to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Names of refs, 64 at most: branches before remote-tracking refs, tags and others.
    pub refs: Arc<Vec<Vec<u8>>>,
    /// `HEAD`, of any worktree.
    pub head: bool,
    /// A branch.
    pub branch: bool,
    /// A remote-tracking ref: it has been pushed, or came from there.
    pub remote: bool,
    /// A tag.
    pub tag: bool,
    /// A stash, also an older one.
    pub stash: bool,
    /// A ref of another kind, such as notes.
    pub other: bool,
    /// A reflog, and no ref.
    pub reflog: bool,
    /// The index of a worktree.
    pub index: bool,
}

impl Reach {
    /// Whether nothing leads to it: git will remove it some day, and has it until then.
    pub fn is_dangling(&self) -> bool {
        let refs = self.head || self.branch || self.remote || self.tag || self.stash || self.other;
        !(refs || self.reflog || self.index)
    }
}

/// Where objects came from.
#[derive(Debug, Default)]
pub struct Traced {
    /// For each object what is known of it.
    pub origins: HashMap<ObjectId, Origin>,
    /// Why git could not follow all refs and reflogs: then something may be missing from what is known.
    pub unfollowed: Option<String>,
}

/// Where a scan of everything keeps what it finds out, for the next one.
pub struct Memory<'a> {
    /// The file.
    pub path: PathBuf,
    /// A hash of the ids of all objects that are here.
    pub objects: [u8; 32],
    /// Is told if nothing can be kept.
    pub progress: &'a dyn Progress,
}

/// Finds out where these objects came from: blobs, trees, commits and tags. `commits` are those that are known to be here
/// whether a ref leads to them or not (see [`crate::scan::walk::objects::Walked::commits`]); `packs` are those of the same walk. With a
/// memory, what an earlier scan has found out is true as long as nothing has changed.
///
/// # Errors
/// The refs cannot be listed, or an object is damaged. An object that is not here is passed over.
pub fn trace(
    repository: &Repository,
    targets: &[ObjectId],
    commits: &[ObjectId],
    packs: Packs,
    memory: Option<&Memory<'_>>,
) -> Result<Traced, GitError> {
    if targets.is_empty() {
        return Ok(Traced::default());
    }
    let database = Database::open(repository)?;
    let refs = Refs::list(&database)?;
    let mut state = None;
    if let Some(memory) = memory {
        state = State::now(repository, &memory.objects, targets, &refs)?;
        if let Some(origins) = state.and_then(|state| state.recall(&memory.path)) {
            return Ok(Traced { origins, unfollowed: None });
        }
    }
    let history = History::list(repository, &database, &refs, commits)?;
    let mut trees = Trees::new(&database, targets, packs);
    let origins = history.trace(&refs, &mut trees)?;
    let missing = || Some(format!("a ref leads to {}, which is not here", refs.missing?));
    let unfollowed = history.unfollowed.or_else(missing);
    if let (Some(state), Some(Memory { path, progress, .. }), None) = (state, memory, &unfollowed)
        && let Err(error) = state.keep(path, &origins)
    {
        progress.detail(&format!("the next scan will be no faster: {error}"));
    }
    Ok(Traced { origins, unfollowed })
}
