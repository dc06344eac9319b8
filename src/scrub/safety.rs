//! What must hold before a history is rewritten in somebody's own clone.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use gix::bstr::ByteSlice as _;

use super::error::{Outcome, Unfit};
use super::{Changes, TextKind};
use crate::access::rotate;
use crate::git::command::os_line;
use crate::git::repository::Repository;
use crate::git::tree_attributes::FILE_NAME;
use crate::repo_path;
use crate::store::local;

/// Files of a dirty worktree that are named.
const MAX_NAMED: usize = 3;

/// Refuses a clone in which something would be lost, or left as it was.
///
/// # Errors
/// The first thing that is in the way, with its remedy.
pub fn refuse_unfit(repository: &Repository) -> Outcome {
    let common = repository.common_dir();
    if rotate::Journal::is_there(common) {
        return Err(Unfit::Rotation.into());
    }
    if local::dir(common).join("migration").exists() {
        return Err(Unfit::Migration.into());
    }
    if common.join("shallow").exists() {
        return Err(Unfit::Shallow.into());
    }
    let config = repository.gix.config_snapshot();
    let query = ["config", "--get-regexp", r"^remote\..*\.(promisor|partialclonefilter)$"];
    if config.string("extensions.partialClone").is_some() || repository.git.query(query)?.is_some()
    {
        return Err(Unfit::Partial.into());
    }
    let absent = repository.absent_worktrees()?;
    if let Some(top) = absent.first() {
        let top = crate::sanitise::native(top);
        return Err(Unfit::Absent(top).into());
    }
    for worktree in repository.all_worktrees()? {
        refuse_work(&worktree)?;
    }
    Ok(())
}

/// Refuses a worktree in which a file that git does not know stands where a new name, or the file with attributes, is to come.
///
/// # Errors
/// There is one.
pub fn refuse_overwriting(repository: &Repository, changes: &dyn Changes) -> Outcome {
    for worktree in repository.all_worktrees()? {
        let Some(top) = &worktree.worktree else { continue };
        let listed = worktree.git.run(["ls-files", "-z"])?;
        let tracked: BTreeSet<&[u8]> =
            listed.split_str(b"\0").filter(|path| !path.is_empty()).collect();
        let renamed = |path: &&[u8]| {
            let name = |name: &[u8]| changes.text(TextKind::FileName, name);
            let names = path.split(|&byte| byte == b'/');
            let names: Vec<_> =
                names.map(|old| name(old).unwrap_or_else(|| old.to_vec())).collect();
            names.join(&b'/')
        };
        let mut coming: BTreeSet<Vec<u8>> = tracked.iter().map(renamed).collect();
        if changes.has_attributes() && changes.attributes(None).is_some() {
            coming.insert(FILE_NAME.to_vec());
        }
        for path in coming.iter().filter(|path| !tracked.contains(&path[..])) {
            let file = repo_path::to_native(path).map(|native| top.join(native));
            if file.is_some_and(|file| file.symlink_metadata().is_ok()) {
                return Err(Unfit::InTheWay(crate::sanitise::path(path)).into());
            }
        }
    }
    Ok(())
}

/// Refuses a worktree with work in it.
fn refuse_work(repository: &Repository) -> Outcome {
    let Some(top) = &repository.worktree else { return Ok(()) };
    let top = crate::sanitise::native(top);
    if repository.gix.state().is_some() {
        return Err(Unfit::UnderWay(top).into());
    }
    let changed = changed(repository)?;
    if !changed.is_empty() {
        return Err(Unfit::Dirty { top, files: named(&changed) }.into());
    }
    let hidden = changed_and_hidden(repository)?;
    if !hidden.is_empty() {
        return Err(Unfit::Hidden { top, files: named(&hidden) }.into());
    }
    Ok(())
}

/// The first of these paths, for people.
fn named(paths: &[Vec<u8>]) -> String {
    let named = paths.iter().take(MAX_NAMED).map(|path| crate::sanitise::path(path));
    let more = if paths.len() > MAX_NAMED { ", …" } else { "" };
    format!("{}{more}", named.collect::<Vec<_>>().join(", "))
}

/// Tracked files of a worktree that differ from its last commit, also those that git was told not to look at.
///
/// # Errors
/// git fails.
pub fn dirty(repository: &Repository) -> Outcome<Vec<Vec<u8>>> {
    Ok([changed(repository)?, changed_and_hidden(repository)?].concat())
}

/// Those that git names.
fn changed(repository: &Repository) -> Outcome<Vec<Vec<u8>>> {
    let status = ["status", "--porcelain", "-z", "--untracked-files=no", "--no-renames"];
    let listed = repository.git.run(status.iter().chain(&["--ignore-submodules=dirty"]))?;
    let mut changed = Vec::new();
    for record in listed.split_str(b"\0").filter(|record| record.len() > 3) {
        let (how, path) = (&record[..2], &record[3..]);
        if how != b" M" || !is_as_stored(repository, path, &["--no-filters"])? {
            changed.push(path.to_vec());
        }
    }
    Ok(changed)
}

/// Those that git was told not to look at.
fn changed_and_hidden(repository: &Repository) -> Outcome<Vec<Vec<u8>>> {
    let Some(top) = &repository.worktree else { return Ok(Vec::new()) };
    // 'h' is assumed unchanged, 'S' is skipped, 's' is both.
    let listed = repository.git.run(["ls-files", "-v", "-z"])?;
    let mut changed = Vec::new();
    for record in listed.split_str(b"\0") {
        let (skipped, path) = match record {
            [b'h', b' ', path @ ..] => (false, path),
            [b'S' | b's', b' ', path @ ..] => (true, path),
            _ => continue,
        };
        let file = repo_path::to_native(path).map(|path| top.join(path).symlink_metadata());
        // What a sparse checkout leaves out is not there to be lost.
        if skipped && file.as_ref().is_some_and(Result::is_err) {
            continue;
        }
        let is_file = file.is_some_and(|file| file.is_ok_and(|metadata| metadata.is_file()));
        let as_stored = |how: &[&str]| is_as_stored(repository, path, how);
        if !is_file || !(as_stored(&["--no-filters"])? || as_stored(&[])?) {
            changed.push(path.to_vec());
        }
    }
    Ok(changed)
}

/// Whether a file holds the very bytes of its blob, or would be stored as such with filters: plaintext at a path that should be
/// sealed differs from what git would store, and yet nobody has changed it.
fn is_as_stored(repository: &Repository, path: &[u8], how: &[&str]) -> Outcome<bool> {
    let name = os_line([path, b"\n"].concat());
    let spec = os_line([b":", path, b"\n"].concat());
    let stored = repository.git.query([
        OsStr::new("rev-parse"),
        "-q".as_ref(),
        "--verify".as_ref(),
        &spec,
    ])?;
    let hash = ["hash-object"].iter().chain(how).chain(&["--"]).map(OsStr::new);
    let has = repository.git.run(hash.chain([&*name]))?;
    Ok(stored == Some(os_line(has)))
}
