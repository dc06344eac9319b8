//! What a run of the filter says to its user.

use super::summary::MAX_NAMED;
use super::{FilterError, Summary, describe_suspects};
use crate::error::count;
use crate::progress::Progress;

/// Says why the filter did not take a file.
pub fn report(progress: &dyn Progress, path: &[u8], error: &FilterError) {
    progress.warning(&format!("{}: {error}", crate::sanitise::path(path)));
    if let Some(hint) = error.hint() {
        progress.hint(hint);
    }
}

/// One line for all files of a run.
pub fn summarise(progress: &dyn Progress, summary: &Summary) {
    if summary.still_sealed > 0 {
        progress.status(&format!(
            "left {} sealed: the key is not held here ('git shroud unlock' takes it if it was granted to you)",
            count(summary.still_sealed, "file")
        ));
    }
    if let Some(first) = &summary.first_in_the_clear {
        progress.warning(&format!(
            "git read {} stored as plaintext that should be sealed, first {}; 'git shroud status' shows the current state",
            count(summary.in_the_clear, "version"),
            crate::sanitise::path(first)
        ));
    }
    summary.to_public.iter().for_each(|notice| progress.warning(notice));
    for (path, why) in summary.sealed_whole.iter().take(MAX_NAMED) {
        progress.warning(&format!("{}: sealed whole: it {why}", crate::sanitise::path(path)));
    }
    if let Some(more) = beyond(summary.sealed_whole.len()) {
        progress.warning(&format!("sealed {} more whole", count(more, "file")));
    }
    for (path, (line, what)) in summary.readable.iter().take(MAX_NAMED) {
        let path = crate::sanitise::path(path);
        progress.warning(&format!("{path}:{line}: {what}, and is stored as plaintext"));
    }
    if let Some(more) = beyond(summary.readable.len()) {
        progress.warning(&format!(
            "{} store as plaintext what may be a secret: 'git shroud scan --staged'",
            count(more, "more file")
        ));
    }
    for (suspects, hint) in describe_suspects(&summary.retired, &summary.of_other_key) {
        progress.warning(&suspects);
        progress.hint(hint);
    }
    if let Some((first, why, hint)) = &summary.first_damaged {
        progress.warning(&format!(
            "left {} sealed, because {}: {} ({why})",
            count(summary.damaged, "file"),
            match (summary.damaged, hint.is_some()) {
                (1, true) => "it does not open",
                (1, false) => "it is damaged",
                (_, true) => "they do not open, first",
                (_, false) => "they are damaged, first",
            },
            crate::sanitise::path(first)
        ));
        progress.hint(hint.unwrap_or(
            "an earlier version may be intact: 'git log -- PATH', 'git shroud cat REV:PATH'; then restore and commit it",
        ));
    }
}

/// How many there are besides those that are named.
fn beyond(all: usize) -> Option<u64> {
    all.checked_sub(MAX_NAMED).filter(|more| *more > 0).map(|more| more as u64)
}
