//! Why a history cannot be rewritten, and what keeps a scrub from ending.

use std::sync::Arc;

use gix::ObjectId;

use super::plan::PlanError;
use crate::access::given::GivenError;
use crate::check::banned::BannedError;
use crate::clone::CloneError;
use crate::git::signing::SigningError;
use crate::newer::Newer;
use crate::scan::error::ScanError;

/// Why a history cannot be rewritten, or a scrub not be ended, taken back or proved. What it says was reached before is kept.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// The clone, git or a file cannot be read or written, or another run is at work.
    #[error(transparent)]
    Clone(CloneError),
    /// The list of commits that must not come back cannot be read or written.
    #[error(transparent)]
    Banned(#[from] BannedError),
    /// A key cannot be taken.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// An object that something names is not here.
    #[error("object {0} is not in this clone")]
    Missing(ObjectId),
    /// An object is not what git writes.
    #[error("object {0} is damaged")]
    Damaged(ObjectId),
    /// A file has a sealed value that does not open: which, and why.
    #[error("object {0} has a sealed value that does not open: {1}")]
    Value(ObjectId, String),
    /// An object is larger than what is rewritten in memory.
    #[error("object {id} has {len} bytes; up to {limit} can be rewritten")]
    TooLarge {
        /// Which.
        id: ObjectId,
        /// Its bytes.
        len: u64,
        /// As many as can be.
        limit: u64,
    },
    /// A pattern that somebody typed matches nothing, and others do.
    #[error("nothing was changed: a pattern matches nothing in the history")]
    Idle,
    /// `info/grafts` makes git see another history than the one that is stored.
    #[error("this repository has grafts, which no clone of it sees")]
    Grafts,
    /// A shallow clone lacks the beginning.
    #[error("this clone is shallow: the beginning of its history is not here")]
    Shallow,
    /// A changed name is none that git takes.
    #[error("git does not accept the new name of a {0}")]
    Name(&'static str),
    /// Two refs would have the same name.
    #[error("two refs would both be '{0}'")]
    SameRef(String),
    /// What was signed cannot be signed again.
    #[error("nothing was changed: {0}")]
    Signing(Arc<SigningError>),
    /// What seals or opens a file is not held.
    #[error("a key for blob {0} is not held")]
    Locked(ObjectId),
    /// A value is in what replaces it.
    #[error("in blob {0} every replacement contains a value again")]
    NotGone(ObjectId),
    /// A pattern to seal cannot be in an attributes file.
    #[error("{0}")]
    Pattern(String),
    /// The new pack could not be written.
    #[error("the new pack cannot be written: {0}")]
    Pack(std::io::Error),
    /// This clone is not fit for it.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The values cannot be searched for.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A file cannot be read or written.
    #[error("{doing}: {source}")]
    File {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file of the backup is not what was written.
    #[error("{0} is damaged")]
    DamagedFile(String),
    /// A file is no map of commits.
    #[error("{0} is no map of commits")]
    NoMap(String),
    /// A file is not the record of a scrub.
    #[error("{0} is not the record of a scrub")]
    NoRecord(String),
    /// The record of a scrub is one of a later version.
    #[error("{0}: {1}")]
    Newer(String, Newer),
    /// A plan that was given is not written as one.
    #[error("{file}: {source}")]
    PlanFile {
        /// The file, safe to show.
        file: String,
        /// What is wrong with it.
        source: PlanError,
    },
    /// A plan is not written as one.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A worktree went away.
    #[error("a linked worktree is not there any more")]
    WorktreeGone,
    /// The history to follow was not fetched.
    #[error("the new history is not in this clone yet")]
    NotFetched,
    /// Somebody moved a ref meanwhile.
    #[error("the ref {0} was moved since")]
    RefMoved(String),
    /// Somebody changed a file meanwhile.
    #[error("there is work in {top}: {what}")]
    Work {
        /// The top of the worktree.
        top: String,
        /// What is changed.
        what: String,
    },
    /// Neither plan nor option says what to do.
    #[error("there is nothing to do")]
    Nothing,
    /// A plan seals, and there is no key.
    #[error("no key is held, so nothing can be sealed")]
    NoKey,
    /// The plan leaves out what is checked out.
    #[error("the plan leaves out the current commit")]
    HeadLeftOut,
    /// The plan's fingerprints cannot be compared.
    #[error("the plan names values with a key that is not held here, or with a salt that it lacks")]
    UnknownNames,
    /// A value of the plan is too short to be searched for.
    #[error("a value of rule '{rule}' has fewer than {min} bytes, and would match everywhere")]
    ShortValue {
        /// The rule that found it.
        rule: String,
        /// The fewest bytes.
        min: usize,
    },
    /// A line of the file of values is too short to be searched for.
    #[error(
        "line {line} of the file of values has fewer than {min} bytes, and would match everywhere"
    )]
    ShortLine {
        /// Its number, from 1.
        line: usize,
        /// The fewest bytes.
        min: usize,
    },
    /// The file of values is empty.
    #[error("the file of values holds none")]
    NoValues,
    /// Standard input has more than a file of values may have.
    #[error("standard input is too long for a file of values")]
    LongInput,
    /// A file of findings is none.
    #[error("{0} is not a report with fingerprints")]
    NoReport(String),
    /// A scrub was cut off; where it stands, where that is known.
    #[error("a scrub was interrupted{}", .0.as_ref().map(|stand| format!(": {stand}")).unwrap_or_default())]
    CutOff(Option<String>),
    /// There is nothing to go on with.
    #[error("no scrub was interrupted here")]
    NoneCutOff,
    /// There is nothing to take back.
    #[error("there is no scrub here to undo")]
    NoneToUndo,
    /// There is nothing to finish.
    #[error("there is no scrub here to finish")]
    NoneToFinish,
    /// The backup lacks the stash's reflog.
    #[error("the reflog of the stash is missing in {0}")]
    NoStashLog(String),
}

impl<E: Into<CloneError>> From<E> for ScrubError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

/// Why a clone is not fit for a scrub: something would be lost, or left as it was.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// A rotation was cut off.
    #[error("a key rotation is in progress")]
    Rotation,
    /// A migration was cut off.
    #[error("a migration from git-crypt is in progress")]
    Migration,
    /// The beginning of the history is missing.
    #[error("this clone is shallow: a part of the history is missing")]
    Shallow,
    /// Files are missing.
    #[error("this is a partial clone: a part of the files is missing")]
    Partial,
    /// A linked worktree is on a disk that is not there, or was deleted.
    #[error("the linked worktree {0} is not there")]
    Absent(String),
    /// An untracked file is at a path that the new history has.
    #[error("the untracked file {0} would be overwritten")]
    InTheWay(String),
    /// git is in the middle of something.
    #[error("a merge, a rebase or something similar is in progress in {0}")]
    UnderWay(String),
    /// Tracked files differ from their commit.
    #[error("{top} has changes that are not committed: {files}")]
    Dirty {
        /// The top of the worktree.
        top: String,
        /// Some of them.
        files: String,
    },
    /// The same, of files that git was told to take for unchanged.
    #[error(
        "{top} has changes that git was told not to look at (--assume-unchanged or --skip-worktree): {files}"
    )]
    Hidden {
        /// The top of the worktree.
        top: String,
        /// Some of them.
        files: String,
    },
}

/// What a part of a scrub returns.
pub type Outcome<T = ()> = Result<T, ScrubError>;

/// Says what was being done when something failed.
pub(super) trait Context<T> {
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> Context<T> for Result<T, E> {
    fn context(self, doing: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|source| ScrubError::File { doing: doing(), source: Box::new(source) })
    }
}
