//! What a walk shows: a text with hits and what it is, what was left out, and how much there was.

use gix::ObjectId;
use gix::objs::Kind;

use crate::detect::LocatedHit;

/// Bytes of an object that is still held in memory as a whole; a larger one is looked at piece by piece.
pub const IN_MEMORY: u64 = 32 << 20;
/// Text that is no object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherText {
    /// The name of a ref.
    RefName,
    /// A message of a reflog, where refs are kept in tables and not in files.
    Reflog,
    /// A file in git's folder, by its path below that which all worktrees share: configuration with the URLs of remotes and
    /// submodules, reflogs, messages that were begun, hooks, patches and conflicts that wait.
    GitFile(Vec<u8>),
    /// A path in the index that `HEAD` does not have like that.
    StagedPath,
    /// The path that a commit of the scope gave a file.
    Path,
    /// A file of the worktree, by its path.
    Worktree(Vec<u8>),
    /// The path of a file of the worktree.
    WorktreePath,
}

/// What a text with hits is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An object. Of commits and tags the text is all of it, headers too: see [`crate::scan::walk::places::part_of`].
    Object {
        /// Its id.
        id: ObjectId,
        /// Blob, commit or tag.
        kind: Kind,
    },
    /// The name of a file or folder, without those of the folders above it.
    Name {
        /// A tree that has it.
        tree: ObjectId,
    },
    /// Text that is no object.
    Other(OtherText),
}

/// A text with hits, while it is in memory.
pub struct Seen<'t> {
    /// What it is.
    pub source: Source,
    /// The text, or a piece of it where it is large. Places of hits count from its beginning.
    pub text: &'t [u8],
    /// Bytes before the piece.
    pub start: u64,
    /// Ends of lines before the piece.
    pub lines: u64,
    /// Characters before the piece on the line that it begins in.
    pub columns: u64,
    /// What was found in it, at least one; in an order that does not depend on how the object is stored.
    pub found: &'t [LocatedHit],
}

/// Takes each text with hits; called from several threads at once, in no order.
pub type Sink<'a> = dyn Fn(&Seen<'_>) + Sync + 'a;

/// Something that was not looked at, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unread {
    /// What.
    pub what: UnreadThing,
    /// Why.
    pub why: UnreadReason,
}

/// What can be left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnreadThing {
    /// An object.
    Object(ObjectId),
    /// A file or folder, a pack for instance; its path is safe for a terminal.
    File(String),
}

/// Why something was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum UnreadReason {
    /// An object names it, and it is not here: a partial clone, or damage.
    #[error("it is not in this clone")]
    Missing,
    /// It cannot be read.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It is no blob and larger than [`IN_MEMORY`], or a folder in too many others.
    #[error("it is too large to be read")]
    TooLarge,
    /// An archive or encoded part of it could not be read to its end; all else of it was looked at.
    #[error("an archive inside it could not be read to its end")]
    Cut,
    /// A blob of git-lfs stands for content that is not here.
    #[error("its content in git-lfs is not in this clone (git lfs fetch --all)")]
    Outside,
    /// The parents of this commit were cut off when the clone was made.
    #[error("the history before it is not in this shallow clone")]
    Shallow,
}

impl UnreadReason {
    /// Whether it may be a tree, or a file of attributes. What is missing is known by the tree that names it.
    pub(super) fn may_hide_names(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::TooLarge)
    }
}

/// What a walk has done.
#[derive(Debug, Default)]
pub struct Walked {
    /// Objects that were looked at.
    pub objects: u64,
    /// As many of them as are trees.
    pub trees: u64,
    /// As many of them as are annotated tags.
    pub tags: u64,
    /// The bytes of all.
    pub bytes: u64,
    /// As many of them as were matched; the rest are copies.
    pub matched: u64,
    /// As many of the objects as an earlier scan had looked at.
    pub passed: u64,
    /// Every commit that is here, also those that nothing leads to; in no order.
    pub commits: Vec<ObjectId>,
    /// Whether anything here is sealed, or an attributes file says that something should be. A look at everything tells it.
    pub declares_sealing: bool,
    /// What was not looked at, sorted, each once.
    pub unread: Vec<Unread>,
    /// Objects with hits that an earlier scan has found, and that were not looked at.
    pub known: Vec<ObjectId>,
}

impl Walked {
    /// Adds what another part of the walk has done.
    pub(super) fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.trees += other.trees;
        self.tags += other.tags;
        self.bytes += other.bytes;
        self.matched += other.matched;
        self.passed += other.passed;
        self.declares_sealing |= other.declares_sealing;
        self.unread.extend(other.unread);
        self.commits.extend(other.commits);
        self.known.extend(other.known);
    }
}
