//! What was last seen of a store, so that a host cannot serve an older state or another one (docs/format.md, section 9.5).
//!
//! One pin is in the clone and one in the user's own folder, where every other clone of the user finds it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::manifest::FileDigest;
use crate::format::KeyId;
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::sanitise;
use crate::store::exclusive::exclusive;

const VERSION: u32 = 1;
/// Bytes of the longest pin that is read.
const MAX_LEN: usize = 1 << 16;

/// The state of a store that was seen and believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The store's own name.
    pub repository: String,
    /// The generation of the manifest.
    pub generation: u64,
    /// The digest of the sealed manifest.
    pub manifest: FileDigest,
    /// The key that sealed it.
    pub key: KeyId,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PinToml {
    version: u32,
    repository: String,
    generation: u64,
    manifest: String,
    key: String,
}

impl Pin {
    fn to_text(&self) -> String {
        let toml = PinToml {
            version: VERSION,
            repository: self.repository.clone(),
            generation: self.generation,
            manifest: crate::hex::lower(&self.manifest),
            key: self.key.to_string(),
        };
        toml::to_string(&toml).expect("strings and numbers can be written")
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let toml: PinToml = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
        crate::hex::read::<16>(&toml.repository)?;
        (toml.version == VERSION).then_some(())?;
        Some(Self {
            repository: toml.repository,
            generation: toml.generation,
            manifest: crate::hex::read(&toml.manifest)?,
            key: KeyId::from_hex(&toml.key)?,
        })
    }

    fn read(file: &Path) -> io::Result<Option<Self>> {
        let bytes = match read_bounded(file, MAX_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        // Never taken for "nothing was seen".
        let broken = || {
            let what = "it is not the pin of an encrypted remote; restore it from a backup";
            with_path(file, &io::Error::new(io::ErrorKind::InvalidData, what))
        };
        Self::parse(&bytes).map(Some).ok_or_else(broken)
    }
}

/// The files in which the state of one store is pinned.
pub struct Pins {
    /// In the clone; `None` outside of a repository.
    clone: Option<PathBuf>,
    /// In the user's own folder; `None` where there is no home.
    user: Option<PathBuf>,
}

impl Pins {
    /// Those of this address; `dir` is the folder of the remote in the clone.
    pub fn new(dir: Option<&Path>, address: &Address) -> Self {
        let user = user_dir().map(|dir| dir.join(format!("{}.pin", address.digest())));
        Self { clone: dir.map(|dir| dir.join("pin")), user }
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.clone.iter().chain(&self.user)
    }

    /// What was seen, at most one of each place.
    ///
    /// # Errors
    /// A pin is there and cannot be read: it is never taken for none.
    pub fn read(&self) -> io::Result<Vec<Pin>> {
        let mut pins = Vec::new();
        for file in self.files() {
            pins.extend(Pin::read(file)?);
        }
        Ok(pins)
    }

    /// Pins a state that descends from what was pinned; one of a later generation stays.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn advance(&self, pin: &Pin) -> io::Result<()> {
        self.write(pin, |there| {
            there.repository != pin.repository || there.generation <= pin.generation
        })
    }

    /// Pins a state whatever was pinned, because the user said so.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn accept(&self, pin: &Pin) -> io::Result<()> {
        self.write(pin, |_| true)
    }

    fn write(&self, pin: &Pin, replaces: impl Fn(&Pin) -> bool) -> io::Result<()> {
        if let Some(file) = &self.clone {
            write(file, pin, &replaces)?;
        }
        match self.user.as_ref().map_or(Ok(()), |file| write_shared(file, pin, &replaces)) {
            // A home in which nothing can be written, as in a container: the clone's own pin holds.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Ok(())
            }
            written => written,
        }
    }
}

/// Two clones of the user may write the same file.
fn write_shared(file: &Path, pin: &Pin, replaces: &impl Fn(&Pin) -> bool) -> io::Result<()> {
    let dir = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_private_dir(dir)?;
    let _lock = exclusive(dir, |_| {})?.map_err(|holder| {
        io::Error::other(format!("{holder} is at work in {}", sanitise::native(dir)))
    })?;
    write(file, pin, replaces)
}

/// One run at a time is at work on a remote of a clone.
fn write(file: &Path, pin: &Pin, replaces: &impl Fn(&Pin) -> bool) -> io::Result<()> {
    match Pin::read(file) {
        Ok(Some(there)) if there == *pin || !replaces(&there) => return Ok(()),
        Ok(_) => {}
        // Only `accept` comes here with one that is broken: whoever believes a state reads the pins before.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
        Err(error) => return Err(error),
    }
    write_atomic(file, pin.to_text().as_bytes(), Access::Private)
}

/// `$XDG_STATE_HOME/git-shroud/remotes`, else `~/.local/state/git-shroud/remotes`; on Windows in `%LOCALAPPDATA%`.
fn user_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let state =
        set("XDG_STATE_HOME").or_else(|| set("LOCALAPPDATA").filter(|_| cfg!(windows))).or_else(
            || Some(std::env::home_dir()?.join(".local/state")).filter(|dir| dir.is_absolute()),
        );
    state.map(|state| state.join("git-shroud").join("remotes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_was_written_and_nothing_else_is_one() {
        let pin = Pin {
            repository: "01".repeat(16),
            generation: 3,
            manifest: [9; 32],
            key: KeyId([1; 16]),
        };
        let text = pin.to_text();
        assert_eq!(Pin::parse(text.as_bytes()), Some(pin));
        for (from, to) in
            [("version = 1", "version = 2"), ("0909", "09"), ("generation = 3", ""), ("0101", "x")]
        {
            assert_eq!(Pin::parse(text.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn a_pin_is_not_lowered_and_a_broken_one_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let pins = Pins { clone: Some(dir.path().join("pin")), user: None };
        assert!(pins.read().unwrap().is_empty());
        let pin = |generation| Pin {
            repository: "01".repeat(16),
            generation,
            manifest: [9; 32],
            key: KeyId([1; 16]),
        };
        for generation in [2, 5, 4] {
            pins.advance(&pin(generation)).unwrap();
        }
        assert_eq!(pins.read().unwrap(), [pin(5)]);
        pins.accept(&pin(1)).unwrap();
        assert_eq!(pins.read().unwrap(), [pin(1)]);
        std::fs::write(dir.path().join("pin"), "").unwrap();
        assert!(pins.read().is_err());
    }
}
