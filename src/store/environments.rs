//! With what the files of each environment were sealed when this clone last took values from them:
//! `<common dir>/git-shroud/environments`.
//!
//! What is in the tree is a proposal of whoever pushed last. Never in the tree, so that nobody else can write it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::confirmed::{KeyOf, escape, unescape};
use super::list;

/// Bytes of the longest list that is read.
const MAX_LEN: usize = 64 << 20;

/// Stands for no key; no name of a key begins so.
const NO_KEY: &str = "-";

/// What protects a file of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Nothing: whoever can push can write it.
    Open,
    /// A key.
    By(KeyOf),
}

impl Seal {
    /// Whether both are the same key, also where one was set aside for the other.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::By(KeyOf::Own(one)), Self::By(KeyOf::Own(other))) => {
                one == other || one.is_aside_of(other) || other.is_aside_of(one)
            }
            (one, other) => one == other,
        }
    }

    fn to_word(&self) -> String {
        match self {
            Self::Open => NO_KEY.to_owned(),
            Self::By(key) => key.to_word(),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        if word == NO_KEY { Some(Self::Open) } else { KeyOf::from_word(word).map(Self::By) }
    }
}

impl std::fmt::Display for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => write!(f, "no key"),
            Self::By(key) => key.fmt(f),
        }
    }
}

/// The seals of an environment's files, by path from the top of the repository.
pub type Seals = BTreeMap<String, Seal>;

/// For each environment the seals of its files when it was last read; files that are gone stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environments(BTreeMap<String, Seals>);

fn path(common_dir: &Path) -> PathBuf {
    super::local::dir(common_dir).join("environments")
}

impl Environments {
    /// Reads what is remembered; nothing in a new clone.
    ///
    /// # Errors
    /// The list is there and cannot be read, or is damaged.
    pub fn load(common_dir: &Path) -> io::Result<Self> {
        let mut environments = Self::default();
        // Never taken for nothing: then a lesser key would do.
        for (environment, file, seal) in list::read(&path(common_dir), MAX_LEN, parse)? {
            environments.0.entry(environment).or_default().insert(file, seal);
        }
        Ok(environments)
    }

    /// The seals of an environment's files when it was last read; `None` where it never was.
    pub fn of(&self, environment: &str) -> Option<&Seals> {
        self.0.get(environment)
    }

    /// Adds the seals of an environment's files, and leaves those of files that are not among them.
    pub fn remember(&mut self, environment: &str, seals: Seals) {
        if !seals.is_empty() {
            self.0.entry(environment.to_owned()).or_default().extend(seals);
        }
    }

    /// Writes the list.
    ///
    /// # Errors
    /// It cannot be written, as where the repository is read-only.
    pub fn save(&self, common_dir: &Path) -> io::Result<()> {
        let mut text = String::new();
        for (environment, seals) in &self.0 {
            for (file, seal) in seals {
                let environment = escape(environment.as_bytes());
                text.push_str(&format!(
                    "{environment} {} {}\n",
                    seal.to_word(),
                    escape(file.as_bytes())
                ));
            }
        }
        list::write(&path(common_dir), &text)
    }
}

/// The environment, the file, and how it was sealed.
fn parse(line: &str) -> Option<(String, String, Seal)> {
    let mut words = line.split(' ');
    let (environment, seal, file) = (words.next()?, words.next()?, words.next()?);
    let text = |word| String::from_utf8(unescape(word)?).ok();
    let read = (text(environment)?, text(file)?, Seal::from_word(seal)?);
    words.next().is_none().then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Environments::load(dir.path()).unwrap(), Environments::default());
        let mut all = Environments::default();
        let seals = [
            ("a b%/\n.env", Seal::By(KeyOf::Own("open".parse().unwrap()))),
            ("open.env", Seal::Open),
            ("é", Seal::By(KeyOf::GitCrypt("a-b".parse().unwrap()))),
        ];
        all.remember("prod", seals.map(|(file, seal)| (file.to_owned(), seal)).into());
        all.remember("prod", [("new".to_owned(), Seal::Open)].into());
        all.remember("none", Seals::new());
        all.save(dir.path()).unwrap();
        let read = Environments::load(dir.path()).unwrap();
        assert_eq!(read, all);
        assert_eq!((read.of("prod").unwrap().len(), read.of("none")), (4, None));
        for bad in ["prod", "prod -", "prod -x a", "prod A a", "prod - a b", "prod - %f"] {
            std::fs::write(path(dir.path()), bad).unwrap();
            assert!(Environments::load(dir.path()).is_err(), "{bad}");
        }
    }
}
