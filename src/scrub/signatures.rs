//! The list of signatures that a scrub took away or made again, beside its record.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use serde::Serialize;

use super::error::{Context as _, Outcome};
use super::rewrite::{Rewritten, Signed};
use crate::fs::{create_private, read_bounded};

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 1 << 30;

/// A signature that is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// `commit`, `tag` or `merged-tag`.
    pub what: String,
    /// The object that it stood in, before.
    pub old: String,
    /// The object that is in its place.
    pub new: String,
}

/// What became of all signatures.
#[derive(Debug, Default)]
pub struct Signatures {
    /// Those that are gone, sorted.
    pub lost: Vec<Lost>,
    /// How many were made again.
    pub renewed: u64,
}

/// The name of a kind in the list.
pub fn kind(signed: Signed) -> &'static str {
    match signed {
        Signed::Commit => "commit",
        Signed::Tag => "tag",
        Signed::Mergetag => "merged-tag",
    }
}

/// Where the list is.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("signatures")
}

/// Writes the list, a line for each: `lost` or `renewed`, what it is, the old id, the new one.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, rewritten: &Rewritten) -> Outcome {
    let new: HashMap<ObjectId, Option<ObjectId>> =
        rewritten.commits.iter().chain(&rewritten.tags).copied().collect();
    let mut text = String::new();
    for (word, all) in [("lost", &rewritten.stripped), ("renewed", &rewritten.renewed)] {
        for one in all {
            let id = new.get(&one.id).copied().flatten().unwrap_or_else(|| one.id.kind().null());
            writeln!(text, "{word} {} {} {id}", kind(one.signed), one.id)
                .expect("a String takes any text");
        }
    }
    create_private(&path(folder), text.as_bytes()).context(|| "the list of signatures".to_owned())
}

/// The list as [`write`] wrote it; empty where there is none, as for a scrub that was followed.
pub fn read(folder: &Path) -> Signatures {
    let text = read_bounded(&path(folder), MAX_LEN).unwrap_or_default();
    let mut all = Signatures::default();
    for line in String::from_utf8_lossy(&text).lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["lost", what, old, new] => {
                let [what, old, new] = [what, old, new].map(str::to_owned);
                all.lost.push(Lost { what, old, new });
            }
            ["renewed", ..] => all.renewed += 1,
            _ => {}
        }
    }
    all
}
