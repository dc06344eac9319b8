//! What the reports say in the same words.

use super::{FileDifference, Life, Names, Turn, What};
use crate::error::count;

/// What is said of a file in one clause; nothing where its names say all.
pub(super) fn clause(difference: &FileDifference) -> Option<String> {
    let life = match difference.life {
        Life::Added => "added",
        Life::Removed => "removed",
        Life::Changed => "changed",
    };
    let clause = match &difference.what {
        What::Unmerged => "in a merge conflict".to_owned(),
        What::Unknown(why) => format!("cannot be compared: {why}"),
        What::Binary => "changed, binary".to_owned(),
        What::Lines { added, removed } => {
            format!("changed, {} added, {removed} removed", count(*added as u64, "line"))
        }
        What::Whole if difference.turn.is_some() => {
            "only its key tells whether it changed".to_owned()
        }
        What::Whole => format!("{life} (sealed whole)"),
        What::Resealed => {
            "sealed whole with another key: only the keys tell whether it changed".to_owned()
        }
        What::Names(names) if names.is_empty() => match difference.turn {
            Some(_) => String::new(),
            None => "changed, but no key".to_owned(),
        },
        What::Names(_) => String::new(),
    };
    let turn = match difference.turn {
        Some(Turn::Exposed) => "was sealed, is stored as plaintext now",
        Some(Turn::Sealed) => "was stored as plaintext, is sealed now",
        None => "",
    };
    match (clause.is_empty(), turn.is_empty()) {
        (true, true) => None,
        (true, false) => Some(turn.to_owned()),
        (false, true) => Some(clause),
        (false, false) => Some(format!("{turn}; {clause}")),
    }
}

/// Lists of names that are only counted, each in a clause.
pub(super) fn counted(names: &Names) -> impl Iterator<Item = String> {
    let values = |names: &[String], what| {
        let values = count(names.len() as u64, "value");
        (!names.is_empty()).then(|| format!("{values} {what}"))
    };
    let sealed = values(&names.sealed, "stored as plaintext before, sealed now");
    let resealed = values(&names.resealed, "sealed again: only the keys tell whether they changed");
    sealed.into_iter().chain(resealed)
}
