//! Files that the repository holds sealed by value: opening and closing them in place.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::sweep::Worker;
use super::{Changes, Left, LockPlan};
use crate::config_format::Format;
use crate::format::{self, KeyId, Sniff};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::attributes::PathAttributes;
use crate::git::objects::{self, Blob};
use crate::git::worktree::{IndexedFile, NotAFile, Worktree};
use crate::keyring::Keyring;
use crate::secret::WipedVec;
use crate::store::received::Received;
use crate::values::{
    self, Ciphers, Look, MAX_SEALED, Mode, OpenValuesError, Opened, Past, SealError, Sealer, Token,
};

/// A file whose values the index holds sealed.
pub(super) struct ByValue {
    blob: Vec<u8>,
    mode: Option<Mode>,
    format: Option<Format>,
    keys: BTreeSet<KeyId>,
    /// Whether values in it are plaintext.
    is_partly_clear: bool,
    /// Why one of its values does not open with any key.
    damage: Option<OpenValuesError>,
}

/// How the bytes are had that close a file.
enum How {
    /// It is closed, or none of its keys is given up.
    Stays,
    /// The blob of the index is its content, sealed.
    Blob(WipedVec),
    /// It is sealed as it is.
    AsItIs(WipedVec, Vec<u8>),
    /// The blob is put in its place.
    PutBack,
}

impl ByValue {
    /// The file, if that is how the index holds it. Without attributes the name must be that of a configuration file.
    pub(super) fn of(
        worker: &Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
    ) -> Result<Option<Self>, Left> {
        let by_name = values::format_of_path(&entry.path);
        let is_meant = attributes.by.is_value() || by_name.is_some();
        if attributes.git_crypt.is_some() || !is_meant {
            return Ok(None);
        }
        let header = worker.repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        if header.is_none_or(|header| header.size() > MAX_SEALED as u64 || header.size() == 0) {
            return Ok(None);
        }
        let Blob::Memory(blob) = objects::read(worker.repository, entry.id)? else {
            return Ok(None);
        };
        if format::sniff(&blob) != Sniff::NotSealed {
            return Ok(None);
        }
        let mode =
            attributes.sealed.then(|| Mode::of(attributes, &entry.path).ok().flatten()).flatten();
        let looked = match &mode {
            Some(mode) => Some(values::look(mode, &blob)),
            None => {
                values::look_anyway(&entry.path, &blob).filter(|look| look.keys().next().is_some())
            }
        };
        let format = mode.as_ref().and_then(|mode| mode.format).or(by_name);
        let named = values::named_keys(&blob);
        let new = |keys: BTreeSet<KeyId>, is_partly_clear| {
            Some(Self { blob, mode, format, keys, is_partly_clear, damage: None })
        };
        Ok(match looked {
            Some(Look::Sealed { keys, .. }) => new(keys.into_keys().collect(), false),
            Some(Look::Plain { keys, .. }) if !keys.is_empty() => {
                new(keys.into_keys().collect(), true)
            }
            Some(Look::Damaged(name, why)) => new(named, false)
                .map(|file| Self { damage: Some(OpenValuesError::Token(name, why)), ..file }),
            _ => None,
        })
    }

    fn open(&self, bytes: &[u8], ciphers: &mut Ciphers<'_>) -> Result<Opened, OpenValuesError> {
        values::open_in(
            self.mode.as_ref().and_then(|mode| mode.format),
            self.format,
            bytes,
            ciphers,
        )
    }

    /// Whether the file in the worktree still holds sealed values whose keys are held.
    pub(super) fn is_unopened(&self, worker: &Worker<'_>, path: &Path) -> Result<bool, Left> {
        let Some(file) = read(path)? else { return Ok(false) };
        let opened = self.open(&file, &mut Ciphers::new(worker.keyring));
        Ok(matches!(opened, Ok(Opened::Plaintext { .. })))
    }

    /// Opens the file in the worktree, if it holds sealed values.
    pub(super) fn open_file(
        &self,
        worker: &mut Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
    ) -> Result<(), Left> {
        let (path, metadata) = match worker.worktree.find(entry)? {
            None => return Ok(()),
            Some(Err(NotAFile)) => return Err(Left::Changed),
            Some(Ok(found)) => found,
        };
        let ciphers = &mut Ciphers::new(worker.keyring);
        let file = read(&path)?.ok_or(Left::Changed)?;
        let is_the_blob = *file == self.blob;
        let (plaintext, keys) = match self.open(&file, ciphers) {
            Ok(Opened::Plaintext { bytes, keys, received, .. }) => {
                worker.receive(&entry.path, &received, is_the_blob.then_some(entry.id));
                (bytes, keys)
            }
            Ok(Opened::Locked(id)) => {
                *worker.report.still_sealed.entry(id).or_default() += 1;
                return Ok(());
            }
            Err(error) if is_the_blob => return Err(Left::Value(error)),
            // It is open already.
            Ok(Opened::NoTokens) | Err(_) => {
                let mut is_same = || self.opens_to(&file, ciphers);
                if !worker.worktree.is_unchanged(entry, &metadata) && !is_the_blob && !is_same() {
                    return Err(Left::Changed);
                }
                if let Some(stat) = Worktree::stat(&metadata) {
                    worker.report.stats.push((entry.place, stat));
                }
                return Ok(());
            }
        };
        let stat = worker.worktree.replace(&path, entry.executable, |to| {
            to.write_all(&plaintext)?;
            still(&path, &file)
        })?;
        worker.report.written += 1;
        if let Ok(wanted) = &attributes.key
            && worker.keyring.entries().len() > 1
        {
            for held in keys.into_iter().filter_map(|id| worker.keyring.by_id(id)) {
                worker.report.opened_with.note(held.key.id(), wanted, &entry.path);
            }
        }
        if is_the_blob {
            worker.report.stats.push((entry.place, stat));
        }
        Ok(())
    }

    fn opens_to(&self, content: &[u8], ciphers: &mut Ciphers<'_>) -> bool {
        matches!(
            self.open(&self.blob, ciphers),
            Ok(Opened::Plaintext { bytes, .. }) if **bytes == *content
        )
    }

    /// Whether a lock would leave the file as plaintext, as an error; nothing is done.
    pub(super) fn find_changed(
        &self,
        worker: &mut Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        plan: &LockPlan,
    ) -> Result<(), Left> {
        let is_meant = attributes.sealed && plan.concerns(worker.keyring, attributes);
        let Some((path, _)) = worker.file_of(entry, is_meant)? else { return Ok(()) };
        self.how(worker, entry, attributes, &path, plan).map(drop)
    }

    /// Closes the file.
    pub(super) fn seal_file(
        &self,
        worker: &mut Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        plan: &LockPlan,
    ) -> Result<(), Left> {
        let is_meant = attributes.sealed && plan.concerns(worker.keyring, attributes);
        let Some((path, _)) = worker.file_of(entry, is_meant)? else { return Ok(()) };
        match self.how(worker, entry, attributes, &path, plan)? {
            How::Stays => worker.remember_closed(entry, attributes),
            How::PutBack => worker.put_back(entry, &path),
            How::Blob(file) => {
                let stat = worker.worktree.replace(&path, entry.executable, |to| {
                    to.write_all(&self.blob)?;
                    still(&path, &file)
                })?;
                worker.report.written += 1;
                worker.report.stats.push((entry.place, stat));
                Ok(())
            }
            How::AsItIs(file, sealed) => {
                worker.worktree.replace(&path, entry.executable, |to| {
                    to.write_all(&sealed)?;
                    still(&path, &file)
                })?;
                worker.report.written += 1;
                Ok(())
            }
        }
    }

    /// How this file is closed.
    fn how(
        &self,
        worker: &Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        path: &Path,
        plan: &LockPlan,
    ) -> Result<How, Left> {
        let file = read(path)?.ok_or(Left::Changed)?;
        if *file == self.blob || format::sniff(&file) != Sniff::NotSealed {
            return Ok(How::Stays);
        }
        let keyring = worker.keyring;
        let ciphers = &mut Ciphers::new(keyring);
        let gives_up =
            |id: &KeyId| keyring.by_id(*id).is_some_and(|held| plan.names.contains(&held.name));
        let by_key = self.keys.iter().any(gives_up);
        let by_name = attributes.sealed && plan.concerns(keyring, attributes);
        if !by_key && !by_name {
            return Ok(How::Stays);
        }
        if self.is_partly_clear {
            return Err(Left::InTheClear);
        }
        if self.opens_to(&file, ciphers) {
            return Ok(How::Blob(file));
        }
        // As in a clone without the key: comments and order may differ.
        if self.is_closed(&file) {
            return Ok(How::Stays);
        }
        let key = match &attributes.key {
            Ok(name) if attributes.sealed => keyring.current(name),
            _ => self.keys.iter().find_map(|id| keyring.by_id(*id)),
        };
        if plan.changes == Changes::Seal
            && let Some(key) = key
        {
            let sealing = plan.sealing.get(&key.name).and_then(|id| keyring.by_id(*id));
            let key = &sealing.unwrap_or(key).key;
            let mode = self.mode.clone().unwrap_or_default();
            let sealed = match mode.format.or(self.format) {
                None => Err(values::no_format()),
                Some(format) => {
                    let clear = &mode.clear;
                    let sides = std::slice::from_ref(&self.blob);
                    let received = Received::load(worker.repository.common_dir());
                    let (received, path) = (received.as_ref(), &entry.path[..]);
                    let past = Past { sides, received, path, ..Past::default() };
                    let keeps = |token: &Token| token.is_to_public() && token.key().names(key.id());
                    values::seal((format, clear), &file, Sealer::Key(key), ciphers, past, keeps)
                }
            };
            let sealed = match sealed {
                Ok(sealed) => sealed.bytes,
                // Sealed whole it could be compared with others.
                Err(_) if values::has_public(&self.blob) => {
                    return Err(Left::Changed);
                }
                Err(SealError::DoesNotRead(_) | SealError::TooLarge) => {
                    format::seal(key, attributes.layout, &file)
                }
                Err(_) => return Err(Left::Changed),
            };
            return Ok(How::AsItIs(file, sealed));
        }
        match plan.changes {
            Changes::Discard if !entry.intended => Ok(How::PutBack),
            _ if !attributes.sealed => Err(Left::NotTracked),
            _ => Err(Left::Changed),
        }
    }

    /// Whether every value of a file is sealed; one that is damaged, as the index has it.
    fn is_closed(&self, file: &[u8]) -> bool {
        let (none, stored) = (Keyring::default(), std::slice::from_ref(&self.blob));
        let ciphers = &mut Ciphers::new(&none);
        let mode = self.mode.as_ref();
        mode.is_some_and(|mode| values::only_tokens_over(mode, file, stored, ciphers).is_ok())
    }

    /// Whether the blob is to take the place of the file, without any key.
    pub(super) fn is_to_close(
        &self,
        worker: &mut Worker<'_>,
        entry: &IndexedFile,
        attributes: &PathAttributes,
        discard: bool,
    ) -> Result<bool, Left> {
        let Some((path, metadata)) = worker.file_of(entry, attributes.is_encrypted())? else {
            return Ok(false);
        };
        let file = read(&path)?.ok_or(Left::Changed)?;
        if *file == self.blob || format::sniff(&file) != Sniff::NotSealed {
            return Ok(false);
        }
        if self.keys.is_empty() && self.damage.is_none() {
            return Ok(false);
        }
        match () {
            () if entry.intended => Err(Left::Changed),
            () if self.is_partly_clear => Err(Left::InTheClear),
            () if discard => Ok(true),
            // Comments and order may be changed in a closed clone.
            () if self.is_closed(&file) => Ok(false),
            () if worker.worktree.is_untouched(entry, &metadata) => Ok(true),
            () => Err(Left::Changed),
        }
    }
}

/// The file; `None` where it is longer than any that is sealed by value.
fn read(path: &Path) -> Result<Option<WipedVec>, Left> {
    let file = open_regular(path)?;
    let len = file.metadata()?.len();
    if len > MAX_SEALED as u64 {
        return Ok(None);
    }
    let mut bytes = WipedVec::with_capacity(usize::try_from(len).unwrap_or(0) + 1);
    file.take(MAX_SEALED as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Refuses where the file is not any more what was read.
fn still(path: &Path, file: &[u8]) -> Result<(), Left> {
    match read(path)? {
        Some(now) if **now == *file => Ok(()),
        _ => Err(Left::Changed),
    }
}
