//! Opening: the sealed bytes in the worktree become the plaintext, without a detour through git.

use std::fs::Metadata;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use super::by_value::ByValue;
use super::read_start::read_start;
use super::seal::seals_to;
use super::sweep::{Worker, sweep_locked};
use super::{Left, Report, git_crypt};
use crate::clone::Keys;
use crate::format::{self, HEADER_LEN, Header, OpenError, Sniff};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::is_blob;
use crate::git::repository::Repository;
use crate::git::worktree::{IndexedFile, NotAFile, Worktree};

/// Bytes read at once: a small file in one piece.
const BUFFER: usize = 1 << 17;

/// Opens every file of this worktree that still holds the sealed bytes, and whose key is held.
///
/// A file with other content stays as it is. Cut off at any point, a second run does what is left.
///
/// # Errors
/// The index is locked or cannot be read or written. What goes wrong with one file is in the report.
pub fn open_worktree(repository: &Repository, keys: Keys<'_>) -> Result<Report, GitError> {
    let mut report = sweep_locked(repository, keys, open_file)?;
    let opened_with = std::mem::take(&mut report.opened_with);
    (report.retired, report.of_other_key) = opened_with.judge(repository, keys.shroud);
    Ok(report)
}

fn open_file(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    attributes: &PathAttributes,
) -> Result<(), Left> {
    if let Some(name) = &attributes.git_crypt {
        return git_crypt::open_file(worker, entry, attributes, name.as_ref().ok());
    }
    if !attributes.sealed {
        return Ok(());
    }
    if let Some(by_value) = ByValue::of(worker, entry, attributes)? {
        return by_value.open_file(worker, entry, attributes);
    }
    let (path, metadata) = match worker.worktree.find(entry)? {
        // Deleted, or outside the sparse checkout.
        None => return Ok(()),
        Some(Err(NotAFile)) => return Err(Left::Changed),
        Some(Ok(found)) => found,
    };
    let unchanged = worker.worktree.is_unchanged(entry, &metadata);
    let (mut file, start) = read_start(&path)?;
    match format::sniff(&start) {
        Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => {
            if unchanged {
                return Ok(());
            }
            refresh(worker, entry, &path, &metadata)
        }
        Sniff::Truncated => Err(Left::Damaged(OpenError::Truncated)),
        Sniff::UnsupportedVersion(version) => {
            Err(Left::Damaged(OpenError::UnsupportedVersion(version)))
        }
        Sniff::Sealed(id) => {
            let Some(held) = worker.keyring.by_id(id) else {
                *worker.report.still_sealed.entry(id).or_default() += 1;
                return Ok(());
            };
            let is_the_blob =
                unchanged || is_blob(worker.repository, &file, metadata.len(), entry.id)?;
            // A local change that was sealed in place: clean makes the same bytes of it again.
            let is_named = attributes.key.as_ref().is_ok_and(|key| held.name == *key);
            if !is_the_blob && !is_named {
                return Err(Left::Changed);
            }
            if is_the_blob && (attributes.conversion.is_some() || attributes.tripwire) {
                worker.report.by_git.push(entry.path.clone());
                return Ok(());
            }
            let header = Header::parse(&start)?;
            file.seek(SeekFrom::Start(HEADER_LEN as u64))?;
            let source = BufReader::with_capacity(BUFFER, file);
            let stat = worker.worktree.replace(&path, entry.executable, |to| {
                format::open_stream(&held.key, &header, source, to).map(drop).map_err(Left::from)
            })?;
            worker.report.written += 1;
            if let Ok(wanted) = &attributes.key
                && worker.keyring.entries().len() > 1
            {
                worker.report.opened_with.note(id, wanted, &entry.path);
            }
            if is_the_blob {
                worker.report.stats.push((entry.place, stat));
            }
            Ok(())
        }
    }
}

/// A file that was opened by a run which did not come to write the index, or that was only touched.
fn refresh(
    worker: &mut Worker<'_>,
    entry: &IndexedFile,
    path: &Path,
    metadata: &Metadata,
) -> Result<(), Left> {
    if seals_to(worker, path, entry.id)?.is_some() {
        if let Some(stat) = Worktree::stat(metadata) {
            worker.report.stats.push((entry.place, stat));
        }
        return Ok(());
    }
    if is_blob(worker.repository, open_regular(path)?, metadata.len(), entry.id)? {
        // An empty file stays empty, sealed or not.
        worker.report.in_the_clear += u64::from(metadata.len() > 0);
        return Ok(());
    }
    Err(Left::Changed)
}
