//! Who changed files last.

use std::collections::{BTreeMap, HashSet};

use gix::bstr::ByteSlice as _;

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

/// Files that are asked for at once.
const AT_ONCE: usize = 100;
/// Begins a line of the log that names a commit.
const COMMIT: u8 = 1;

/// A commit that changed some of the files last.
pub struct Author {
    /// Its short id, date and author, for people.
    pub commit: String,
    /// The files.
    pub paths: Vec<Vec<u8>>,
}

/// The commits in the history of `HEAD` that changed these files last, newest first. A file that is in none is left out.
///
/// # Errors
/// git fails.
pub fn last_authors(repository: &Repository, paths: &[Vec<u8>]) -> Result<Vec<Author>, GitError> {
    let mut authors: Vec<Author> = Vec::new();
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_none() {
        return Ok(authors);
    }
    for paths in paths.chunks(AT_ONCE) {
        let fixed = [
            "--format=%x01%h of %ad by %an <%ae>",
            "--date=short",
            "--name-only",
            "--no-renames",
            // Of a merge only what none of its parents has.
            "-c",
            "-z",
            "HEAD",
            "--",
        ];
        let mut arguments: Vec<std::ffi::OsString> =
            PLAIN_LOG.iter().chain(&fixed).map(Into::into).collect();
        for path in paths {
            let pathspec = [b":(top,literal)", path.as_slice()].concat();
            arguments.extend(crate::repo_path::to_native(&pathspec).map(Into::into));
        }
        let log = repository.git.run(arguments)?;
        let mut wanted: HashSet<&[u8]> = paths.iter().map(Vec::as_slice).collect();
        let mut commit = String::new();
        for record in log.split(|&byte| byte == 0) {
            let record = record.strip_prefix(b"\n").unwrap_or(record);
            if let Some(named) = record.strip_prefix(&[COMMIT]) {
                commit = crate::sanitise::text(&named.to_str_lossy());
            } else if wanted.remove(record) {
                match authors.iter_mut().find(|author| author.commit == commit) {
                    Some(author) => author.paths.push(record.to_vec()),
                    None => {
                        authors
                            .push(Author { commit: commit.clone(), paths: vec![record.to_vec()] });
                    }
                }
            }
        }
    }
    Ok(authors)
}
