//! What git itself must write: an index that others share, and files that git converts.

use std::collections::HashSet;

use super::read_start::read_start;
use super::report::{Left, Report};
use crate::format::{self, OpenError, Sniff};
use crate::fs::{PrivateUmask, mode_of};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::git_crypt::is_encrypted;
use crate::repo_path;

/// git looks at the files that were written. A mere refresh takes a file of another size for a changed one, unread.
pub(super) fn add_by_git(
    repository: &Repository,
    entries: &Entries,
    report: &Report,
) -> Result<(), GitError> {
    let written: HashSet<usize> = report.stats.iter().map(|(place, _)| *place).collect();
    if written.is_empty() {
        return Ok(());
    }
    let mut paths = Vec::new();
    for entry in entries.files.iter().filter(|entry| written.contains(&entry.place)) {
        paths.extend_from_slice(&entry.path);
        paths.push(0);
    }
    repository.git.run_with_input(["update-index", "-z", "--stdin"], &paths)?;
    Ok(())
}

/// git writes those files that it converts on their way to the worktree.
pub(super) fn check_out_by_git(
    repository: &Repository,
    report: &mut Report,
) -> Result<(), GitError> {
    if report.by_git.is_empty() {
        return Ok(());
    }
    let is_private = |path: &&Vec<u8>| {
        let file = repository.worktree.as_deref().zip(repo_path::to_native(path));
        let mode = file.and_then(|(top, path)| mode_of(&top.join(path)));
        mode.is_some_and(|mode| mode & 0o077 == 0)
    };
    let (private, shared): (Vec<_>, Vec<_>) = report.by_git.iter().partition(is_private);
    let mut failure = None;
    for (paths, is_private) in [(shared, false), (private, true)] {
        if paths.is_empty() {
            continue;
        }
        let mut listed = Vec::new();
        for path in paths {
            listed.extend_from_slice(path);
            listed.push(0);
        }
        let git = &repository.git;
        let check_out = ["checkout-index", "--force", "--index", "-z", "--stdin"];
        // git makes files as the umask says.
        let _private = is_private.then(PrivateUmask::set);
        failure = git.run_with_input(check_out, &listed).err().or(failure);
    }
    // What git has changed on the way did not open: the filter has handed it on, or refused it.
    let mut attributes = Attributes::new(repository)?;
    for path in std::mem::take(&mut report.by_git) {
        let file = repository.worktree.as_deref().zip(repo_path::to_native(&path));
        let start = file.and_then(|(top, path)| read_start(&top.join(path)).ok());
        let is_open = start.is_some_and(|(_, start)| {
            !matches!(format::sniff(&start), Sniff::Sealed(_)) && !is_encrypted(&start)
        });
        match attributes.of(&path)?.conversion.filter(|_| !is_open) {
            Some(setting) => report.left.push((path, Left::Converted(setting.to_string()))),
            None if is_open => report.written += 1,
            None => match failure.take() {
                Some(error) => return Err(error),
                None => report.left.push((path, Left::Damaged(OpenError::Authentication))),
            },
        }
    }
    Ok(())
}
