//! Which files keep a clone from being locked, and what to do about them.

use std::collections::BTreeMap;

use crate::error::{CommandError, count};

/// Files with changes.
pub(super) const CHANGED: &str = "with unstaged changes";
/// Files that are not sealed in the repository.
pub(super) const IN_THE_CLEAR: &str = "that the repository stores as plaintext";
/// Files that lost their attribute and have changes.
pub(super) const NOT_TRACKED: &str = "with changes that no attribute seals";
/// What is no file.
pub(super) const NOT_A_FILE: &str = "replaced by something else, such as a link";

/// How many files of one kind are named.
const NAMED: usize = 10;

/// The paths of each kind, and their ways out.
pub(super) fn refusal(refused: &BTreeMap<&str, Vec<String>>, outcome: &str) -> CommandError {
    let kinds: Vec<_> = refused.iter().map(|(why, paths)| kind(why, paths)).collect();
    let error = CommandError::refused(format!("{}; {outcome}", kinds.join("; and ")));
    refused.keys().fold(error, |error, why| error.hint(way_out(why)))
}

fn kind(why: &str, paths: &[String]) -> String {
    let more = paths.len().saturating_sub(NAMED);
    let mut named = paths[..paths.len() - more].join(", ");
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    let noun = if why == CHANGED { "sealed file" } else { "file" };
    format!("{} {why}: {named}", count(paths.len() as u64, noun))
}

fn way_out(why: &str) -> &'static str {
    match why {
        CHANGED => {
            "'git add' or 'git restore' them; or use --force, which seals them as they are, or --discard, which drops the changes"
        }
        IN_THE_CLEAR => {
            "run 'git shroud status --fix' and commit; or use --force, which seals the files in this clone"
        }
        NOT_TRACKED => "track them again (git shroud track PATTERN), or use --force",
        _ => "git restore them, or git rm them",
    }
}
