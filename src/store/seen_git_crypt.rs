//! The git-crypt keys that this clone has held, `<common dir>/git-shroud/seen-git-crypt`.
//!
//! It outlives `lock`: anybody who can push can put a key of their own into `.git-crypt/`, under a new name or an old one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::list;
use crate::format::KeyId;
use crate::git_crypt::{HeldKeys, KeyFile, Name};
use crate::keyring::MAX_TEXT_LEN;

/// For each name and version the key's id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenGitCrypt(BTreeMap<(Name, u32), KeyId>);

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("seen-git-crypt")
}

impl SeenGitCrypt {
    /// Reads what is remembered; nothing in a new clone.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is damaged.
    pub fn load(common_dir: &Path) -> io::Result<Self> {
        // Never taken for nothing: then any key would do.
        list::read(&path(common_dir), MAX_TEXT_LEN, parse)
            .map(|seen| Self(seen.into_iter().collect()))
    }

    /// Whether this clone has never held a key of git-crypt.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key of this name was held.
    pub fn knows(&self, name: &Name) -> bool {
        self.0.keys().any(|(known, _)| known == name)
    }

    /// The id of another key that was held under the same name and version as one in this file.
    pub fn other_than(&self, file: &KeyFile) -> Option<KeyId> {
        file.versions().iter().find_map(|key| {
            let held = self.0.get(&(file.name().clone(), key.version()))?;
            (*held != key.id()).then_some(*held)
        })
    }

    /// Remembers the keys that are held, in the place of others that had the same name and version.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn remember(common_dir: &Path, held: &HeldKeys) -> io::Result<()> {
        let mut seen = Self::load(common_dir)?;
        let before = seen.clone();
        for file in held.files() {
            for key in file.versions() {
                seen.0.insert((file.name().clone(), key.version()), key.id());
            }
        }
        if seen == before {
            return Ok(());
        }
        let line = |((name, version), id): (&(Name, u32), &KeyId)| {
            format!("{} {version} {id}\n", name.as_str())
        };
        let lines: String = seen.0.iter().map(line).collect();
        list::write(&path(common_dir), &lines)
    }
}

fn parse(line: &str) -> Option<((Name, u32), KeyId)> {
    let mut words = line.split(' ');
    let name = words.next()?.parse().ok()?;
    let version = words.next()?.parse().ok()?;
    Some(((name, version), KeyId::from_hex(words.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git_crypt::KeyVersion;
    use crate::secret::SecretBytes;

    fn file(name: &str, byte: u8) -> KeyFile {
        let version =
            KeyVersion::new(0, SecretBytes::new([byte; 32]), SecretBytes::new([byte; 64]));
        KeyFile::new(name.parse().unwrap(), version)
    }

    #[test]
    fn names_and_keys_are_remembered() {
        let dir = tempfile::tempdir().unwrap();
        assert!(SeenGitCrypt::load(dir.path()).unwrap().is_empty());
        for byte in [1, 2] {
            let mut held = HeldKeys::default();
            held.insert(file("default", byte)).unwrap();
            held.insert(file("Ops", byte)).unwrap();
            SeenGitCrypt::remember(dir.path(), &held).unwrap();
            let seen = SeenGitCrypt::load(dir.path()).unwrap();
            assert!(seen.knows(&"Ops".parse().unwrap()) && !seen.knows(&"ops".parse().unwrap()));
            assert_eq!(seen.other_than(&file("Ops", byte)), None);
            assert!(seen.other_than(&file("default", 3)).is_some());
            assert_eq!(seen.other_than(&file("new", 3)), None);
        }
    }
}
