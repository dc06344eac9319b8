//! What is wrong with grants, said with who wrote them.

use super::MemberError;
use crate::clone::roster::{FETCH, GrantProblem, Standing, show};
use crate::clone::{OpenClone, RESTORE};
use crate::error::count;
use crate::git::last_changes::last_changes;
use crate::progress::Progress;

/// How many files that are wrong are named one by one.
const NAMED: usize = 20;

/// Names every grant that a holder of its key must look at, with who wrote it and what to do; fails if there is one.
///
/// # Errors
/// There is one, or a file or the history cannot be read.
pub fn report_problems(progress: &dyn Progress, opened: &OpenClone) -> Result<(), MemberError> {
    for why in opened.roster.malformed.values() {
        progress.warning(why);
        progress.hint(RESTORE);
    }
    let problems = opened.roster.problems(&opened.repository, &opened.keyring)?;
    let is_missing = |problem: &GrantProblem| problem.standing == Standing::NotHere;
    let (missing, problems): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_missing);
    let named = &problems[..problems.len().min(NAMED)];
    let paths: Vec<String> = named.iter().map(|problem| problem.file.path()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let changes = last_changes(&opened.repository, &paths)?;
    for (problem, path) in named.iter().zip(paths) {
        let by = changes.get(path).map(|by| format!(" (last changed by {by})"));
        progress.warning(&format!("{}{}", problem.describe(), by.unwrap_or_default()));
        progress.hint(&problem.remedy());
    }
    if problems.len() > NAMED {
        progress.warning(&format!(
            "and {} of .shroud too",
            count((problems.len() - NAMED) as u64, "file")
        ));
    }
    if let Some(first) = missing.first() {
        let (files, path) = (count(missing.len() as u64, "file"), show(&first.file));
        progress.warning(&format!("{files} of .shroud not in this clone, first {path}"));
        progress.hint(FETCH);
    }
    if problems.is_empty() && missing.is_empty() && opened.roster.malformed.is_empty() {
        Ok(())
    } else {
        Err(MemberError::Problems)
    }
}
