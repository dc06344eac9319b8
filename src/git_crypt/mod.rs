//! git-crypt's formats, read and written byte for byte as git-crypt 0.7 does (docs/format.md, section 6).
//!
//! Knows no file system, clock, environment or process.

mod blob;
mod key_file;
mod name;

use std::collections::BTreeMap;

use crate::secret::WipedVec;

pub use blob::{
    HEADER_LEN, Nonce, NonceHasher, OpenError, is_encrypted, is_encrypted_twice, open_stream, seal,
    seal_stream,
};
pub use key_file::{
    AES_KEY_LEN, HMAC_KEY_LEN, KeyFile, KeyFileError, KeyVersion, LEGACY_LEN, MAX_KEY_FILE_LEN,
};
pub use name::{InvalidName, Name};

/// The keys of git-crypt that are held: of each name one key file.
#[derive(Default)]
pub struct HeldKeys(BTreeMap<Name, KeyFile>);

impl HeldKeys {
    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key file of this name.
    pub fn of(&self, name: &Name) -> Option<&KeyFile> {
        self.0.get(name)
    }

    /// Every version that is held, those of this name first, the newest before the others.
    pub fn versions_for(&self, name: Option<&Name>) -> impl Iterator<Item = (&Name, &KeyVersion)> {
        let is_named = move |file: &&KeyFile| Some(file.name()) == name;
        let first = self.files().filter(is_named);
        let others = self.files().filter(move |file| !is_named(file));
        first
            .chain(others)
            .flat_map(|file| file.versions().iter().map(move |key| (file.name(), key)))
    }

    /// Opens an encrypted file that is in memory, with the key of this name if that fits, else with any other that is held.
    ///
    /// # Errors
    /// [`OpenError`]; `Mismatch` where no key that is held opens it.
    pub fn open(
        &self,
        name: Option<&Name>,
        blob: &[u8],
    ) -> Result<(&Name, &KeyVersion, WipedVec), OpenError> {
        let nonce = Nonce::read(blob)?;
        for (name, key) in self.versions_for(name) {
            let mut plaintext = WipedVec::with_capacity(blob.len());
            match open_stream(key, &nonce, &blob[HEADER_LEN..], &mut *plaintext) {
                Ok(_) => return Ok((name, key, plaintext)),
                Err(OpenError::Mismatch) => {}
                Err(error) => return Err(error),
            }
        }
        Err(OpenError::Mismatch)
    }

    /// All key files, by name.
    pub fn files(&self) -> impl Iterator<Item = &KeyFile> {
        self.0.values()
    }

    /// All key files, by name, for others to hold.
    pub fn into_files(self) -> impl Iterator<Item = KeyFile> {
        self.0.into_values()
    }

    /// Adds a key file: its versions join those that are held under its name. `false` where all were held already.
    ///
    /// # Errors
    /// [`KeyFileError::OtherKey`]: another key is held under the same name and version. Then nothing is added.
    pub fn insert(&mut self, file: KeyFile) -> Result<bool, KeyFileError> {
        match self.0.get_mut(file.name()) {
            Some(held) => held.merge(file),
            None => {
                self.0.insert(file.name().clone(), file);
                Ok(true)
            }
        }
    }
}
