//! Sealing in place: the plaintext in the worktree becomes the sealed bytes that the repository holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::restage::sniff_blob;
use super::{Keys, Left, Report, Worker, git_crypt, read_start, sweep, sweep_locked};
use crate::format::{self, Key, KeyId, Siv, Sniff};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, Blob, BlobHasher, is_blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, Entry, NotAFile, Worktree};
use crate::git_crypt::Name;
use crate::keyring::{self, KeyName, Keyring};

/// Which keys are to be given up, and what becomes of files with local changes.
pub struct LockPlan {
    /// Files of these keys are sealed; those of other keys stay open.
    pub names: BTreeSet<KeyName>,
    /// Files of these keys of git-crypt are encrypted.
    pub git_crypt: BTreeSet<Name>,
    /// Whether that is to be all; files of keys that are not held are then this lock's as well.
    pub everything: bool,
    /// What becomes of changes that the index does not have.
    pub changes: Changes,
    /// What changes are sealed with: by its name, the key that seals here.
    pub sealing: BTreeMap<KeyName, KeyId>,
}

impl LockPlan {
    /// Whether a path is this lock's by its attributes.
    fn concerns(&self, keyring: &Keyring, attributes: &PathAttributes) -> bool {
        let Ok(name) = &attributes.key else { return self.everything };
        self.names.contains(name) || self.everything && keyring.current(name).is_none()
    }
}

/// What a lock does with changes that the index does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// It leaves them, and says so.
    Keep,
    /// It seals them as they are.
    Seal,
    /// It puts back what the index names.
    Discard,
}

/// How the sealed bytes of a file are had.
enum How<'r> {
    /// Sealed with this key it is the blob of the index.
    Blob(&'r Key),
    /// It is sealed with this key as it is.
    AsItIs(&'r Key),
    /// The blob is put in its place.
    PutBack,
    /// It holds nothing that this lock closes.
    Stays,
}

/// The files of this worktree that a lock would leave in the clear, and why.
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
        let Some((path, metadata)) = worker.find_to_close(entry, attributes, plan)? else {
            return Ok(());
        };
        // That the blob is sealed shows in its length, as long as nothing hides behind an unchanged file.
        if worker.worktree.is_unchanged(entry, &metadata)
            && format::sealed_len(metadata.len()) == worker.blob_len(entry)?
        {
            return Ok(());
        }
        worker.how(entry, attributes, &path, plan).map(drop)
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
            return git_crypt::encrypt_file(worker, entry, attributes, name.as_ref().ok(), plan);
        }
        let Some((path, _)) = worker.find_to_close(entry, attributes, plan)? else {
            return worker.remember_closed(entry, attributes);
        };
        // Nearly always the key that the attribute names makes the very blob, which shows only when it is done.
        let named = attributes.key.as_ref().ok().filter(|name| plan.names.contains(name));
        if let Some(held) = named.and_then(|name| keys.shroud.current(name)) {
            match worker.seal_file(entry, &path, &held.key, true) {
                Err(Left::Changed) => {}
                sealed => return sealed,
            }
        }
        match worker.how(entry, attributes, &path, plan)? {
            How::Blob(key) => worker.seal_file(entry, &path, key, true),
            How::AsItIs(key) => worker.seal_file(entry, &path, key, false),
            How::PutBack => worker.put_back(entry, &path),
            How::Stays => Ok(()),
        }
    })
}

fn holds_plaintext(path: &Path) -> io::Result<bool> {
    let (_, start) = read_start(path)?;
    Ok(matches!(format::sniff(&start), Sniff::NotSealed | Sniff::GitCrypt))
}

impl<'r> Worker<'r> {
    /// The file, if it holds plaintext that the repository seals, or should.
    ///
    /// # Errors
    /// [`Left::NotAFile`] where something else stands at the path of a file that is to be sealed.
    pub(super) fn find_to_close(
        &mut self,
        entry: &Entry,
        attributes: &PathAttributes,
        plan: &LockPlan,
    ) -> Result<Option<(PathBuf, Metadata)>, Left> {
        let (path, metadata) = match self.worktree.find(entry)? {
            None => return Ok(None),
            Some(Err(NotAFile)) if attributes.sealed && plan.concerns(self.keyring, attributes) => {
                return Err(Left::NotAFile);
            }
            Some(Err(NotAFile)) => return Ok(None),
            Some(Ok(found)) => found,
        };
        // What lost its attribute is this lock's as well, if it is sealed in the repository.
        let is_sealed = attributes.is_encrypted()
            || self.blob_len(entry)?.is_some_and(format::is_sealed_len)
                && matches!(sniff_blob(self.repository, entry.id)?, Some(Sniff::Sealed(_)));
        Ok((is_sealed && holds_plaintext(&path)?).then_some((path, metadata)))
    }

    /// A file that was closed by a run which did not come to write the index: git would take its length for a change.
    pub(super) fn remember_closed(
        &mut self,
        entry: &Entry,
        attributes: &PathAttributes,
    ) -> Result<(), Left> {
        if attributes.is_encrypted()
            && let Some((path, metadata)) = self.worktree.find(entry)?.and_then(Result::ok)
            && !self.worktree.is_unchanged(entry, &metadata)
            && is_blob(self.repository, open_regular(&path)?, metadata.len(), entry.id)?
            && let Some(stat) = Worktree::stat(&metadata)
        {
            self.report.stats.push((entry.place, stat));
        }
        Ok(())
    }

    /// Bytes of the blob; `None` where it is not in this clone.
    fn blob_len(&self, entry: &Entry) -> Result<Option<u64>, GitError> {
        let header = self.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        Ok(header.map(|header| header.size()))
    }

    /// Puts the blob of the index in the place of the file.
    pub(super) fn put_back(&mut self, entry: &Entry, path: &Path) -> Result<(), Left> {
        let blob = objects::read(self.repository, entry.id)?;
        let stat = self.worktree.replace(path, entry.executable, |to| match blob {
            Blob::Missing => Err(Left::NotHere),
            Blob::Memory(bytes) => Ok(to.write_all(&bytes)?),
            Blob::Large => {
                objects::stream(self.repository, entry.id, |from| io::copy(from, to))??;
                Ok(())
            }
        })?;
        self.report.written += 1;
        self.report.stats.push((entry.place, stat));
        Ok(())
    }

    /// Seals the file; `Left::Changed`, and nothing is done, if it is to make the blob of the index and does not.
    fn seal_file(
        &mut self,
        entry: &Entry,
        path: &Path,
        key: &Key,
        is_the_blob: bool,
    ) -> Result<(), Left> {
        let mut file = open_regular(path)?;
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

    /// How this plaintext is closed.
    fn how(
        &mut self,
        entry: &Entry,
        attributes: &PathAttributes,
        path: &Path,
        plan: &LockPlan,
    ) -> Result<How<'r>, Left> {
        if let Some(held) = seals_to(self, attributes, path, entry.id)? {
            let closes = plan.names.contains(&held.name);
            return Ok(if closes { How::Blob(&held.key) } else { How::Stays });
        }
        let blob = sniff_blob(self.repository, entry.id)?;
        // Where no attribute names the key any more, the blob does.
        let key = match (&attributes.key, &blob) {
            (Ok(name), _) if attributes.sealed => self.keyring.current(name),
            (_, Some(Sniff::Sealed(id))) => self.keyring.by_id(*id),
            _ => None,
        };
        if key.is_some_and(|key| !plan.names.contains(&key.name)) {
            return Ok(How::Stays);
        }
        if plan.changes == Changes::Seal
            && let Some(key) = key
        {
            let sealing = plan.sealing.get(&key.name).and_then(|id| self.keyring.by_id(*id));
            return Ok(How::AsItIs(&sealing.unwrap_or(key).key));
        }
        match blob {
            _ if attributes.sealed && !plan.concerns(self.keyring, attributes) => Ok(How::Stays),
            Some(Sniff::NotSealed | Sniff::GitCrypt) => Err(Left::InTheClear),
            Some(Sniff::Sealed(_)) if plan.changes == Changes::Discard && !entry.intended => {
                Ok(How::PutBack)
            }
            _ if !attributes.sealed => Err(Left::NotTracked),
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
        let mut file = open_regular(path)?;
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
