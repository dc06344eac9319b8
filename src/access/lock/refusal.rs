//! Which files keep a clone from being locked.

use std::collections::BTreeMap;

use crate::error::count;

/// Why a file cannot be closed; in the order in which the kinds are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// It is no file.
    NotAFile,
    /// It is not sealed in the repository.
    InTheClear,
    /// It has a merge conflict.
    Conflict,
    /// It lost its attribute and has changes.
    NotTracked,
    /// It has changes.
    Changed,
}

impl Obstacle {
    fn describe(self) -> &'static str {
        match self {
            Self::NotAFile => "replaced by something else, such as a link",
            Self::InTheClear => "that the repository stores as plaintext",
            Self::Conflict => "with a merge conflict",
            Self::NotTracked => "with changes that no attribute seals",
            Self::Changed => "with unstaged changes",
        }
    }
}

/// How many files of one kind are named.
const NAMED: usize = 10;

/// The files of each kind, the first of them by name.
pub(super) fn kinds(refused: &BTreeMap<Obstacle, Vec<String>>) -> String {
    let kinds: Vec<_> = refused.iter().map(|(why, paths)| kind(*why, paths)).collect();
    kinds.join("; and ")
}

fn kind(why: Obstacle, paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let mut named = paths[..paths.len() - more].join(", ");
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    let noun = if why == Obstacle::Changed { "sealed file" } else { "file" };
    format!("{} {}: {named}", count(paths.len() as u64, noun), why.describe())
}

/// All files of each kind.
pub(super) fn those(open: &BTreeMap<Obstacle, Vec<String>>) -> String {
    let kinds: Vec<_> = open
        .iter()
        .map(|(why, paths)| format!("{}: {}", why.describe(), paths.join(", ")))
        .collect();
    kinds.join("; those ")
}
