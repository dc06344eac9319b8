//! Closing a worktree whose keys are gone: what the repository holds takes the place of what git knows to be the opened form
//! of it.

use super::by_value::ByValue;
use super::read_start::read_start;
use super::sweep::{Worker, sweep, sweep_locked};
use super::{Left, Report};
use crate::clone::Keys;
use crate::format::{self, Sniff};
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, is_blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, IndexedFile};
use crate::git_crypt;

/// Puts the sealed blobs of the index in the place of plaintext files.
///
/// Without a key nothing proves that a file is the opened form of its blob. What git remembers of the file says so, if the
/// file did not change since; `discard` gives up those that did. Everything else is left and in the report.
///
/// # Errors
/// The index is locked or cannot be read or written. What goes wrong with one file is in the report.
pub fn close_worktree(
    repository: &Repository,
    keys: Keys<'_>,
    discard: bool,
) -> Result<Report, GitError> {
    // In a clone that is closed nothing is locked or written.
    let entries = Entries::read(repository)?;
    let open = sweep(repository, keys, &entries, |worker, entry, attributes| {
        if is_to_close(worker, entry, attributes, discard)? {
            worker.report.written += 1;
        }
        Ok(())
    })?;
    if open.written == 0 {
        return Ok(open);
    }
    sweep_locked(repository, keys, |worker, entry, attributes| {
        if is_to_close(worker, entry, attributes, discard)?
            && let Some((path, _)) = worker.worktree.find(entry)?.and_then(Result::ok)
        {
            return worker.put_back(entry, &path);
        }
        worker.remember_closed(entry, attributes)
    })
}

/// How many files of this worktree are still sealed although their key is held, as after an interrupted unlock.
///
/// # Errors
/// The index cannot be read.
pub fn find_unopened(repository: &Repository, keys: Keys<'_>) -> Result<u64, GitError> {
    if keys.shroud.is_empty() && keys.git_crypt.is_empty() {
        return Ok(0);
    }
    let entries = Entries::read(repository)?;
    let found = sweep(repository, keys, &entries, |worker, entry, attributes| {
        if attributes.is_encrypted() && is_unopened(worker, entry, attributes)? {
            worker.report.written += 1;
        }
        Ok(())
    })?;
    Ok(found.written)
}

fn is_unopened(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    attributes: &PathAttributes,
) -> Result<bool, Left> {
    let Some((path, metadata)) = worker.worktree.find(entry)?.and_then(Result::ok) else {
        return Ok(false);
    };
    if let Some(name) = &attributes.git_crypt {
        let held = name.as_ref().is_ok_and(|name| worker.git_crypt.of(name).is_some());
        let (file, start) = read_start(&path)?;
        // The opened form of what was encrypted twice looks encrypted too.
        return Ok(held
            && git_crypt::is_encrypted(&start)
            && is_blob(worker.repository, &file, metadata.len(), entry.id)?);
    }
    if let Some(by_value) = ByValue::of(worker, entry, attributes)? {
        return by_value.is_unopened(worker, &path);
    }
    if !format::may_be_sealed(metadata.len()) {
        return Ok(false);
    }
    let (_, start) = read_start(&path)?;
    Ok(match format::sniff(&start) {
        Sniff::Sealed(id) => worker.keyring.by_id(id).is_some(),
        _ => false,
    })
}

/// Whether the blob is to take the place of the file.
fn is_to_close(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    attributes: &PathAttributes,
    discard: bool,
) -> Result<bool, Left> {
    let of_git_crypt = attributes.git_crypt.is_some();
    if let Some(by_value) = ByValue::of(worker, entry, attributes)? {
        return by_value.is_to_close(worker, entry, attributes, discard);
    }
    let Some((path, metadata)) = worker.file_of(entry, attributes.is_encrypted())? else {
        return Ok(false);
    };
    let (_, start) = read_start(&path)?;
    let is_closed = match format::sniff(&start) {
        Sniff::Empty => true,
        Sniff::GitCrypt => of_git_crypt && git_crypt::is_encrypted(&start),
        Sniff::NotSealed => false,
        Sniff::Sealed(_) | Sniff::Truncated | Sniff::UnsupportedVersion(_) => !of_git_crypt,
    };
    if is_closed {
        return Ok(false);
    }
    let Some(header) = worker.repository.gix.try_find_header(entry.id).map_err(GitError::read)?
    else {
        return if attributes.is_encrypted() { Err(Left::NotHere) } else { Ok(false) };
    };
    if !attributes.is_encrypted() && !format::may_be_sealed(header.size()) {
        return Ok(false);
    }
    let blob = objects::read_start(worker.repository, entry.id)?.unwrap_or_default();
    let (is_sealed, fits) = if of_git_crypt {
        let len = metadata.len() + git_crypt::HEADER_LEN as u64;
        (git_crypt::is_encrypted(&blob), len == header.size())
    } else {
        let is_sealed = matches!(format::sniff(&blob), Sniff::Sealed(_));
        (is_sealed, format::can_hold(&blob, header.size(), metadata.len()))
    };
    match (is_sealed, attributes.is_encrypted()) {
        _ if entry.intended => Err(Left::Changed),
        (false, true) => Err(Left::InTheClear),
        (false, false) => Ok(false),
        // Times, place and owner are those that git remembers, and so is the length that the blob allows.
        (true, _) if discard => Ok(true),
        (true, _) if fits && worker.worktree.is_untouched(entry, &metadata) => Ok(true),
        (true, _) => Err(Left::Changed),
    }
}
