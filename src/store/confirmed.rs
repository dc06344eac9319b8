//! Paths for which somebody has confirmed here that they move to a key of another name: `<common dir>/git-shroud/confirmed`.
//!
//! Attributes are a proposal of anybody who pushed last. Never in the tree, so that nobody else can confirm for this clone.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::list;
use crate::git_crypt::Name;
use crate::keyring::KeyName;

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 64 << 20;

/// A key of either program, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOf {
    /// A key of this program.
    Own(KeyName),
    /// A key of git-crypt.
    GitCrypt(Name),
}

impl fmt::Display for KeyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => write!(f, "the key '{name}'"),
            Self::GitCrypt(name) => write!(f, "the git-crypt key '{name}'"),
        }
    }
}

impl KeyOf {
    /// As one word, which no other key has.
    pub(super) fn to_word(&self) -> String {
        match self {
            Self::Own(name) => name.to_string(),
            Self::GitCrypt(name) => format!("{GIT_CRYPT}{name}"),
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word.strip_prefix(GIT_CRYPT) {
            Some(name) => name.parse().ok().map(Self::GitCrypt),
            None => word.parse().ok().map(Self::Own),
        }
    }
}

/// Begins the word of a git-crypt key; no name of this program's keys has a colon.
const GIT_CRYPT: &str = "git-crypt:";

/// For each path the key that was confirmed last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed(BTreeMap<Vec<u8>, KeyOf>);

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("confirmed")
}

impl Confirmed {
    /// Reads what was confirmed; nothing in a new clone.
    ///
    /// # Errors
    /// The list is there and cannot be read, or is damaged.
    pub fn load(common_dir: &Path) -> io::Result<Self> {
        let confirmed = list::read(&path(common_dir), MAX_LEN, parse)?;
        Ok(Self(confirmed.into_iter().collect()))
    }

    /// Whether this path may move to this key.
    pub fn allows(&self, path: &[u8], key: &KeyName) -> bool {
        matches!(self.0.get(path), Some(KeyOf::Own(confirmed)) if confirmed == key)
    }

    /// Whether this path may move to this key of either program.
    pub fn allows_key(&self, path: &[u8], key: &KeyOf) -> bool {
        self.0.get(path) == Some(key)
    }

    /// Whether this path may move to this key of git-crypt.
    pub fn allows_git_crypt(&self, path: &[u8], key: &Name) -> bool {
        matches!(self.0.get(path), Some(KeyOf::GitCrypt(confirmed)) if confirmed == key)
    }

    /// Remembers that these paths may move, each to its key.
    ///
    /// # Errors
    /// The list cannot be read or written.
    pub fn add(
        common_dir: &Path,
        paths: impl IntoIterator<Item = (Vec<u8>, KeyOf)>,
    ) -> io::Result<()> {
        let mut confirmed = Self::load(common_dir)?;
        let before = confirmed.clone();
        confirmed.0.extend(paths);
        if confirmed == before {
            return Ok(());
        }
        let line =
            |(path, key): (&Vec<u8>, &KeyOf)| format!("{} {}\n", key.to_word(), escape(path));
        let text: String = confirmed.0.iter().map(line).collect();
        list::write(&path(common_dir), &text)
    }
}

/// Any bytes as one word.
pub(super) fn escape(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(byte.into());
        } else {
            text.push_str(&format!("%{byte:02x}"));
        }
    }
    text
}

pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut path = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        path.push(u8::from_str_radix(digits, 16).ok()?);
        path.extend_from_slice(rest.as_bytes());
    }
    Some(path)
}

fn parse(line: &str) -> Option<(Vec<u8>, KeyOf)> {
    let (key, path) = line.split_once(' ')?;
    Some((unescape(path)?, KeyOf::from_word(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_remembered_with_its_last_key() {
        let dir = tempfile::tempdir().unwrap();
        let [prod, dev]: [KeyName; 2] = ["prod", "dev"].map(|name| name.parse().unwrap());
        let of_git_crypt: Name = "prod".parse().unwrap();
        let paths: [&[u8]; 3] = [b"a b", b"new\nline%41", b"\xff\xfe/x"];
        for path in paths {
            assert!(!Confirmed::load(dir.path()).unwrap().allows(path, &prod));
            Confirmed::add(dir.path(), [(path.to_vec(), KeyOf::Own(prod.clone()))]).unwrap();
        }
        let again = [
            (paths[0].to_vec(), KeyOf::Own(dev.clone())),
            (paths[1].to_vec(), KeyOf::GitCrypt(of_git_crypt.clone())),
        ];
        Confirmed::add(dir.path(), again).unwrap();
        let confirmed = Confirmed::load(dir.path()).unwrap();
        assert!(confirmed.allows(paths[0], &dev) && !confirmed.allows(paths[0], &prod));
        assert!(confirmed.allows_git_crypt(paths[1], &of_git_crypt));
        assert!(!confirmed.allows(paths[1], &prod) && confirmed.allows(paths[2], &prod));
        assert!(!confirmed.allows_git_crypt(paths[2], &of_git_crypt));
    }
}
