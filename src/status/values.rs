//! Files that are sealed by value, or should be.

use gix::ObjectId;

use super::by_value::NO_FORMAT;
use super::{ByValue, Examined, State, Surveyor};
use crate::format::{self, KeyId};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::worktree::IndexedFile;
use crate::keyring::KeyName;
use crate::values::{
    self, Ciphers, Look, MAX_SEALED, Mode, OpenValuesError, Past, SealError, Sealer,
};

/// What a file that is not sealed whole is found to be.
pub(super) struct Found {
    pub(super) state: State,
    pub(super) by_value: ByValue,
    /// Whether sealing it again would change its form.
    pub(super) is_of_another_form: bool,
}

impl Surveyor<'_> {
    /// The bytes of a blob that may be sealed by value; `None` where it is longer than any.
    fn text(&self, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
        Ok(match objects::read(self.repository, id)? {
            Blob::Memory(bytes) if bytes.len() <= MAX_SEALED => Some(bytes),
            _ => None,
        })
    }

    /// Looks at a blob that is not sealed whole; `None` where it is plaintext as any.
    pub(super) fn find_values(
        &self,
        entry: &IndexedFile,
        mode: Option<&Mode>,
        wanted: &KeyName,
    ) -> Result<Option<Found>, GitError> {
        let Some(bytes) = self.text(entry.id)? else { return Ok(None) };
        let looked = match mode {
            Some(mode) => Some(values::look(mode, &bytes)),
            None => values::look_anyway(&entry.path, &bytes)
                .filter(|looked| looked.keys().next().is_some()),
        };
        let format = mode.and_then(|mode| mode.format).or(values::format_of_path(&entry.path));
        let found = |state, by_value| Found { state, by_value, is_of_another_form: mode.is_none() };
        Ok(match looked {
            None => None,
            Some(Look::Damaged(named, why)) => {
                let state = damaged(&OpenValuesError::Token(named, why));
                Some(found(state, ByValue::Sealed { values: 0, to_public: 0, exempt: 0 }))
            }
            Some(Look::DoesNotRead(doubt)) => {
                let why = match format {
                    Some(format) => values::does_not_read(format, &doubt),
                    None => doubt.why.to_owned(),
                };
                Some(found(self.plaintext(entry, mode)?, ByValue::Unread(why)))
            }
            Some(Look::Plain { plain, values, .. }) => {
                let lines = plain.iter().map(|named| named.line).collect();
                Some(found(self.plaintext(entry, mode)?, ByValue::Clear { lines, values }))
            }
            Some(Look::Sealed { keys, to_public, exempt }) => {
                let state = match values::open_in(
                    mode.and_then(|mode| mode.format),
                    format,
                    &bytes,
                    &mut Ciphers::new(self.known.keyring),
                ) {
                    Err(error @ OpenValuesError::Token(..)) => damaged(&error),
                    _ => self.state_of_keys(keys.keys().copied(), wanted),
                };
                let by_value = ByValue::Sealed {
                    values: keys.values().sum(),
                    to_public: to_public.values().sum(),
                    exempt,
                };
                Some(Found {
                    is_of_another_form: mode.is_none_or(|mode| mode.format.is_none()),
                    ..found(state, by_value)
                })
            }
        })
    }

    fn plaintext(&self, entry: &IndexedFile, mode: Option<&Mode>) -> Result<State, GitError> {
        Ok(match self.has_clear_values_in_head(entry, mode)? {
            true => State::PlaintextInHead,
            false => State::PlaintextInIndex,
        })
    }

    /// Whether the last commit has plaintext at this path, too.
    fn has_clear_values_in_head(
        &self,
        entry: &IndexedFile,
        mode: Option<&Mode>,
    ) -> Result<bool, GitError> {
        let Some(id) = self.in_head(entry)? else { return Ok(false) };
        if id == entry.id {
            return Ok(true);
        }
        if !matches!(self.examine(id)?, Examined::Plain) {
            return Ok(false);
        }
        let (Some(mode), Some(bytes)) = (mode, self.text(id)?) else { return Ok(true) };
        Ok(!matches!(values::look(mode, &bytes), Look::Sealed { .. } | Look::Damaged(..)))
    }

    /// How a file stands whose values are sealed with these keys.
    fn state_of_keys(&self, ids: impl Iterator<Item = KeyId>, wanted: &KeyName) -> State {
        let mut worst: Option<State> = None;
        for id in ids {
            let state = match self.known.identify(id) {
                Some((key, generation)) if key == *wanted => {
                    self.known.standing(id, key, generation)
                }
                Some((key, _)) => State::OtherKey { key, wanted: wanted.clone() },
                None => match self.known.missing {
                    Some(file) => State::NotHere(file.to_owned()),
                    None => State::UnknownKey(id),
                },
            };
            if worst.as_ref().is_none_or(State::is_good) {
                worst = Some(state);
            }
        }
        worst.unwrap_or_else(|| {
            let described = self.known.infos.get(wanted).map(|info| info.generation);
            let held = || self.known.keyring.current(wanted).map(|held| held.generation);
            let generation = described.or_else(held).unwrap_or(0);
            State::Sealed { key: wanted.clone(), generation }
        })
    }

    /// Why a file is sealed whole that should be sealed by value, and whether sealing it again would change that.
    pub(super) fn find_whole(
        &self,
        entry: &IndexedFile,
        mode: &Mode,
    ) -> Result<(ByValue, bool), GitError> {
        let none = Ok((ByValue::Whole(None), false));
        let Some(bytes) = self.text(entry.id)? else { return none };
        let held = |id| self.known.keyring.by_id(id).map(|held| &held.key);
        let Ok(plaintext) = format::open(held, &bytes) else { return none };
        let Some(format) = mode.format else {
            return Ok((ByValue::Whole(Some(NO_FORMAT.to_owned())), false));
        };
        let Some(key) = self.known.keyring.entries().first() else { return none };
        let ciphers = &mut Ciphers::new(self.known.keyring);
        let clear = &mode.clear;
        let sealed = values::seal(
            (format, clear),
            &plaintext,
            Sealer::Key(&key.key),
            ciphers,
            Past::default(),
            |_| false,
        );
        Ok(match sealed {
            Ok(_) => (ByValue::Whole(None), true),
            Err(SealError::DoesNotRead(doubt)) => {
                (ByValue::Whole(Some(values::does_not_read(format, &doubt))), false)
            }
            Err(error) => (ByValue::Whole(Some(error.to_string())), false),
        })
    }

    /// The key that a value is sealed with, of a file that no attribute seals. Only names of configuration files are looked at.
    pub(super) fn find_sealed_value(&self, entry: &IndexedFile) -> Result<Option<KeyId>, GitError> {
        if values::format_of_path(&entry.path).is_none() {
            return Ok(None);
        }
        let Some(bytes) = self.text(entry.id)? else { return Ok(None) };
        let looked = values::look_anyway(&entry.path, &bytes);
        Ok(looked.and_then(|looked| looked.keys().next()))
    }
}

fn damaged(error: &OpenValuesError) -> State {
    match error.is_newer() {
        true => State::Newer(error.to_string()),
        false => State::Damaged(error.to_string()),
    }
}
