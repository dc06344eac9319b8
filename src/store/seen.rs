//! The newest key of each name that this clone has held, `<common dir>/git-shroud/seen`.
//!
//! It outlives `lock`, so that nobody can lead a clone back to a key that a removed member knows.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::list;
use super::public_keys::Pins;
use super::user_pins::PinnedKeys;
use crate::format::KeyId;
use crate::keyring::{KeyName, Keyring, MAX_TEXT_LEN};

/// For each name the highest generation that was held, and its key's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    newest: BTreeMap<KeyName, (u32, KeyId)>,
    /// The names whose key the user has pinned, and this clone has not held.
    pinned: BTreeSet<KeyName>,
}

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("seen")
}

impl Seen {
    /// Reads what is remembered; nothing in a new clone.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is damaged.
    pub fn load(common_dir: &Path) -> io::Result<Self> {
        // Never taken for nothing: then an older key would do.
        list::read(&path(common_dir), MAX_TEXT_LEN, parse)
            .map(|seen| Self { newest: seen.into_iter().collect(), ..Self::default() })
    }

    /// The same with keys that the user has pinned, where they are newer.
    pub fn with_pins(mut self, pins: PinnedKeys) -> Self {
        for (name, (generation, id)) in pins {
            if self.newest(&name).is_none_or(|(known, _)| known < generation) {
                self.newest.insert(name.clone(), (generation, id));
                self.pinned.insert(name);
            }
        }
        self
    }

    /// Whether this clone has never held a key, and none is pinned for it.
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// Whether what is known of this name is the user's pin.
    pub fn is_pinned(&self, name: &KeyName) -> bool {
        self.pinned.contains(name)
    }

    /// The newest generation of a name that was held, and its id.
    pub fn newest(&self, name: &KeyName) -> Option<(u32, KeyId)> {
        self.newest.get(name).copied()
    }

    /// Remembers what a keyring holds, with the public keys; of the names in `reset` also where it is older than what was held.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn remember(common_dir: &Path, keyring: &Keyring, reset: &[&KeyName]) -> io::Result<()> {
        Pins::add_held(common_dir, keyring)?;
        let mut seen = Self::load(common_dir)?;
        let before = seen.clone();
        for name in keyring.names() {
            let Some(held) = keyring.current(name) else { continue };
            let newest = seen.newest(name).map_or(0, |(generation, _)| generation);
            if held.generation > newest || reset.contains(&name) {
                seen.newest.insert(name.clone(), (held.generation, held.key.id()));
            }
        }
        if seen == before {
            return Ok(());
        }
        let lines: String = seen
            .newest
            .iter()
            .map(|(name, (generation, id))| format!("{name} {generation} {id}\n"))
            .collect();
        list::write(&path(common_dir), &lines)
    }
}

fn parse(line: &str) -> Option<(KeyName, (u32, KeyId))> {
    let mut words = line.split(' ');
    let name = words.next()?.parse().ok()?;
    let generation = words.next()?.parse().ok()?;
    Some((name, (generation, KeyId::from_hex(words.next()?)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;
    use crate::keyring::Entry;
    use crate::secret::SecretBytes;

    fn keyring(generation: u32) -> Keyring {
        let byte = u8::try_from(generation).unwrap();
        let key = Key::new(SecretBytes::new([byte; 32]));
        let mut keyring = Keyring::default();
        keyring.insert(Entry { name: KeyName::default(), generation, key }).unwrap();
        keyring
    }

    #[test]
    fn the_newest_is_remembered_until_it_is_reset() {
        let dir = tempfile::tempdir().unwrap();
        let name = KeyName::default();
        let newest = || Seen::load(dir.path()).unwrap().newest(&name).map(|newest| newest.0);
        assert_eq!(newest(), None);
        for (generation, expected) in [(1, 1), (3, 3), (2, 3)] {
            Seen::remember(dir.path(), &keyring(generation), &[]).unwrap();
            assert_eq!(newest(), Some(expected));
        }
        Seen::remember(dir.path(), &keyring(2), &[&name]).unwrap();
        assert_eq!(newest(), Some(2));
    }
}
