//! What a check looks at, by revisions, by the lines that git gives a hook, or in the index.

use std::ffi::OsString;

use gix::ObjectId;

use super::{Allowed, Finding, Problem, Report, Source, Subject, check};
use crate::git::GitError;
use crate::git::database::{Database, Peeled};
use crate::git::history;
use crate::git::pushed::{Pushed, rewritten};
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::status::conflicts;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// What the next commit will hold.
    Staged,
    /// Every commit that a ref leads to.
    All,
    /// Revisions, as `git log` takes them.
    Revisions(Vec<OsString>),
    /// What a push brings to this repository, by git's lines on standard input.
    PreReceive,
    /// What this remote does not have yet, by git's lines on standard input.
    PrePush(String),
    /// The commits that are in the place of others, by git's lines on standard input.
    PostRewrite,
}

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// Nothing is staged where there is no worktree.
    #[error("nothing is staged without a worktree")]
    NoWorktree,
    /// The index has conflicts, so that it is no tree.
    #[error(transparent)]
    Unmerged(GitError),
    /// A revision names nothing.
    #[error(transparent)]
    Revisions(GitError),
    /// git fails, or an object is damaged.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Judges what a range holds, without what may leave the seal; also returns what was judged.
///
/// # Errors
/// [`RangeError`].
pub fn check_range(
    repository: &Repository,
    git_crypt: &HeldKeys,
    range: &Range,
    allowed: &Allowed,
) -> Result<(Report, Vec<Subject>), RangeError> {
    let (subjects, missing) = match range {
        Range::Staged => (vec![staged(repository)?], Vec::new()),
        _ => subjects(repository, range)?,
    };
    let mut report = check(repository, git_crypt, &subjects)?;
    report.missing.extend(missing);
    if *range == Range::Staged {
        add_conflicts(repository, &subjects, &mut report)?;
    }
    report.findings.retain(|found| !(found.problem.is_allowable() && allowed.has(&found.path)));
    Ok((report, subjects))
}

/// What should be judged, and what of it is not here.
fn subjects(
    repository: &Repository,
    range: &Range,
) -> Result<(Vec<Subject>, Vec<ObjectId>), RangeError> {
    let stdin = std::io::stdin;
    let pushed = |pushed: Pushed| (pushed.commits, pushed.tips);
    // What names no commit may still be a tree.
    let (commits, lone) = match range {
        Range::Staged => (Vec::new(), Vec::new()),
        Range::All => (history::everywhere(repository)?, history::ref_targets(repository)?),
        Range::PreReceive => pushed(Pushed::to_refs(repository, stdin())?),
        Range::PrePush(remote) => pushed(Pushed::to_remote(repository, remote, stdin())?),
        Range::PostRewrite => (rewritten(repository, stdin())?, Vec::new()),
        Range::Revisions(revisions) => {
            let listed = history::in_range(repository, revisions);
            (listed.map_err(RangeError::Revisions)?, Vec::new())
        }
    };
    let mut subjects: Vec<Subject> = commits.into_iter().map(Subject::from).collect();
    let mut missing = Vec::new();
    let database = Database::open(repository)?;
    for id in lone {
        match database.peel(id)? {
            Peeled::Tree(id) => {
                subjects.push(Subject { source: Source::Tree(id), parents: Vec::new() });
            }
            Peeled::Missing(id) => missing.push(id),
            Peeled::Commit(_) | Peeled::Blob(_) => {}
        }
    }
    Ok((subjects, missing))
}

fn staged(repository: &Repository) -> Result<Subject, RangeError> {
    if repository.worktree.is_none() {
        return Err(RangeError::NoWorktree);
    }
    let tree = match history::index_tree(repository) {
        Ok(tree) => tree,
        Err(error) => {
            let unmerged = repository.git.run(["ls-files", "--unmerged"]);
            let is_unmerged = unmerged.is_ok_and(|listed| !listed.is_empty());
            return Err(match is_unmerged {
                true => RangeError::Unmerged(error),
                false => RangeError::Git(error),
            });
        }
    };
    Ok(Subject { source: Source::Index(tree), parents: history::next_parents(repository)? })
}

/// Adds the paths of the index whose attributes git itself reads otherwise.
fn add_conflicts(
    repository: &Repository,
    subjects: &[Subject],
    report: &mut Report,
) -> Result<(), GitError> {
    let [subject] = subjects else { return Ok(()) };
    for (path, why) in conflicts(repository)? {
        if !report.findings.iter().any(|found| found.path == path) {
            let (source, problem) = (subject.source, Problem::Conversion(why));
            report.findings.push(Finding { source, path, problem });
        }
    }
    Ok(())
}
