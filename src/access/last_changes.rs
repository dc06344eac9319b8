//! Who changed a file last.

use std::collections::BTreeMap;

use crate::git::GitError;
use crate::git::history::PLAIN_LOG;
use crate::git::repository::Repository;

/// Who made a commit, which and when, after a byte that begins no path.
const AUTHOR: &str = "--format=%x01%an <%ae>, %h, %as";

/// Who changed a file last, in which commit and when; `None` where it is not committed.
///
/// # Errors
/// git fails.
pub fn last_change(repository: &Repository, path: &str) -> Result<Option<String>, GitError> {
    if !has_commit(repository)? {
        return Ok(None);
    }
    let pathspec = format!(":(top,literal){path}");
    let one = ["-1", AUTHOR, "--", &pathspec];
    let said = repository.git.run([&PLAIN_LOG[..], &one].concat())?;
    let said = String::from_utf8_lossy(&said).trim_end().trim_start_matches('\u{1}').to_owned();
    Ok((!said.is_empty()).then(|| crate::sanitise::line(&said)))
}

fn has_commit(repository: &Repository) -> Result<bool, GitError> {
    Ok(repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_some())
}

/// The same of several files: one call of git for all. A file that is not committed is left out.
///
/// # Errors
/// git fails.
pub fn last_changes(
    repository: &Repository,
    paths: &[&str],
) -> Result<BTreeMap<String, String>, GitError> {
    let mut found = BTreeMap::new();
    if paths.is_empty() || !has_commit(repository)? {
        return Ok(found);
    }
    let pathspecs: Vec<String> = paths.iter().map(|path| format!(":(top,literal){path}")).collect();
    // Of a merge only what none of its parents has.
    let mut log = [&PLAIN_LOG[..], &["-z", "-c", "--name-only", "--no-renames", AUTHOR]].concat();
    log.push("--");
    log.extend(pathspecs.iter().map(String::as_str));
    let said = repository.git.run(log)?;
    let mut by = String::new();
    for record in said.split(|&byte| byte == 0) {
        let text = String::from_utf8_lossy(record);
        if let Some(commit) = text.trim_start_matches('\n').strip_prefix('\u{1}') {
            by = crate::sanitise::line(commit.trim_end());
        } else {
            let path = text.trim_start_matches('\n');
            if !path.is_empty() && !found.contains_key(path) {
                found.insert(path.to_owned(), by.clone());
            }
        }
    }
    Ok(found)
}
