//! What an interrupted run of this program has left.

use super::{Finding, Patient, Severity, problem};
use crate::access::worktree::find_unopened;
use crate::clone::locks::remove_left_keys;
use crate::clone::{Keys, kept_keys_in};
use crate::error::count;
use crate::git::index;
use crate::git::repository::Repository;
use crate::git::worktree::count_leftovers;
use crate::store::exclusive::try_exclusive;

pub(super) fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let repository = patient.repository;
    // Keys of the environment open files when git writes them, and no worktree as a whole.
    let held = kept_keys_in(repository.common_dir(), repository.gix.git_dir()).unwrap_or_default();
    let keys = Keys { shroud: &held, git_crypt: patient.git_crypt };
    let unopened = find_unopened(repository, keys).unwrap_or(0);
    if unopened > 0 {
        findings.push(problem(
            "worktree",
            format!(
                "{} still sealed in the worktree, although the key is held: an unlock or lock was interrupted",
                count(unopened, "file")
            ),
            "'git shroud unlock' opens them, 'git shroud lock' seals all",
        ));
    }
    if index::is_abandoned(repository) {
        findings.push(problem(
            "worktree",
            "a killed git-shroud left a lock on git's index",
            "'git shroud unlock' or 'git shroud lock' removes it",
        ));
    }
    let unfinished = repository.worktree.as_deref().map_or(0, count_leftovers);
    if unfinished > 0 {
        findings.push(problem(
            "worktree",
            format!(
                "a killed git-shroud left {} at the top of the worktree, which may hold plaintext",
                count(unfinished as u64, "unfinished file")
            ),
            "'git shroud unlock' or 'git shroud lock' removes them",
        ));
    }
    findings
}

/// Removes the keys that a run which was cut off has left, unless another is at work; what there was.
pub fn remove_left(repository: &Repository) -> Option<Finding> {
    let common_dir = repository.common_dir();
    let lock = try_exclusive(common_dir).ok().flatten();
    let removed = lock.map(|_lock| remove_left_keys(common_dir))?;
    let finding =
        |severity, message: String| Finding { check: "leftovers", severity, message, remedy: None };
    match removed {
        Ok(false) => None,
        Ok(true) => Some(finding(
            Severity::Ok,
            "removed the keys that an interrupted rotation had left".to_owned(),
        )),
        Err(error) => Some(finding(Severity::Problem, error.to_string())),
    }
}
