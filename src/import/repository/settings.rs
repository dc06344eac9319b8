//! What a tool has set in this clone: read, and unset once nothing needs it any more.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::tool::RepositoryTool;
use crate::git::GitError;
use crate::git::command::os_line;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::sanitise;

/// How many branches are looked at in one call.
const AT_ONCE: usize = 200;
/// Where git keeps the plaintext that transcrypt's diffs have shown.
const CACHES: &str = "refs/notes/textconv/crypt*";

/// A setting of this clone.
///
/// # Errors
/// git fails.
pub(super) fn read(repository: &Repository, name: &str) -> Result<Option<String>, GitError> {
    let value = repository.git.query(["config", "--local", "--get", name])?;
    // As a shell reads it, which these tools are written in.
    Ok(value.map(|value| value.to_string_lossy().trim_end_matches('\n').to_owned()))
}

/// Every value of a setting, as git sees it here.
///
/// # Errors
/// git fails.
pub(super) fn read_all(repository: &Repository, name: &str) -> Result<Vec<String>, GitError> {
    let mut all = repository.git.settings(["--get-all", name])?;
    all.retain(|value| !value.is_empty());
    Ok(all)
}

/// Where a file of git's own folder is.
pub(super) fn read_path(repository: &Repository, name: &str) -> Option<PathBuf> {
    let path = repository.git.run(["rev-parse", "--git-path", name]).ok()?;
    Some(repository.git.dir().join(os_line(path)))
}

/// The tool's settings in this clone, by their names; without those that [`unset`] has put in their place.
///
/// # Errors
/// git fails.
pub(super) fn found(
    repository: &Repository,
    tool: &dyn RepositoryTool,
) -> Result<Vec<String>, GitError> {
    if tool.settings().is_empty() {
        return Ok(Vec::new());
    }
    let listed = repository.git.settings(["--local", "--get-regexp", tool.settings()])?;
    let settings = listed.iter().filter_map(|setting| setting.split_once('\n'));
    let (mut names, mut guarded) = (Vec::new(), BTreeSet::new());
    let guard = tool.guard().map(|guard| guard.command(tool.drivers().tool));
    for (name, value) in settings {
        if guard.as_deref() == Some(value) {
            guarded.extend(name.strip_suffix(".clean").map(str::to_owned));
        }
        names.push(name.to_owned());
    }
    names.retain(|name| !guarded.iter().any(|driver| name.starts_with(&format!("{driver}."))));
    names.dedup();
    Ok(names)
}

/// Unsets them, unless another branch still needs them.
///
/// # Errors
/// git fails.
pub(super) fn unset(
    repository: &Repository,
    tool: &dyn RepositoryTool,
    progress: &dyn Progress,
) -> Result<(), GitError> {
    let name = tool.drivers().tool;
    let names = found(repository, tool)?;
    if !names.is_empty() {
        if let Some(branch) = other_branch(repository, tool.needle())? {
            progress.status(&format!(
                "the branch {branch} still has files under {name}'s filter, so this clone keeps its configuration"
            ));
            progress.hint(&format!(
                "once the branches have this commit, or are gone: git shroud import {name}"
            ));
            return Ok(());
        }
        let drivers: BTreeSet<_> = names
            .iter()
            .filter(|name| name.starts_with("filter."))
            .filter_map(|name| name.rsplit_once('.').map(|(driver, _)| driver.to_owned()))
            .collect();
        for setting in &names {
            // What is replaced is never without a filter meanwhile.
            let is_replaced = drivers.iter().any(|driver| {
                ["required", "clean", "smudge"]
                    .iter()
                    .any(|it| *setting == format!("{driver}.{it}"))
            });
            if !is_replaced || tool.guard().is_none() {
                repository.git.query(["config", "--local", "--unset-all", setting])?;
            }
        }
        if let Some(guard) = tool.guard() {
            for driver in &drivers {
                guard.set(repository, name, driver)?;
            }
        }
        progress.status(&format!("unset {name} in this clone's configuration"));
        if let Some(guard) = tool.guard() {
            progress.hint(&format!(
                "in earlier commits its files stay encrypted now, and no plaintext is added there; to set its filter up again: {}",
                guard.back
            ));
        }
    }
    if name == "transcrypt" {
        forget_caches(repository, progress)?;
    }
    for left in tool.left(repository) {
        progress.hint(&left);
    }
    Ok(())
}

/// transcrypt lets git keep the plaintext of what a diff has shown, as notes.
fn forget_caches(repository: &Repository, progress: &dyn Progress) -> Result<(), GitError> {
    let listed = repository.git.run(["for-each-ref", "--format=%(refname)", CACHES])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    for name in listed.lines() {
        repository.git.run(["update-ref", "-d", name])?;
    }
    if !listed.is_empty() {
        progress.hint(
            "git's cache of transcrypt's diffs held plaintext and is forgotten; to remove its objects too: git gc --prune=now",
        );
    }
    Ok(())
}

/// A branch besides this one, here or at a remote, whose attributes hold the needle.
fn other_branch(repository: &Repository, needle: &str) -> Result<Option<String>, GitError> {
    if needle.is_empty() {
        return Ok(None);
    }
    let format = "--format=%(refname)";
    let mut branches = Vec::new();
    // What is merged at a remote is followed by this commit; what is merged here may still be checked out.
    for patterns in [&["refs/heads"][..], &["refs/remotes", "--no-merged=HEAD"]] {
        let listed = repository.git.run([&["for-each-ref", format][..], patterns].concat())?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        branches.extend(listed.lines().map(str::to_owned));
    }
    let current = repository.git.query(["symbolic-ref", "-q", "HEAD"])?;
    let current = current.map(|name| name.to_string_lossy().into_owned());
    branches.retain(|name| Some(name) != current.as_ref());
    for some in branches.chunks(AT_ONCE) {
        let search = ["grep", "--no-color", "-l", "-z", "-F", "-e", needle];
        let files = ["--", ":(top,glob)**/.gitattributes"];
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        let hits = repository.git.query([&search[..], &some, &files].concat())?;
        let hits = hits.unwrap_or_default().to_string_lossy().into_owned();
        if let Some((branch, _)) = hits.split_once(':') {
            let short =
                branch.trim_start_matches("refs/heads/").trim_start_matches("refs/remotes/");
            return Ok(Some(sanitise::line(short)));
        }
    }
    Ok(None)
}
