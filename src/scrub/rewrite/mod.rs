//! Makes a new history of an old one: each distinct tree and blob is looked at once, only what changes is written, into one new
//! pack. No ref moves.

mod blobs;
mod build;
mod commit;
mod commits;
mod context;
mod decide;
mod delta;
#[doc(hidden)]
pub mod fuzzed;
mod graph;
mod headers;
mod index;
mod mentions;
mod notes;
mod pack;
mod places;
mod prune;
mod refs;
mod run;
mod sign;
mod source;
mod tag;
mod tree;
mod walk;

use gix::ObjectId;

use crate::git::signing::Signer;

pub use pack::Pack;
pub use run::rewrite;

/// Bytes of an object that is still rewritten: 512 MiB. It is held in memory as a whole.
pub const LARGEST: u64 = 512 << 20;

/// What is asked of a rewrite besides the changes.
#[derive(Clone, Debug, Default)]
pub struct Options<'s> {
    /// Commits that changed something and then change nothing any more are left out, as by git-filter-repo's
    /// `--prune-empty=auto` and `--prune-degenerate=auto`.
    pub prune_empty: bool,
    /// Everything is done, but nothing written.
    pub dry_run: bool,
    /// Commits that no ref names and that should be mapped too, with all before them: a linked worktree's `HEAD`.
    pub more: Vec<ObjectId>,
    /// Signs what was signed before and changes.
    pub sign: Option<&'s Signer>,
}

/// What becomes of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefChange {
    /// Its name; `HEAD` only where it is detached.
    pub name: Vec<u8>,
    /// Its new name.
    pub new_name: Vec<u8>,
    /// What it names.
    pub old: ObjectId,
    /// What it is to name; `None` where that is left out and the ref goes.
    pub new: Option<ObjectId>,
    /// The ref that a symbolic one leads to, by its new name.
    pub symbolic: Option<Vec<u8>>,
    /// The first changed commits on the way to it (old ids), sorted: no commit before them changes.
    pub first_changed: Vec<ObjectId>,
}

impl RefChange {
    /// Whether it gets another name or names something else.
    pub fn is_changed(&self) -> bool {
        self.new != Some(self.old) || self.name != self.new_name
    }
}

/// What was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signed {
    /// A commit.
    Commit,
    /// A tag.
    Tag,
    /// A tag that was merged, in the commit that did so.
    Mergetag,
}

/// A signature of an object that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stripped {
    /// What was signed.
    pub signed: Signed,
    /// The object that it stood in (old id).
    pub id: ObjectId,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commits that are other ones now.
    pub commits: u64,
    /// Commits that are left out.
    pub pruned: u64,
    /// New trees.
    pub trees: u64,
    /// New blobs.
    pub blobs: u64,
    /// Annotated tags that are other ones now.
    pub tags: u64,
    /// Bytes of the new pack.
    pub bytes: u64,
}

/// A new history, beside the old one.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// Every ref, sorted by its old name.
    pub refs: Vec<RefChange>,
    /// Every commit that a ref leads to, parents first, with its new id; `None` where it is left out.
    pub commits: Vec<(ObjectId, Option<ObjectId>)>,
    /// Every annotated tag, with its new id; `None` where what it names is left out.
    pub tags: Vec<(ObjectId, Option<ObjectId>)>,
    /// Signatures that did not survive, sorted.
    pub stripped: Vec<Stripped>,
    /// Signatures that were made again with the user's key, sorted; in a dry run those that would be.
    pub renewed: Vec<Stripped>,
    /// How much was written.
    pub counts: Counts,
    /// The new reflog of `refs/stash`, as its file should be; `None` where it stays or there is none.
    pub stash_log: Option<Vec<u8>>,
    /// Commits that only a reflog leads to, and that are not rewritten: they keep what was in them until the reflogs go.
    pub unnamed: Vec<ObjectId>,
    /// Notes of commits that are left out; they are left out too.
    pub notes_dropped: u64,
    /// The new objects; `None` where there are none, or nothing was to be written.
    pub pack: Option<Pack>,
}
