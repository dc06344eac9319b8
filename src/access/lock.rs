//! Sealing in place: the plaintext in the worktree becomes the sealed bytes that the repository holds.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::restage::sniff_blob;
use super::{Keys, Left, Report, Worker, git_crypt, read_start, sweep, sweep_locked};
use crate::format::{self, Key, Siv, Sniff};
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::BlobHasher;
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, Entry};
use crate::git_crypt::Name;
use crate::keyring::{self, KeyName};

/// Which keys are to be given up, and what becomes of files with local changes.
pub struct LockPlan {
    /// Files of these keys are sealed; those of other keys stay open.
    pub names: BTreeSet<KeyName>,
    /// Files of these keys of git-crypt are encrypted.
    pub git_crypt: BTreeSet<Name>,
    /// Seals local changes too, as they are, instead of leaving them.
    pub seal_changes: bool,
}

/// The files of this worktree that a lock would leave in the clear, as they have local changes.
///
/// # Errors
/// The index cannot be read.
pub fn find_changed(
    repository: &Repository,
    keys: Keys<'_>,
    plan: &LockPlan,
) -> Result<Report, GitError> {
    let entries = Entries::read(repository)?;
    sweep(repository, keys, &entries, |worker, entry, attributes| {
        if let Some(name) = &attributes.git_crypt {
            return git_crypt::find_changed(worker, entry, name.as_ref().ok(), plan);
        }
        let Some((path, metadata)) = worker.find_file(entry)? else { return Ok(()) };
        if !attributes.sealed {
            return worker.refuse_untracked(entry, &path);
        }
        if worker.worktree.is_unchanged(entry, &metadata) || !holds_plaintext(&path)? {
            return Ok(());
        }
        worker.key_of(entry, attributes, &path, plan).map(drop)
    })
}

/// Puts the sealed bytes back into every file of this worktree that holds the plaintext.
///
/// # Errors
/// The index is locked or cannot be read or written. What goes wrong with one file is in the report.
pub fn seal_worktree(
    repository: &Repository,
    keys: Keys<'_>,
    plan: &LockPlan,
) -> Result<Report, GitError> {
    sweep_locked(repository, keys, |worker, entry, attributes| {
        if let Some(name) = &attributes.git_crypt {
            return git_crypt::encrypt_file(worker, entry, name.as_ref().ok(), plan);
        }
        if !attributes.sealed {
            return Ok(());
        }
        let Some((path, _)) = worker.find_file(entry)? else { return Ok(()) };
        if !holds_plaintext(&path)? {
            return Ok(());
        }
        // Nearly always the key that the attribute names makes the very blob, which shows only when it is done.
        let named = attributes.key.as_ref().ok().filter(|name| plan.names.contains(name));
        if let Some(held) = named.and_then(|name| keys.shroud.current(name)) {
            match worker.seal_file(entry, &path, &held.key, true) {
                Err(Left::Changed) => {}
                sealed => return sealed,
            }
        }
        match worker.key_of(entry, attributes, &path, plan)? {
            Some((key, unchanged)) => worker.seal_file(entry, &path, key, unchanged),
            None => Ok(()),
        }
    })
}

fn holds_plaintext(path: &Path) -> io::Result<bool> {
    let (_, start) = read_start(path)?;
    Ok(matches!(format::sniff(&start), Sniff::NotSealed | Sniff::GitCrypt))
}

impl<'r> Worker<'r> {
    pub(super) fn find_file(&mut self, entry: &Entry) -> io::Result<Option<(PathBuf, Metadata)>> {
        Ok(self.worktree.find(entry)?.and_then(Result::ok))
    }

    /// A file that is sealed in the repository, was opened, and lost its attribute.
    fn refuse_untracked(&self, entry: &Entry, path: &Path) -> Result<(), Left> {
        let header = self.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        let sealed = header.is_some_and(|header| format::is_sealed_len(header.size()))
            && matches!(sniff_blob(self.repository, entry.id)?, Some(Sniff::Sealed(_)));
        if sealed && holds_plaintext(path)? { Err(Left::NotTracked) } else { Ok(()) }
    }

    /// Seals the file; `Left::Changed`, and nothing is done, if it is to make the blob of the index and does not.
    fn seal_file(
        &mut self,
        entry: &Entry,
        path: &Path,
        key: &Key,
        is_the_blob: bool,
    ) -> Result<(), Left> {
        let mut file = File::open(path)?;
        let (siv, length) = first_pass(key, &mut file)?;
        let mut hasher = BlobHasher::new(self.repository, sealed_len(length)?);
        let stat = self.worktree.replace(path, entry.executable, |to| {
            if is_the_blob {
                // What is overwritten must be what the repository holds.
                format::seal_stream(key, &siv, length, &file, Tee(to, &mut hasher))?;
                return if hasher.finish()? == entry.id { Ok(()) } else { Err(Left::Changed) };
            }
            // Changed between the passes, what was sealed would open nowhere.
            let mut again = key.siv();
            format::seal_stream(key, &siv, length, TeeReader(&file, &mut again), to)?;
            if again.finish().matches(&siv) { Ok(()) } else { Err(Left::Changed) }
        })?;
        self.report.written += 1;
        if is_the_blob {
            self.report.stats.push((entry.place, stat));
        }
        Ok(())
    }

    /// The key that seals this plaintext, and whether that makes the blob of the index; `None` where it is to stay.
    fn key_of(
        &mut self,
        entry: &Entry,
        attributes: &PathAttributes,
        path: &Path,
        plan: &LockPlan,
    ) -> Result<Option<(&'r Key, bool)>, Left> {
        if let Some(held) = seals_to(self, attributes, path, entry.id)? {
            return Ok(plan.names.contains(&held.name).then_some((&held.key, true)));
        }
        let name = attributes.key.as_ref().ok();
        if name
            .is_some_and(|name| !plan.names.contains(name) && self.keyring.current(name).is_some())
        {
            return Ok(None);
        }
        if is_stored_in_the_clear(self.repository, entry.id)? {
            self.report.in_the_clear += 1;
            return Ok(None);
        }
        match name.and_then(|name| self.keyring.current(name)) {
            Some(held) if plan.seal_changes => Ok(Some((&held.key, false))),
            _ => Err(Left::Changed),
        }
    }
}

/// The key under which the file at `path` becomes the blob `id`: that of its attribute, or any other that is held.
pub(super) fn seals_to<'r>(
    worker: &Worker<'r>,
    attributes: &PathAttributes,
    path: &Path,
    id: ObjectId,
) -> Result<Option<&'r keyring::Entry>, Left> {
    let keyring = worker.keyring;
    let named = attributes.key.as_ref().ok();
    let is_named = |held: &&keyring::Entry| Some(&held.name) == named;
    let first = keyring.entries().iter().filter(is_named);
    let others = keyring.entries().iter().filter(|held| !is_named(held));
    for held in first.chain(others) {
        let mut file = File::open(path)?;
        let (siv, length) = first_pass(&held.key, &mut file)?;
        let mut hasher = BlobHasher::new(worker.repository, sealed_len(length)?);
        format::seal_stream(&held.key, &siv, length, &file, &mut hasher)?;
        if hasher.finish()? == id {
            return Ok(Some(held));
        }
    }
    Ok(None)
}

fn first_pass(key: &Key, file: &mut File) -> io::Result<(Siv, u64)> {
    let mut siv = key.siv();
    let length = io::copy(file, &mut siv)?;
    file.rewind()?;
    Ok((siv.finish(), length))
}

/// `false` also where the blob is not here: then nothing is known of it, and the file must not be overwritten.
fn is_stored_in_the_clear(repository: &Repository, id: ObjectId) -> Result<bool, Left> {
    Ok(matches!(sniff_blob(repository, id)?, Some(Sniff::NotSealed | Sniff::GitCrypt)))
}

/// Shows what is read to a second place.
pub(super) struct TeeReader<'r, A, B>(pub(super) A, pub(super) &'r mut B);

impl<A: io::Read, B: Write> io::Read for TeeReader<'_, A, B> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(to)?;
        self.1.write_all(&to[..read])?;
        Ok(read)
    }
}

/// Writes to both.
pub(super) struct Tee<'w, A, B>(pub(super) &'w mut A, pub(super) &'w mut B);

impl<A: Write, B: Write> Write for Tee<'_, A, B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn sealed_len(length: u64) -> io::Result<u64> {
    format::sealed_len(length).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}
