//! Sealing in place: the plaintext in the worktree becomes the sealed bytes that the repository holds.

use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::by_value::ByValue;
use super::put_back::siv_of;
use super::read_start::{read_start, sniff_blob};
use super::sweep::{Worker, sweep, sweep_locked};
use super::tee::Tee;
use super::{Changes, Left, LockPlan, Report, git_crypt};
use crate::clone::Keys;
use crate::filter::{Sealed, Spool};
use crate::format::{self, Key, Layout, Sealing, Siv, Sniff};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, IndexedFile, NotAFile};
use crate::keyring;

/// How the sealed bytes of a file are had.
enum How<'r> {
    /// The blob of the index is its content, sealed.
    Blob(Same<'r>),
    /// It is sealed with this key as it is.
    AsItIs(&'r Key),
    /// The blob is put in its place.
    PutBack,
    /// It holds nothing that this lock closes.
    Stays,
}

/// The files of this worktree that a lock would leave as plaintext, and why.
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
        if let Some(by_value) = ByValue::of(worker, entry, attributes)? {
            return by_value.find_changed(worker, entry, attributes, plan);
        }
        let Some((path, metadata)) = worker.find_to_close(entry, attributes, plan)? else {
            return Ok(());
        };
        if worker.worktree.is_unchanged(entry, &metadata)
            && matches!(sniff_blob(worker.repository, entry.id)?, Some(Sniff::Sealed(_)))
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
        if let Some(by_value) = ByValue::of(worker, entry, attributes)? {
            return by_value.seal_file(worker, entry, attributes, plan);
        }
        let Some((path, _)) = worker.find_to_close(entry, attributes, plan)? else {
            return worker.remember_closed(entry, attributes);
        };
        match worker.how(entry, attributes, &path, plan)? {
            How::Blob(Same { held, siv, blob }) => {
                worker.replace_by(entry, &path, blob, Some((&held.key, siv)))
            }
            How::AsItIs(key) => worker.seal_file(entry, &path, key, attributes.layout),
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
    /// The file of an entry; `None` where there is none, or something else that is not meant.
    ///
    /// # Errors
    /// [`Left::NotAFile`] where something else is there and meant.
    pub(super) fn file_of(
        &mut self,
        entry: &IndexedFile,
        is_meant: bool,
    ) -> Result<Option<(PathBuf, Metadata)>, Left> {
        match self.worktree.find(entry)? {
            None => Ok(None),
            Some(Err(NotAFile)) if is_meant => Err(Left::NotAFile),
            Some(Err(NotAFile)) => Ok(None),
            Some(Ok(found)) => Ok(Some(found)),
        }
    }

    /// The file, if it holds plaintext that the repository seals, or should.
    ///
    /// # Errors
    /// [`Left::NotAFile`] where something else is at the path of a file that should be sealed.
    pub(super) fn find_to_close(
        &mut self,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        plan: &LockPlan,
    ) -> Result<Option<(PathBuf, Metadata)>, Left> {
        let is_meant = attributes.sealed && plan.concerns(self.keyring, attributes);
        let Some((path, metadata)) = self.file_of(entry, is_meant)? else { return Ok(None) };
        // What lost its attribute is this lock's as well, if it is sealed in the repository.
        let is_sealed = attributes.is_encrypted()
            || self.blob_len(entry)?.is_some_and(format::may_be_sealed)
                && matches!(sniff_blob(self.repository, entry.id)?, Some(Sniff::Sealed(_)));
        Ok((is_sealed && holds_plaintext(&path)?).then_some((path, metadata)))
    }

    /// Bytes of the blob; `None` where it is not in this clone.
    fn blob_len(&self, entry: &IndexedFile) -> Result<Option<u64>, GitError> {
        let header = self.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        Ok(header.map(|header| header.size()))
    }

    /// Seals the file as it is; `Left::Changed`, and nothing is done, if it changes meanwhile.
    fn seal_file(
        &mut self,
        entry: &IndexedFile,
        path: &Path,
        key: &Key,
        layout: Layout,
    ) -> Result<(), Left> {
        let (mut plaintext, mut siv) = (Spool::default(), key.siv());
        io::copy(&mut open_regular(path)?, &mut Tee(&mut plaintext, &mut siv))?;
        let (siv, length) = (siv.finish(), plaintext.len());
        let mut sealing =
            Sealing::begin(key, &siv, length, layout, &mut plaintext, Spool::default())?;
        self.worktree.replace(path, entry.executable, |to| {
            sealing.write(key, &mut plaintext, to)?;
            if siv_of(key, path)?.matches(&siv) { Ok(()) } else { Err(Left::Changed) }
        })?;
        self.report.written += 1;
        Ok(())
    }

    /// How this plaintext is closed.
    fn how(
        &mut self,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        path: &Path,
        plan: &LockPlan,
    ) -> Result<How<'r>, Left> {
        if let Some(same) = seals_to(self, path, entry.id)? {
            let closes = plan.names.contains(&same.held.name);
            return Ok(if closes { How::Blob(same) } else { How::Stays });
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

/// A blob that opens to the content of a file.
pub(super) struct Same<'r> {
    /// The key that sealed it.
    pub(super) held: &'r keyring::Entry,
    /// The content's synthetic IV under it.
    siv: Siv,
    /// The blob as it was read.
    blob: Blob,
}

/// The blob `id`, if its key is held and it opens to the content of the file at `path`.
pub(super) fn seals_to<'r>(
    worker: &Worker<'r>,
    path: &Path,
    id: ObjectId,
) -> Result<Option<Same<'r>>, Left> {
    let keyring = worker.keyring;
    let opens = |blob: &mut dyn Read| -> Result<Option<(&'r keyring::Entry, Siv)>, Left> {
        let sealed =
            Sealed::read(keyring, blob, |key| Ok((siv_of(key, path)?, open_regular(path)?)))?;
        Ok(sealed.and_then(|sealed| sealed.opener))
    };
    let blob = objects::read(worker.repository, id)?;
    let opener = match &blob {
        Blob::Missing => None,
        Blob::Memory(bytes) => opens(&mut &bytes[..])?,
        Blob::Large => objects::stream(worker.repository, id, opens)??,
    };
    Ok(opener.map(|(held, siv)| Same { held, siv, blob }))
}
