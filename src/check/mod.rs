//! Plaintext where sealed bytes ought to be, in any commit of a range: judged by the attributes of that very commit,
//! without a key.
//!
//! A commit answers for what none of its parents had already: old plaintext does not hinder a push that does not touch
//! it, and a merge answers for what came only by the merge.

mod allowed;
pub mod banned;
mod branches;
mod by_value;
mod changed;
mod content;
mod described;
mod detail;
mod dropped;
mod judge;
mod known;
mod line;
mod moved;
mod range;
mod retired;
mod returned;
pub mod run;
mod standing;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use gix::ObjectId;

use crate::format::KeyId;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::history::{Commit, shallow_boundary};
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::KeyName;
use crate::parallel::map_runs;

pub use allowed::Allowed;
pub use dropped::{describe_dropped, who_dropped};
use judge::Judge;
pub use range::{Range, RangeError, check_range};

/// Commits for which another thread pays.
const PER_THREAD: usize = 64;

/// What is judged: a tree, and what was there before.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What holds the tree.
    pub source: Source,
    /// The commits with which it is compared.
    pub parents: Vec<ObjectId>,
}

/// What holds a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A commit, by its id.
    Commit(ObjectId),
    /// A tree that a tag or ref names itself.
    Tree(ObjectId),
    /// The index, as this tree.
    Index(ObjectId),
}

impl Source {
    fn id(self) -> ObjectId {
        match self {
            Self::Commit(id) | Self::Tree(id) | Self::Index(id) => id,
        }
    }
}

impl Subject {
    fn commit(&self) -> Option<ObjectId> {
        match self.source {
            Source::Commit(id) => Some(id),
            Source::Tree(_) | Source::Index(_) => None,
        }
    }
}

impl From<Commit> for Subject {
    fn from(commit: Commit) -> Self {
        Self { source: Source::Commit(commit.id), parents: commit.parents }
    }
}

/// What is wrong with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// In the clear, where its attributes say that it should be sealed.
    Plaintext,
    /// Values of a file that is sealed by value are plaintext.
    PlainValues {
        /// Their lines, counted from 1.
        lines: Vec<usize>,
        /// How many values there are that should be sealed.
        values: usize,
    },
    /// Values of a file that is sealed by value were sealed, and an attribute exempts them now: their lines, counted from 1.
    Exempted(Vec<usize>),
    /// It was sealed, and now is plaintext and not to be sealed any more, whatever its attributes say of that.
    Unsealed,
    /// Plaintext at a path that should not be sealed any more, and that was sealed in an earlier commit and then went away.
    Returned,
    /// A new plaintext file, seemingly the one that stood sealed at this path.
    Moved(Vec<u8>),
    /// Sealed, and no attribute says so any more: the next change would be stored as plaintext.
    NotTracked(KeyId),
    /// Sealed with a key that `.shroud/` never described.
    UnknownKey(KeyId),
    /// Values are sealed to the public key of a key for which `.shroud/` has none: so many.
    NotWriteOnly(KeyId, usize),
    /// Sealed with a key of another name than its attribute says.
    OtherKey {
        /// The names of the key, as `.shroud/` has or had them.
        keys: Vec<String>,
        /// The name that its attribute says.
        wanted: KeyName,
    },
    /// A `key.toml` that does not follow from what the commits before describe, and why.
    KeySwapped(String),
    /// New, and sealed with an earlier generation than the commit's own `key.toml` describes: a removed member knows it.
    RetiredKey {
        /// The generation that it is sealed with.
        generation: u32,
        /// The one that is described.
        current: u32,
    },
    /// Begins as a sealed file and cannot be one, or is a description of a key that cannot be read.
    Damaged(String),
    /// A newer program wrote it, so this one cannot judge it.
    Newer(String),
    /// Encrypted by git-crypt, where its attribute says that it should be sealed.
    GitCrypt,
    /// Encrypted by git-crypt, and what was encrypted was encrypted already; only seen where the key is held.
    EncryptedTwice,
    /// Sealed by git-shroud, where its attribute says that git-crypt encrypts it.
    SealedForGitCrypt,
    /// Attributes would make git change the sealed bytes, or are at odds about whether the path is sealed.
    Conversion(String),
    /// Its attribute names what cannot be a key.
    BadKeyName(String),
    /// git or this program reads the file itself, and it is sealed or should be.
    OwnFile,
    /// The commit was taken out of the history, and must not come back.
    TakenOut,
}

impl Problem {
    /// What cannot be read, and why: of a newer program, or damaged.
    fn of_unreadable(why: String, is_newer: bool) -> Self {
        if is_newer { Self::Newer(why) } else { Self::Damaged(why) }
    }

    /// Whether it may be allowed, where the check runs, that a path leaves the seal.
    pub fn is_allowable(&self) -> bool {
        let leaves = matches!(self, Self::Unsealed | Self::Returned | Self::Moved(_));
        leaves || matches!(self, Self::NotTracked(_) | Self::Exempted(_))
    }

    /// The name in `--json` and in the listing.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plaintext | Self::PlainValues { .. } => "plaintext",
            Self::Exempted(_) => "exempted",
            Self::Unsealed | Self::Returned => "unsealed",
            Self::Moved(_) => "moved-in-the-clear",
            Self::NotTracked(_) => "not-tracked",
            Self::UnknownKey(_) => "unknown-key",
            Self::NotWriteOnly(..) => "not-write-only",
            Self::OtherKey { .. } => "other-key",
            Self::KeySwapped(_) => "key-swapped",
            Self::RetiredKey { .. } => "retired-key",
            Self::Damaged(_) => "damaged",
            Self::Newer(_) => "newer",
            Self::GitCrypt => "git-crypt",
            Self::EncryptedTwice => "double-encrypted",
            Self::SealedForGitCrypt => "sealed-for-git-crypt",
            Self::Conversion(_) => "attribute-conflict",
            Self::BadKeyName(_) => "bad-key-name",
            Self::OwnFile => "own-file",
            Self::TakenOut => "taken-out",
        }
    }
}

/// A path with a problem.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where it was found.
    pub source: Source,
    /// Relative to the top.
    pub path: Vec<u8>,
    /// What is wrong.
    pub problem: Problem,
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of the subjects, and of the paths in each.
    pub findings: Vec<Finding>,
    /// Objects that are not in this clone, so that nothing is known of them.
    pub missing: BTreeSet<ObjectId>,
    /// Whether a shallow clone's history ended within what was looked at.
    pub shallow: bool,
}

impl Report {
    /// Puts the findings into the order of the subjects, and of the paths in each.
    fn sort(&mut self, subjects: &[Subject]) {
        let order: HashMap<_, _> =
            subjects.iter().enumerate().map(|(at, subject)| (subject.source.id(), at)).collect();
        let place = |found: &Finding| order.get(&found.source.id()).copied();
        self.findings
            .sort_by(|one, other| (place(one), &one.path).cmp(&(place(other), &other.path)));
    }
}

/// A finding that may depend on which keys were known at that commit.
struct Suspect {
    /// Its place among the subjects.
    subject: usize,
    path: Vec<u8>,
    problem: Problem,
    /// The key to be asked for in history, and the name that it ought to have, if any.
    pending: Option<(KeyId, Option<KeyName>)>,
}

/// Judges every subject. Parents come before their children. No key is needed; those of git-crypt that are held tell what was
/// encrypted twice.
///
/// # Errors
/// An object is damaged, or a commit is larger than what is looked at.
pub fn check(
    repository: &Repository,
    git_crypt: &HeldKeys,
    subjects: &[Subject],
) -> Result<Report, GitError> {
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.as_deref());
    let numbered: Vec<_> = subjects.iter().enumerate().collect();
    let run = |_, run: &[(usize, &Subject)]| -> Result<_, GitError> {
        let repository = Repository::open(git_dir, top.map(Path::to_owned))?;
        let database = Database::open(&repository)?;
        let mut judge = Judge::new(&database, git_crypt);
        let mut each = Vec::with_capacity(run.len());
        // The youngest first: git stores older trees as deltas of younger ones, which the database then remembers.
        for &(number, subject) in run.iter().rev() {
            let mut found = Vec::new();
            judge.look_at(number, subject, &mut found)?;
            found.sort_by(|a, b| a.path.cmp(&b.path));
            each.push(found);
        }
        judge.touched.reverse();
        let found = each.into_iter().rev().flatten().collect();
        Ok((known::Open { found, touched: judge.touched }, judge.seen, judge.blobs.missing))
    };
    let mut report = Report::default();
    let mut open = known::Open::default();
    let mut seen = returned::Seen::default();
    for run in map_runs(&numbered, PER_THREAD, run) {
        let (more, seen_too, missing) = run?;
        seen.extend(seen_too);
        open.found.extend(more.found);
        open.touched.extend(more.touched);
        report.missing.extend(missing);
    }
    let boundary = shallow_boundary(repository)?;
    let is_cut =
        |subject: &Subject| matches!(subject.source, Source::Commit(id) if boundary.contains(&id));
    report.shallow = subjects.iter().any(is_cut);
    let candidates = retired::candidates(&open.found);
    known::settle(repository, subjects, open, !boundary.is_empty(), &mut report)?;
    retired::find(repository, subjects, candidates, &mut report)?;
    returned::find(repository, git_crypt, subjects, seen, &mut report)?;
    report.sort(subjects);
    Ok(report)
}
