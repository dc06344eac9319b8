//! What a scrub is to do: a file that a person reads, and changes, before anything happens.
//!
//! Values stand in it as fingerprints only; a scrub finds the values themselves by scanning again.

mod pattern;
mod read;
mod write;

use crate::keyring::KeyName;
use crate::scan::Fingerprint;
use crate::scan::fingerprint::SALT_LEN;

pub use pattern::{InvalidPattern, Pattern};
pub use read::{MAX_LEN, PlanError};
pub use write::write_findings;

/// Characters of the longest rule name: it becomes a part of what is put in a value's place.
pub const MAX_RULE: usize = 64;

/// Whose attributes say what should be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealBy {
    /// Those of today, at every commit.
    Today,
    /// Those of each commit.
    EachCommit,
}

/// Paths that should be sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Which, as a line of `.gitattributes` has it.
    pub pattern: Pattern,
    /// With which key; `None` where the attributes of today say it, and else the default.
    pub key: Option<KeyName>,
}

/// A value that should be replaced wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Names the value.
    pub value: Fingerprint,
    /// What it is, which takes its place as `***REMOVED:rule***`. Letters, digits, `-`, `_` and `.` only.
    pub rule: String,
}

/// What stays as it is, whatever else the plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A value.
    Value(Fingerprint),
    /// Files.
    Path(Pattern),
}

/// What is to become of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Makes the fingerprints where no key does.
    pub salt: Option<[u8; SALT_LEN]>,
    /// Whether everything is sealed that attributes say should be, and whose.
    pub seal_by: Option<SealBy>,
    /// Whether what is sealed under an earlier key is sealed under the current one.
    pub rekey: bool,
    /// Whether what git-crypt encrypted becomes a sealed file.
    pub convert_git_crypt: bool,
    /// Whether gzip files and members of zip archives are opened, changed and packed again.
    pub archives: bool,
    /// Whether commits that became empty are left out.
    pub prune_empty: bool,
    /// Paths that should be sealed.
    pub seal: Vec<Seal>,
    /// Values that should be replaced.
    pub redact: Vec<Redact>,
    /// Files and folders that are to have never been there.
    pub drop: Vec<Pattern>,
    /// What stays as it is.
    pub keep: Vec<Keep>,
}

impl Plan {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        let Self { seal, redact, drop, seal_by, rekey, convert_git_crypt, .. } = self;
        seal.is_empty()
            && redact.is_empty()
            && drop.is_empty()
            && seal_by.is_none()
            && !rekey
            && !convert_git_crypt
    }

    /// Whether the plan leaves a value alone.
    pub fn keeps(&self, value: &Fingerprint) -> bool {
        self.keep.iter().any(|keep| matches!(keep, Keep::Value(kept) if kept == value))
    }
}

/// A rule's name as it may be in a plan: any other character becomes a `-`, and what is too long is cut.
pub fn rule_name(rule: &str) -> String {
    let fit = |c: char| if is_rule_character(c) { c } else { '-' };
    let name: String = rule.chars().take(MAX_RULE).map(fit).collect();
    if name.is_empty() { "value".to_owned() } else { name }
}

fn is_rule_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}
