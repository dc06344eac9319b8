//! Files of environments that somebody moved to another key: attributes, seals and the schema are a proposal of whoever
//! pushed last, so this clone compares them with what it has seen.
//!
//! What a clone read last decides. Where it read nothing yet, the commits of its branch do: a file that another key, which
//! is held here, ever sealed was moved.

use std::collections::BTreeSet;
use std::io;

use super::past::{Past, PastError, places};
use crate::environments::SCHEMA_FILE;
use crate::environments::schema::Location;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::store::confirmed::{Confirmed, KeyOf};
use crate::store::environments::{Environments, Seal, Seals};
use crate::store::local;

/// Compares the seals of environments with what this clone knows of them.
pub struct Moves<'r> {
    repository: &'r Repository,
    keyring: &'r Keyring,
    database: Database<'r>,
    confirmed: Confirmed,
    known: Environments,
}

/// Why values of a file are not taken.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// It is protected by another key than this clone knows, and nobody has confirmed that here.
    #[error(transparent)]
    Moved(#[from] Moved),
    /// It cannot be told whether somebody moved it.
    #[error(transparent)]
    NotTold(PastError),
}

/// A file that somebody moved to another key.
#[derive(Debug, thiserror::Error)]
pub struct Moved {
    environment: String,
    now: Seal,
    was: Was,
    /// The commit, for people to read.
    commit: Option<String>,
}

/// With what a file is compared.
#[derive(Debug)]
enum Was {
    /// The held key that is called as the environment is.
    Own(KeyName),
    /// What protected the file before.
    Before(Seal),
    /// What protected the other files of the environment, where the file is new.
    Beside(Seal),
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { environment, now, was, commit } = self;
        match was {
            Was::Own(own) => write!(
                f,
                "{now} seals it, although this clone holds a key '{own}', the name of the environment"
            ),
            Was::Before(before) => write!(f, "{before} sealed it, and now {now} does"),
            Was::Beside(before) => write!(
                f,
                "it is new in {environment}, whose files were sealed with {before}, and {now} seals it"
            ),
        }?;
        match commit {
            Some(commit) => write!(f, ", by commit {commit}"),
            None => write!(
                f,
                "; no commit of this branch tells who did that: git log -p -- .gitattributes {SCHEMA_FILE}"
            ),
        }
    }
}

impl Doubt {
    /// The sentence with the command that confirms the move.
    pub fn with_command(&self) -> String {
        match self {
            Self::Moved(Moved { environment, .. }) => {
                format!("{self}; if that is meant: git shroud config check --confirm {environment}")
            }
            Self::NotTold(_) => self.to_string(),
        }
    }
}

impl<'r> Moves<'r> {
    /// Reads what this clone knows.
    ///
    /// # Errors
    /// A list in `.git/git-shroud` cannot be read or is damaged, or the objects cannot be opened.
    pub fn new(repository: &'r Repository, keyring: &'r Keyring) -> Result<Self, GitError> {
        Ok(Self {
            repository,
            keyring,
            database: Database::open(repository)?,
            confirmed: Confirmed::load(repository.common_dir())?,
            known: Environments::load(repository.common_dir())?,
        })
    }

    /// Whether this clone knows that the file was sealed so and has confirmed that it moves to `next`.
    pub fn is_on_its_way(&self, environment: &str, path: &str, now: &Seal, next: &KeyOf) -> bool {
        let known = self.known.of(environment).and_then(|seals| seals.get(path));
        known.is_some_and(|known| known.is_same(now))
            && self.confirmed.allows_key(path.as_bytes(), next)
    }

    /// The files among these whose values are not to be taken, by their place in `files`.
    ///
    /// # Errors
    /// git fails, or an object is damaged.
    pub fn find(
        &self,
        location: &Location,
        files: &[(String, Seal)],
    ) -> Result<Vec<(usize, Doubt)>, GitError> {
        let mut past = None;
        let mut found = Vec::new();
        let all = files.iter().map(|(path, _)| path.as_str()).collect();
        for (at, (path, now)) in files.iter().enumerate() {
            let doubt = self.doubt(location, &all, (path, now), &mut past)?;
            found.extend(doubt.map(|doubt| (at, doubt)));
        }
        Ok(found)
    }

    /// Whether one file, which need not be there, may be sealed so; `beside` are the other files of the environment.
    ///
    /// # Errors
    /// git fails, or an object is damaged.
    pub fn find_one<'f>(
        &self,
        location: &Location,
        beside: impl IntoIterator<Item = &'f str>,
        file: (&'f str, &Seal),
    ) -> Result<Option<Doubt>, GitError> {
        let all = beside.into_iter().chain([file.0]).collect();
        self.doubt(location, &all, file, &mut None)
    }

    fn doubt(
        &self,
        location: &Location,
        all: &BTreeSet<&str>,
        (path, now): (&str, &Seal),
        past: &mut Option<Past>,
    ) -> Result<Option<Doubt>, GitError> {
        match self.judge(location, all, (path, now), past) {
            Ok(Some((was, commit))) => {
                let (environment, now) = (location.name.clone(), now.clone());
                Ok(Some(Doubt::Moved(Moved { environment, now, was, commit })))
            }
            Ok(None) => Ok(None),
            Err(PastError::Git(error)) => Err(error),
            Err(error @ PastError::NotHere) => Ok(Some(Doubt::NotTold(error))),
        }
    }

    fn judge(
        &self,
        location: &Location,
        all: &BTreeSet<&str>,
        (path, now): (&str, &Seal),
        past: &mut Option<Past>,
    ) -> Result<Option<(Was, Option<String>)>, PastError> {
        let environment = location.name.as_str();
        // Nobody has a lesser key than the one of the environment's own name.
        let own = Location::own_keys(environment);
        if matches!(now, Seal::By(KeyOf::Own(name)) if own.contains(name)) {
            return Ok(None);
        }
        let is_confirmed =
            matches!(now, Seal::By(key) if self.confirmed.allows_key(path.as_bytes(), key));
        let held = self.keyring.names();
        let own = own.into_iter().find(|name| held.contains(&name));
        let is_fine = |own: &KeyName| match now {
            Seal::By(KeyOf::Own(_)) => {
                let own = KeyOf::Own(own.clone());
                is_confirmed || self.is_on_its_way(environment, path, now, &own)
            }
            Seal::Open | Seal::By(KeyOf::GitCrypt(_)) => true,
        };
        if let Some(own) = own.filter(|own| !is_fine(own)) {
            return Ok(Some((Was::Own(own.clone()), self.who(path, Some(&own))?)));
        }
        let Some(known) = self.known.of(environment) else {
            return self.judge_by_past(location, all, (path, now, is_confirmed), past);
        };
        Ok(match known.get(path) {
            Some(before) if before.is_same(now) || *before == Seal::Open || is_confirmed => None,
            // A repository that is taken over from git-crypt, and has one key.
            Some(Seal::By(KeyOf::GitCrypt(_)))
                if *now != Seal::Open && self.keyring.has_one_name() =>
            {
                None
            }
            Some(before) => {
                let from = match before {
                    Seal::By(KeyOf::Own(name)) => Some(name),
                    Seal::Open | Seal::By(KeyOf::GitCrypt(_)) => None,
                };
                Some((Was::Before(before.clone()), self.who(path, from)?))
            }
            // No worse than what stood beside it.
            None if known.values().any(|one| one.is_same(now) || *one == Seal::Open) => None,
            None => {
                let who = self.who(path, None)?;
                known.values().next().map(|before| (Was::Beside(before.clone()), who))
            }
        })
    }

    /// In a clone that has not read the environment yet.
    fn judge_by_past(
        &self,
        location: &Location,
        all: &BTreeSet<&str>,
        (path, now, is_confirmed): (&str, &Seal, bool),
        past: &mut Option<Past>,
    ) -> Result<Option<(Was, Option<String>)>, PastError> {
        // All keys that are held have one name: only a plaintext file can have been moved.
        let is_single = self.keyring.has_one_name() && *now != Seal::Open;
        if self.keyring.is_empty() || is_single {
            return Ok(None);
        }
        if past.is_none() {
            let mut places = places(&self.database, &location.name)?;
            places.extend(location.paths.iter().cloned());
            places.extend(all.iter().map(|&path| path.to_owned()));
            *past = Some(Past::read(&self.database, self.keyring, &places)?);
        }
        let Some(past) = past else { return Ok(None) };
        let other = |keys: BTreeSet<&KeyName>| {
            keys.into_iter().find(|name| !own((*name).clone()).is_same(now)).cloned()
        };
        let of_path = other(past.keys(|one| one == path.as_bytes())).filter(|_| !is_confirmed);
        if let Some(from) = of_path {
            let who = past.who(path.as_bytes(), Some(&from));
            return Ok(Some((Was::Before(own(from)), who)));
        }
        // Beside a file that is gone, a plaintext file says nothing: many have both.
        if *now == Seal::Open {
            return Ok(None);
        }
        let gone = other(past.keys(|one| all.iter().all(|path| path.as_bytes() != one)));
        Ok(gone.map(|from| (Was::Beside(own(from)), past.who(path.as_bytes(), None))))
    }

    fn who(&self, path: &str, from: Option<&KeyName>) -> Result<Option<String>, PastError> {
        let places = BTreeSet::from([path.to_owned()]);
        match Past::read(&self.database, self.keyring, &places) {
            Ok(past) => Ok(past.who(path.as_bytes(), from)),
            Err(PastError::NotHere) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Remembers that this clone has taken values from these files.
    ///
    /// A clone that keeps nothing of this program, as one that gets its keys from the environment, stays as it is: the
    /// commits are its evidence. One that cannot be written goes on without, too.
    pub fn remember(&mut self, environment: &str, files: &[(String, Seal)]) {
        let before = self.known.clone();
        let seals: Seals = files.iter().cloned().collect();
        self.known.remember(environment, seals);
        let common_dir = self.repository.common_dir();
        if self.known != before && local::dir(common_dir).is_dir() {
            let _ = self.known.save(common_dir);
        }
    }

    /// Confirms in this clone what was moved.
    ///
    /// # Errors
    /// `.git/git-shroud` cannot be written.
    pub fn confirm(&mut self, environment: &str, files: &[(String, Seal)]) -> io::Result<()> {
        let common_dir = self.repository.common_dir();
        let keys = files.iter().filter_map(|(path, seal)| match seal {
            Seal::By(key) => Some((path.as_bytes().to_vec(), key.clone())),
            Seal::Open => None,
        });
        Confirmed::add(common_dir, keys)?;
        self.confirmed = Confirmed::load(common_dir)?;
        self.known.remember(environment, files.iter().cloned().collect());
        self.known.save(common_dir)
    }
}

fn own(name: KeyName) -> Seal {
    Seal::By(KeyOf::Own(name))
}
