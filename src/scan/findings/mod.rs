//! What a scan says: one finding for each secret value, or for each path that ought to be sealed, with every place where
//! it stands.
//!
//! Plain data. [`collect`] makes it from hits, [`allow`] takes out what is allowed, [`crate::scan::report`] writes
//! it down.

pub mod allow;
pub mod collect;
pub mod gather;
pub mod marks;
pub mod mask;
mod place;
mod recall;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::detect::{Rank, Secret};
use crate::scan::fingerprint::Fingerprint;
pub use crate::scan::lines::Span;
pub use place::{Location, LocationKind};

/// What told that it is a secret. Ordered: what needs less guessing is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It has the shape of one.
    Pattern,
    /// It is a value of a sealed file.
    KnownValue,
    /// It is plaintext at a path that should be sealed.
    Policy,
}

impl Kind {
    /// The name in every format, and for `rule` in an allow list.
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::KnownValue => "known-value",
            Self::Pattern => "pattern",
        }
    }
}

/// Who can have seen it. Ordered: what is more exposed is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// Only in this clone, and no ref leads to it: dangling, a reflog, staged.
    Unreachable,
    /// Only in this clone, in the history of a ref.
    Local,
    /// Only in this clone, and in the commit that is checked out.
    Head,
    /// A remote-tracking ref has it.
    Pushed,
}

impl Exposure {
    /// The name in every format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Local => "local",
            Self::Head => "head",
            Self::Pushed => "pushed",
        }
    }
}

/// A commit, as much of it as a reader needs. Everything is as the commit has it, so not fit for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitSummary {
    /// The author's time, in seconds since 1970.
    pub time: i64,
    /// The commit's id, in hexadecimal digits.
    pub commit: String,
    /// The author's name.
    pub author: String,
    /// The author's mail address.
    pub email: String,
    /// The first line of the message.
    pub subject: String,
}

/// A remark in a text that what is beside it is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// As this program knows it, such as `shroud:allow`; never text of the file.
    pub name: &'static str,
    /// Whether it is this program's own.
    pub own: bool,
}

/// One place of a value, through all versions of the file that have it there.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// Where it is: in the version at HEAD, else in the newest.
    pub place: Location,
    /// The object of that version, in hexadecimal digits; `None` outside the object database.
    pub object: Option<String>,
    /// How many versions of the file have it there; 1 for what has no versions.
    pub versions: u64,
    /// The commit that brought it; `None` where no commit has it.
    pub introduced: Option<CommitSummary>,
    /// The last commit that has it.
    pub last_seen: Option<CommitSummary>,
    /// Whether the commit that is checked out has it.
    pub at_head: bool,
    /// Whether a remote-tracking ref has it.
    pub pushed: bool,
    /// Whether any ref or the index leads to it, or it is outside the object database.
    pub reachable: bool,
    /// Refs that lead to it, as many as were looked for.
    pub refs: Arc<Vec<Vec<u8>>>,
    /// A remark beside it.
    pub mark: Option<Mark>,
}

impl Occurrence {
    /// One at this place; nothing else is known of it.
    pub fn new(place: Location) -> Self {
        Self {
            place,
            object: None,
            versions: 1,
            introduced: None,
            last_seen: None,
            at_head: false,
            pushed: false,
            reachable: true,
            refs: Arc::default(),
            mark: None,
        }
    }

    /// Who can have seen it.
    pub fn exposure(&self) -> Exposure {
        match self {
            Self { pushed: true, .. } => Exposure::Pushed,
            Self { at_head: true, .. } => Exposure::Head,
            Self { reachable: true, .. } => Exposure::Local,
            _ => Exposure::Unreachable,
        }
    }
}

/// One secret value, or one path that ought to be sealed, with all its places.
#[derive(Debug)]
pub struct Finding {
    /// What told that it is a secret.
    pub kind: Kind,
    /// The id of the rule that found it; of several, the surest and most specific one.
    pub rule: String,
    /// What it is, in a few words.
    pub description: String,
    /// Other rules that found the same value, or a part of it at the same place.
    pub also: Vec<String>,
    /// How sure it is.
    pub rank: Rank,
    /// The value; `None` for a path.
    pub secret: Option<Secret>,
    /// Names the value without telling it; `None` where neither a key nor a salt is there to make it with.
    pub fingerprint: Option<Fingerprint>,
    /// What to do, in a short phrase.
    pub advice: String,
    /// What else is known, such as `passphrase-protected`. Never the value.
    pub facts: Vec<String>,
    /// Where it is, most exposed first. Never empty.
    pub occurrences: Vec<Occurrence>,
}

impl Finding {
    /// Who can have seen it: the most exposed of its places.
    pub fn exposure(&self) -> Exposure {
        self.occurrences.iter().map(Occurrence::exposure).max().unwrap_or(Exposure::Unreachable)
    }

    /// Whether the commit that is checked out has it.
    pub fn is_at_head(&self) -> bool {
        self.occurrences.iter().any(|occurrence| occurrence.at_head)
    }

    /// The first commit that had it.
    pub fn introduced(&self) -> Option<&CommitSummary> {
        self.occurrences.iter().filter_map(|occurrence| occurrence.introduced.as_ref()).min()
    }

    /// The last commit that has it.
    pub fn last_seen(&self) -> Option<&CommitSummary> {
        self.occurrences.iter().filter_map(|occurrence| occurrence.last_seen.as_ref()).max()
    }
}

/// Why a finding is not among those that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An entry of an allow list.
    Allowed {
        /// The file, as the user knows it.
        list: String,
        /// What the entry says.
        reason: String,
    },
    /// It was there when the baseline was written.
    Baseline(String),
    /// A remark in the text, by its name.
    Mark(&'static str),
}

/// A finding that does not count.
#[derive(Debug)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it does not count.
    pub reason: Reason,
}

/// Something that could not be read, so that nothing is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// An object's id, or a place's name; not fit for a terminal.
    pub what: String,
    /// Why, in a few words.
    pub reason: String,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedAt {
    /// Blobs.
    pub blobs: u64,
    /// Commits.
    pub commits: u64,
    /// Annotated tags.
    pub tags: u64,
    /// Everything else: names, reflog lines, configuration variables, files of the worktree.
    pub others: u64,
    /// Bytes of all of them, uncompressed.
    pub bytes: u64,
}

/// The answer of a scan.
#[derive(Debug, Default)]
pub struct Report {
    /// What was to be looked at, in words.
    pub scope: String,
    /// When it was made, in seconds since 1970, if that should be in it.
    pub made: Option<i64>,
    /// What counts, most exposed first.
    pub findings: Vec<Finding>,
    /// What does not count.
    pub suppressed: Vec<Suppressed>,
    /// Entries of allow lists that have no effect (any more), each in a sentence.
    pub notes: Vec<String>,
    /// What was looked at.
    pub looked_at: LookedAt,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// Values of sealed files that were not looked for, as they are too short or too common.
    pub trivial: u64,
    /// Findings of a lower rank than was asked for.
    pub below_rank: u64,
}

impl Report {
    /// Whether everything could be read.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// The paths of files with findings, but for those that should be sealed already.
    pub fn files(&self) -> BTreeSet<Vec<u8>> {
        self.files_by_age().into_keys().collect()
    }

    /// The same, each with whether the version that is checked out, staged or in the worktree has one.
    pub fn files_by_age(&self) -> BTreeMap<Vec<u8>, bool> {
        let findings = self.findings.iter().filter(|found| found.kind != Kind::Policy);
        let mut files = BTreeMap::new();
        for at in findings.flat_map(|found| &found.occurrences) {
            let is_now = match at.place.kind {
                LocationKind::File => at.at_head,
                LocationKind::Staged | LocationKind::Worktree => true,
                _ => continue,
            };
            if !at.place.name.is_empty() {
                *files.entry(at.place.name.clone()).or_default() |= is_now;
            }
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_more_exposed_than_what_is_checked_out() {
        let place = Location {
            kind: LocationKind::File,
            name: b"a".to_vec(),
            span: None,
            views: Vec::new(),
        };
        let mut occurrence = Occurrence::new(place);
        assert_eq!(occurrence.exposure(), Exposure::Local);
        occurrence.reachable = false;
        assert_eq!(occurrence.exposure(), Exposure::Unreachable);
        occurrence.at_head = true;
        assert_eq!(occurrence.exposure(), Exposure::Head);
        occurrence.pushed = true;
        assert_eq!(occurrence.exposure(), Exposure::Pushed);
        assert!(Exposure::Pushed > Exposure::Head && Exposure::Local > Exposure::Unreachable);
    }
}
