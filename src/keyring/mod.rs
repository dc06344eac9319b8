//! Named keys and their generations, and the text they are kept in (docs/format.md, sections 1 and 4).
//!
//! Knows no file system, clock, environment or process.

mod described;
mod disclosed;
mod encoding;
mod marks;
mod name;
mod retired;
pub mod share;
mod text;
pub mod token;
pub mod words;

use std::collections::BTreeSet;

pub use disclosed::{holds_secret, redact};
pub use encoding::decode_marked;
pub use name::{InvalidKeyName, KeyName};
pub(crate) use name::{is_name, is_portable};
pub use retired::{Retired, retired_text};
pub use text::{MAX_TEXT_LEN, TextError, to_text};

use crate::format::{Key, KeyId};

/// One key of a keyring.
pub struct Entry {
    /// The key's name.
    pub name: KeyName,
    /// 1 for the first key of this name; rotation adds one.
    pub generation: u32,
    /// The key itself.
    pub key: Key,
}

/// Every key that is held. Of one name, the highest generation seals and all of them open.
#[derive(Default)]
pub struct Keyring {
    /// Sorted by name, the newest generation first.
    entries: Vec<Entry>,
}

/// A key cannot be added.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// Another key has this name and generation.
    #[error("another key is held as '{name}' generation {generation} (its id is {held})")]
    Conflict {
        /// The name both have.
        name: KeyName,
        /// The generation both have.
        generation: u32,
        /// The id of the key that is held.
        held: KeyId,
    },
    /// The same key is held under another name or generation.
    #[error("this key is held already, as '{name}' generation {generation}")]
    OtherName {
        /// The name it is held under.
        name: KeyName,
        /// The generation it is held under.
        generation: u32,
    },
}

impl Keyring {
    /// All entries, sorted by name, the newest generation first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All entries, for another keyring.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry that sealed what bears this id, or as much of it as is known.
    pub fn by_id(&self, id: KeyId) -> Option<&Entry> {
        self.entries.iter().find(|entry| id.names(entry.key.id()))
    }

    /// The entry that seals under this name: its highest generation.
    pub fn current(&self, name: &KeyName) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    /// The keys that files of this name may be sealed with: its generations, and those that were set aside for one of
    /// them (`NAME.replaced.…`).
    pub fn line<'k>(&'k self, name: &KeyName) -> impl Iterator<Item = &'k Entry> + use<'k> {
        let name = name.clone();
        let of_name = move |entry: &&Entry| entry.name == name || entry.name.is_aside_of(&name);
        self.entries.iter().filter(of_name)
    }

    /// Whether every key that seals has one name, so that no file can move to another.
    pub fn has_one_name(&self) -> bool {
        let mut sealing = self.entries.iter().filter(|entry| !entry.name.is_aside());
        let first = sealing.next().map(|entry| &entry.name);
        sealing.all(|entry| Some(&entry.name) == first)
    }

    /// The key with this id, if it is no generation of `name` and was not set aside for one.
    pub fn of_other_name(&self, id: KeyId, name: &KeyName) -> Option<&Entry> {
        self.by_id(id).filter(|entry| entry.name != *name && !entry.name.is_aside_of(name))
    }

    /// The names of the keys that are held.
    pub fn names(&self) -> BTreeSet<&KeyName> {
        self.entries.iter().map(|entry| &entry.name).collect()
    }

    /// Adds a key; `false` where it is held already.
    ///
    /// # Errors
    /// [`InsertError`]: nothing that is held is ever replaced.
    pub fn insert(&mut self, entry: Entry) -> Result<bool, InsertError> {
        if let Some(held) = self.by_id(entry.key.id()) {
            if held.name == entry.name && held.generation == entry.generation {
                return Ok(false);
            }
            return Err(InsertError::OtherName {
                name: held.name.clone(),
                generation: held.generation,
            });
        }
        let place =
            |held: &Entry| held.name.cmp(&entry.name).then(entry.generation.cmp(&held.generation));
        match self.entries.binary_search_by(place) {
            Ok(at) => Err(InsertError::Conflict {
                held: self.entries[at].key.id(),
                name: entry.name,
                generation: entry.generation,
            }),
            Err(at) => {
                self.entries.insert(at, entry);
                Ok(true)
            }
        }
    }

    /// Takes out and returns the key with this id.
    pub fn remove_id(&mut self, id: KeyId) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key.id() == id)?;
        Some(self.entries.remove(at))
    }

    /// Takes out and returns every key of this name.
    pub fn remove(&mut self, name: &KeyName) -> Vec<Entry> {
        let (removed, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.name == *name);
        self.entries = kept;
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretBytes;

    fn entry(name: &str, generation: u32, byte: u8) -> Entry {
        let key = Key::new(SecretBytes::new([byte; 32]));
        Entry { name: name.parse().unwrap(), generation, key }
    }

    #[test]
    fn the_highest_generation_seals_and_all_open() {
        let mut keyring = Keyring::default();
        for (generation, byte) in [(2, 2), (1, 1), (10, 10)] {
            assert_eq!(keyring.insert(entry("prod", generation, byte)), Ok(true));
        }
        let prod = "prod".parse().unwrap();
        assert_eq!(keyring.current(&prod).unwrap().generation, 10);
        let first = entry("prod", 1, 1).key.id();
        assert_eq!(keyring.by_id(first).unwrap().generation, 1);
        assert!(keyring.current(&KeyName::default()).is_none());
    }

    #[test]
    fn nothing_held_is_replaced() {
        let mut keyring = Keyring::default();
        assert_eq!(keyring.insert(entry("a", 1, 1)), Ok(true));
        assert_eq!(keyring.insert(entry("a", 1, 1)), Ok(false));
        assert!(matches!(keyring.insert(entry("a", 1, 2)), Err(InsertError::Conflict { .. })));
        assert!(matches!(keyring.insert(entry("b", 1, 1)), Err(InsertError::OtherName { .. })));
        assert_eq!(keyring.entries().len(), 1);
    }

    #[test]
    fn a_name_is_removed_with_all_generations() {
        let mut keyring = Keyring::default();
        for (name, generation, byte) in [("a", 1, 1), ("a", 2, 2), ("b", 1, 3)] {
            assert_eq!(keyring.insert(entry(name, generation, byte)), Ok(true));
        }
        assert_eq!(keyring.remove(&"a".parse().unwrap()).len(), 2);
        assert_eq!(keyring.entries().len(), 1);
    }
}
