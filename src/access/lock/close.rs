//! A clone that holds no key any more, and whose files may be open.

use std::collections::BTreeMap;

use super::refusal::{CHANGED, IN_THE_CLEAR, NOT_A_FILE};
use super::traces::clear_traces;
use super::unknown;
use crate::access::worktree::{Left, Report, close_worktree};
use crate::clone::OpenClone;
use crate::error::{CommandError, Outcome, count};
use crate::progress::Progress;
use crate::sanitise::path as show;

/// Closes what can be closed without a key, and names the rest.
pub(super) fn run(progress: &dyn Progress, opened: &OpenClone, discard: bool) -> Outcome {
    let worktrees = opened.repository.all_worktrees()?;
    let mut all = Report::default();
    for worktree in &worktrees {
        all.absorb(close_worktree(worktree, opened.keys(), discard)?);
    }
    if all.written > 0 {
        unknown::warn(progress, &worktrees)?;
        clear_traces(progress, &opened.repository)?;
        progress.status(&format!(
            "no key is held here; replaced the plaintext by the sealed bytes in {}",
            count(all.written, "file")
        ));
    }
    let mut open: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in &all.unmerged {
        open.entry("with a merge conflict").or_default().push(show(path));
    }
    for (path, left) in &all.left {
        let why = match left {
            Left::Changed | Left::NotTracked => CHANGED,
            Left::InTheClear => IN_THE_CLEAR,
            Left::NotAFile => NOT_A_FILE,
            other => return Err(CommandError::incomplete(format!("{}: {other}", show(path)))),
        };
        open.entry(why).or_default().push(show(path));
    }
    if open.is_empty() {
        if all.written == 0 {
            progress.status("no key is held here: this clone is locked already");
        }
        return Ok(());
    }
    let kinds = open.iter().map(|(why, paths)| format!("{why}: {}", paths.join(", ")));
    let kinds: Vec<_> = kinds.collect();
    let error = CommandError::refused(format!(
        "no key is held here, but files are still plaintext: those {}",
        kinds.join("; those ")
    ));
    Err(open.keys().fold(error, |error, why| error.hint(way_out(why))))
}

fn way_out(why: &str) -> &'static str {
    match why {
        CHANGED => {
            "unlock with a key and lock again, which loses nothing; or 'git shroud lock --discard', which restores the version in the index"
        }
        IN_THE_CLEAR => "run 'git shroud unlock', then 'git shroud status --fix'",
        NOT_A_FILE => "git restore them, or git rm them",
        _ => "finish or abort the merge, then lock",
    }
}
