//! The public keys of keys that this clone has seen or derived: `<common dir>/git-shroud/public-keys`.
//!
//! Who does not hold a key cannot tell whether the public key in `key.toml` is right. So the first one counts, and another one for the
//! same key is refused.

use std::io;
use std::path::{Path, PathBuf};

use super::list;
use crate::format::{KeyId, PublicKey};
use crate::keyring::{KeyName, Keyring};

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 16 << 20;

/// A public key as a clone has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The name of the key.
    pub name: KeyName,
    /// Its generation.
    pub generation: u32,
    /// Its id.
    pub id: KeyId,
    /// Its public key.
    pub public: PublicKey,
}

/// Why nothing is sealed to a public key.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// It is another one for the same key.
    #[error(
        "the public key of the key '{name}' (id {id}) in .shroud/ is {described}, but this clone has seen {pinned}: somebody may have exchanged it to read what you set"
    )]
    Changed {
        /// The name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// What the repository describes.
        described: PublicKey,
        /// What this clone has seen.
        pinned: PublicKey,
    },
    /// The repository describes none any more for the same key.
    #[error(
        "the public key of the key '{name}' (id {id}) is not in .shroud/ any more, but this clone has seen {pinned}: somebody without the key may have taken it out, so that nobody else can set values"
    )]
    Gone {
        /// The name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// What this clone has seen.
        pinned: PublicKey,
    },
    /// Another key has the same generation.
    #[error(
        "generation {generation} of the key '{name}' has the id {described} in .shroud/, but this clone has seen the id {pinned}: somebody may have swapped it to read what you set"
    )]
    Swapped {
        /// The name of the key.
        name: KeyName,
        /// The generation of both.
        generation: u32,
        /// The id that the repository describes.
        described: KeyId,
        /// The id that this clone has seen.
        pinned: KeyId,
    },
    /// A newer generation was described in this branch.
    #[error(
        "the key '{name}' is generation {described} in .shroud/, but commit {commit} of this branch described generation {newest}: a removed member may know the older key"
    )]
    Older {
        /// The name of the key.
        name: KeyName,
        /// The generation that is described.
        described: u32,
        /// The newest that this clone has seen.
        newest: u32,
        /// The commit that described it.
        commit: String,
    },
    /// The list cannot be read or written, or the history cannot be read.
    #[error("{0}")]
    Unknown(String),
}

impl PinError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Changed { .. } => {
                "'git log -p -- .shroud' shows who changed it; take the earlier file back with 'git checkout COMMIT -- .shroud', and push that. If a holder of the key says that the new one is right ('git shroud key list --json' shows it), delete the file public-keys in .git/git-shroud"
            }
            Self::Gone { .. } => {
                "'git log -p -- .shroud' shows who changed it; take the earlier file back with 'git checkout COMMIT -- .shroud', and push that. A holder of the key ends this with 'git shroud key rotate --no-write-only' alone"
            }
            Self::Swapped { .. } => {
                "'git log -p -- .shroud' shows who changed it; take the earlier file back with 'git checkout COMMIT -- .shroud', and push that. If a holder of the key says that the new id is right, delete the file public-keys in .git/git-shroud"
            }
            Self::Older { .. } => {
                "look at 'git log -p -- .shroud', and take the newer one with 'git checkout COMMIT -- .shroud'"
            }
            Self::Unknown(_) => "'git shroud doctor' says more",
        }
    }
}

/// What a clone makes of a public key that is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It has seen it.
    Known,
    /// It has not seen it; nor any other, or whether there was an earlier one of this name.
    New {
        /// Whether another generation of the name was seen before.
        follows: bool,
    },
}

/// All public keys that a clone has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(Vec<Pin>);

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("public-keys")
}

impl Pins {
    /// Reads what was seen; nothing in a new clone.
    ///
    /// # Errors
    /// The list is there and cannot be read, or is damaged.
    pub fn load(common_dir: &Path) -> io::Result<Self> {
        list::read(&path(common_dir), MAX_LEN, parse).map(Self)
    }

    /// The name of a key that was seen.
    pub fn name_of(&self, id: KeyId) -> Option<&KeyName> {
        self.0.iter().find(|pin| id.names(pin.id)).map(|pin| &pin.name)
    }

    /// The public key of a key, if one was seen.
    pub fn of(&self, id: KeyId) -> Option<PublicKey> {
        self.0.iter().find(|pin| pin.id == id).map(|pin| pin.public)
    }

    /// Holds a public key that is described against those that were seen, and against the newest key of its name that was held. `later`
    /// names a commit of the branch that described one of these ids.
    ///
    /// # Errors
    /// [`PinError`]: nothing may be sealed to it.
    pub fn judge(
        &self,
        described: &Pin,
        held: Option<(u32, KeyId)>,
        later: impl FnOnce(&[KeyId]) -> Result<Option<String>, String>,
    ) -> Result<Judged, PinError> {
        let Pin { name, generation, id, public } = described.clone();
        let known = self.0.iter().find(|pin| pin.id == id);
        if let Some(pin) = known.filter(|pin| pin.public != public) {
            return Err(PinError::Changed { name, id, described: public, pinned: pin.public });
        }
        let of_name = self.0.iter().filter(|pin| pin.name == name);
        let seen: Vec<_> = of_name.map(|pin| (pin.generation, pin.id)).chain(held).collect();
        if let Some(&(_, pinned)) = seen.iter().find(|seen| seen.0 == generation && seen.1 != id) {
            return Err(PinError::Swapped { name, generation, described: id, pinned });
        }
        let newer: Vec<_> = seen.iter().filter(|seen| seen.0 > generation).collect();
        if let Some(&&(newest, _)) = newer.iter().max() {
            let ids: Vec<_> = newer.iter().map(|seen| seen.1).collect();
            if let Some(commit) = later(&ids).map_err(PinError::Unknown)? {
                return Err(PinError::Older { name, described: generation, newest, commit });
            }
        }
        Ok(match known {
            Some(_) => Judged::Known,
            None => Judged::New { follows: !seen.is_empty() },
        })
    }

    /// Remembers public keys. What a key gives that is held takes the place of what was only seen.
    ///
    /// # Errors
    /// The list cannot be read or written.
    pub fn add(common_dir: &Path, pins: impl IntoIterator<Item = Pin>) -> io::Result<()> {
        let mut all = Self::load(common_dir)?.0;
        let before = all.clone();
        for pin in pins {
            all.retain(|old| old.id != pin.id);
            all.push(pin);
        }
        all.sort_by(|a, b| (&a.name, a.generation, a.id).cmp(&(&b.name, b.generation, b.id)));
        if all == before {
            return Ok(());
        }
        let line = |Pin { name, generation, id, public }: &Pin| {
            format!("{name} {generation} {id} {public}\n")
        };
        let text: String = all.iter().map(line).collect();
        list::write(&path(common_dir), &text)
    }

    /// Remembers the public keys of keys that are held, whether or not a repository publishes them.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_held(common_dir: &Path, keyring: &Keyring) -> io::Result<()> {
        let current = keyring.names().into_iter().filter_map(|name| keyring.current(name));
        let pins = current.map(|held| Pin {
            name: held.name.clone(),
            generation: held.generation,
            id: held.key.id(),
            public: held.key.public(),
        });
        Self::add(common_dir, pins)
    }
}

fn parse(line: &str) -> Option<Pin> {
    let mut words = line.split(' ');
    let name = words.next()?.parse().ok()?;
    let generation = words.next()?.parse().ok()?;
    let id = KeyId::from_hex(words.next()?)?;
    let public = PublicKey::from_hex(words.next()?).ok()?;
    Some(Pin { name, generation, id, public })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;
    use crate::secret::SecretBytes;

    fn pin(generation: u32, byte: u8) -> Pin {
        let key = Key::new(SecretBytes::new([byte; 32]));
        Pin { name: KeyName::default(), generation, id: key.id(), public: key.public() }
    }

    fn judge(pins: &Pins, described: &Pin) -> Result<Judged, PinError> {
        pins.judge(described, None, |_| Ok(None))
    }

    #[test]
    fn the_first_one_counts() {
        let dir = tempfile::tempdir().unwrap();
        let load = || Pins::load(dir.path()).unwrap();
        let (first, second) = (pin(1, 1), pin(2, 2));
        assert_eq!(judge(&load(), &first).unwrap(), Judged::New { follows: false });
        Pins::add(dir.path(), [first.clone()]).unwrap();
        assert_eq!(judge(&load(), &first).unwrap(), Judged::Known);
        let changed = Pin { public: second.public, ..first.clone() };
        assert!(matches!(judge(&load(), &changed), Err(PinError::Changed { .. })));
        assert!(matches!(judge(&load(), &pin(1, 3)), Err(PinError::Swapped { .. })));
        // A rotation, which nobody can prove here.
        assert_eq!(judge(&load(), &second).unwrap(), Judged::New { follows: true });
        Pins::add(dir.path(), [second]).unwrap();
        // On a branch that never saw it, and where somebody has put the old description back.
        assert_eq!(judge(&load(), &first).unwrap(), Judged::Known);
        let later = |_: &[KeyId]| Ok(Some("abc".to_owned()));
        assert!(matches!(load().judge(&first, None, later), Err(PinError::Older { .. })));
        let incomplete = |_: &[KeyId]| Err("shallow".to_owned());
        assert!(matches!(load().judge(&first, None, incomplete), Err(PinError::Unknown(_))));
    }

    #[test]
    fn a_key_that_was_held_counts_too() {
        let dir = tempfile::tempdir().unwrap();
        let held = Some((2, pin(2, 2).id));
        let pins = Pins::default();
        assert!(matches!(
            pins.judge(&pin(2, 3), held, |_| Ok(None)),
            Err(PinError::Swapped { .. })
        ));
        let mut keyring = Keyring::default();
        let key = Key::new(SecretBytes::new([2; 32]));
        let entry = crate::keyring::Entry { name: KeyName::default(), generation: 2, key };
        keyring.insert(entry).unwrap();
        // A wrong one that was only seen gives way.
        Pins::add(dir.path(), [Pin { public: pin(1, 1).public, ..pin(2, 2) }]).unwrap();
        Pins::add_held(dir.path(), &keyring).unwrap();
        assert_eq!(judge(&Pins::load(dir.path()).unwrap(), &pin(2, 2)).unwrap(), Judged::Known);
    }

    #[test]
    fn a_damaged_list_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        Pins::add(dir.path(), [pin(1, 1)]).unwrap();
        std::fs::write(path(dir.path()), "default 1 x\n").unwrap();
        assert!(Pins::load(dir.path()).is_err());
    }
}
