//! A repository with what is known of its keys.

use std::path::{Component, Path, PathBuf};

use super::CloneError;
use super::held::{held_git_crypt_keys, held_keys};
use super::roster::Roster;
use super::rules::between::{sealed_by_git_crypt, sealed_elsewhere};
use super::rules::crossing::unconfirmed_move;
use super::sealing::sealing_key;
use crate::error::Context as _;
use crate::filter::{FileError, FilterError};
use crate::format::KeyId;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, Name as GitCryptName};
use crate::keyring::{Entry, KeyName, Keyring};
use crate::repo_path;
use crate::status::{Known, find_names};
use crate::store::confirmed::{Confirmed, KeyOf};
use crate::store::seen::Seen;
use crate::store::seen_git_crypt::SeenGitCrypt;

/// A repository with what is known of its keys.
pub struct OpenClone {
    /// The repository.
    pub repository: Repository,
    /// The keys that are held.
    pub keyring: Keyring,
    /// What git-crypt keeps here.
    pub git_crypt: HeldKeys,
    /// What `.shroud/` says.
    pub roster: Roster,
}

/// The keys that are held: this program's own, and git-crypt's.
#[derive(Clone, Copy)]
pub struct Keys<'k> {
    /// This program's own.
    pub shroud: &'k Keyring,
    /// git-crypt's.
    pub git_crypt: &'k HeldKeys,
}

impl OpenClone {
    /// What is known in this repository.
    ///
    /// # Errors
    /// A keyring or a description cannot be read.
    pub fn read(repository: Repository) -> Result<Self, CloneError> {
        let keyring = held_keys(&repository)?;
        let roster = Roster::read(&repository)?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        Ok(Self { repository, keyring, git_crypt, roster })
    }

    /// As [`Self::read`], but with no key if it is not known where the keys lie, or if they cannot be had from there.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_even_without_keys(repository: Repository) -> Result<Self, CloneError> {
        let keyring = match held_keys(&repository) {
            Err(CloneError::Store(error)) if error.is_of_place() => Keyring::default(),
            read => read?,
        };
        let roster = Roster::read(&repository)?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        Ok(Self { repository, keyring, git_crypt, roster })
    }

    /// Every key that is held.
    pub fn keys(&self) -> Keys<'_> {
        Keys { shroud: &self.keyring, git_crypt: &self.git_crypt }
    }

    /// What to say where a key of this program's own is asked for, and git-crypt alone encrypts here.
    pub fn explain_git_crypt(&self) -> Option<CloneError> {
        let alone = self.keyring.is_empty() && self.roster.infos.is_empty();
        let names = if alone { find_names(&self.repository).ok()? } else { return None };
        if names.is_empty() && self.git_crypt.is_empty() {
            return None;
        }
        Some(CloneError::GitCryptAlone)
    }

    /// What is known of keys, for a survey of files.
    pub fn known(&self) -> Known<'_> {
        Known {
            keyring: &self.keyring,
            git_crypt: &self.git_crypt,
            infos: &self.roster.infos,
            missing: self.roster.missing.as_deref(),
        }
    }

    /// The top of the worktree.
    ///
    /// # Errors
    /// There is none.
    pub fn top(&self) -> Result<&Path, CloneError> {
        top(&self.repository)
    }

    /// A path as git has it, from one that was typed in `dir`. Only its words count: the file need not exist.
    ///
    /// # Errors
    /// It leads out of the worktree, or there is none.
    pub fn path_of(&self, dir: &Path, path: &Path) -> Result<Vec<u8>, CloneError> {
        let top = dunce::canonicalize(self.top()?).context(|| "the worktree".to_owned())?;
        let dir = dunce::canonicalize(dir).context(|| "the current directory".to_owned())?;
        let mut absolute = PathBuf::new();
        for component in dir.join(path).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => drop(absolute.pop()),
                component => absolute.push(component),
            }
        }
        let outside = || {
            let shown = crate::sanitise::native(path);
            CloneError::Outside(shown)
        };
        let relative = absolute.strip_prefix(&top).map_err(|_| outside())?;
        repo_path::from_native(relative).filter(|path| !path.is_empty()).ok_or_else(outside)
    }

    /// A path of git's as this system has it, from the top of the worktree.
    ///
    /// # Errors
    /// The system has no such name, or it would lead out of the worktree.
    pub fn native(path: &[u8]) -> Result<PathBuf, CloneError> {
        repo_path::to_native(path)
            .ok_or_else(|| CloneError::NoSuchName(crate::sanitise::path(path)))
    }

    /// The key that seals under a name in this worktree.
    ///
    /// # Errors
    /// There is none, or nothing may be sealed with it.
    pub fn sealing_key(&self, name: &KeyName) -> Result<&Entry, CloneError> {
        if name.is_aside() {
            return Err(CloneError::SetAside(name.clone()));
        }
        sealing_key(&self.repository, &self.roster, &self.keyring, name)
            .map_err(|error| FileError::of_none(error).into())
    }

    /// Refuses to seal a path with a key of another name than it is sealed with, until somebody has confirmed it here.
    ///
    /// # Errors
    /// It is sealed with another, or what was confirmed cannot be read.
    pub fn refuse_unconfirmed_move(&self, path: &[u8], key: &KeyName) -> Result<(), CloneError> {
        if let Some(held) = unconfirmed_move(&self.repository, &self.keyring, path, key)? {
            return Err(refused_move(path, FilterError::OtherName { held, wanted: key.clone() }));
        }
        let Self { repository, keyring, git_crypt, roster } = self;
        let held = sealed_by_git_crypt(repository, keyring, git_crypt, path, roster.infos.get(key));
        let Some(held) = held else { return Ok(()) };
        if self.confirmed()?.allows(path, key) {
            return Ok(());
        }
        Err(refused_move(path, FilterError::Crossing { held, wanted: KeyOf::Own(key.clone()) }))
    }

    /// The same where the attribute names a key of git-crypt.
    ///
    /// # Errors
    /// As [`Self::refuse_unconfirmed_move`].
    pub fn refuse_unconfirmed_move_to(
        &self,
        path: &[u8],
        key: &GitCryptName,
    ) -> Result<(), CloneError> {
        let Self { repository, keyring, git_crypt, .. } = self;
        let held = sealed_elsewhere(repository, keyring, git_crypt, path, key);
        let Some(held) = held else { return Ok(()) };
        if self.confirmed()?.allows_git_crypt(path, key) {
            return Ok(());
        }
        let wanted = KeyOf::GitCrypt(key.clone());
        Err(refused_move(path, FilterError::Crossing { held, wanted }))
    }

    fn confirmed(&self) -> Result<Confirmed, CloneError> {
        Confirmed::load(self.repository.common_dir())
            .context(|| "what was confirmed here".to_owned())
            .map_err(CloneError::from)
    }

    /// Refuses to seal with a key that is not the one of this repository, or is older than one that was held.
    ///
    /// # Errors
    /// The key is such a one.
    pub fn refuse_unfit_key(&self, name: &KeyName) -> Result<(), CloneError> {
        if self.keyring.current(name).is_none() {
            return Ok(());
        }
        // On a branch that is yet to be given '.shroud/' the filter refuses.
        if !self.roster.infos.contains_key(name)
            && !self.roster.malformed.contains_key(name)
            && !name.is_aside()
        {
            return Ok(());
        }
        self.sealing_key(name).map(drop)
    }

    /// The keys that are meant: those that are named, else `default`, else the only one there is.
    ///
    /// # Errors
    /// There is none, or several and none is named.
    pub fn choose_keys(&self, named: &[KeyName]) -> Result<Vec<KeyName>, CloneError> {
        if !named.is_empty() {
            let mut names = named.to_vec();
            names.sort();
            names.dedup();
            return Ok(names);
        }
        let infos = &self.roster.infos;
        let default = KeyName::default();
        match infos.keys().next() {
            _ if infos.contains_key(&default) => Ok(vec![default]),
            Some(only) if infos.len() == 1 => Ok(vec![only.clone()]),
            None => Err(self.explain_git_crypt().unwrap_or(CloneError::NoKey)),
            Some(_) => Err(CloneError::SeveralKeys(self.key_names())),
        }
    }

    /// The current generation of the named key, or of the only one that is held.
    ///
    /// # Errors
    /// It is not held, or several are and none is named.
    pub fn current(&self, names: &[KeyName]) -> Result<&Entry, CloneError> {
        let held = self.keyring.names();
        let name = match names {
            [name] => name,
            [] if held.len() == 1 => held.first().expect("there is one"),
            [] if held.is_empty() => return Err(self.none_held()),
            _ => return Err(CloneError::OneKey(self.key_names())),
        };
        self.keyring.current(name).ok_or_else(|| CloneError::NotHeld(name.clone()))
    }

    /// That no key is held.
    pub fn none_held(&self) -> CloneError {
        self.explain_git_crypt().unwrap_or(CloneError::NoneHeld)
    }

    /// The names of all keys that are held or described, for people.
    pub fn key_names(&self) -> String {
        let own = self.keyring.names().into_iter().chain(self.roster.infos.keys());
        let git_crypt = self.git_crypt.files().map(|file| file.name().as_str());
        let names: std::collections::BTreeSet<_> =
            own.map(KeyName::as_str).chain(git_crypt).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Remembers the newest keys that this clone has held; of the trusted ones also where they are older.
    ///
    /// # Errors
    /// The list cannot be read or written.
    pub fn remember_seen(&self, trusted: &[KeyId]) -> Result<(), CloneError> {
        let names = self.keyring.entries().iter();
        let reset = names.filter(|entry| trusted.contains(&entry.key.id()));
        let reset: Vec<&KeyName> = reset.map(|entry| &entry.name).collect();
        Seen::remember(self.repository.common_dir(), &self.keyring, &reset)
            .context(|| "the list of seen keys".to_owned())
            .map_err(CloneError::from)
    }

    /// Remembers the keys of git-crypt that this clone has held.
    ///
    /// # Errors
    /// The list cannot be read or written.
    pub fn remember_seen_git_crypt(&self) -> Result<(), CloneError> {
        SeenGitCrypt::remember(self.repository.common_dir(), &self.git_crypt)
            .context(|| "the list of seen keys".to_owned())
            .map_err(CloneError::from)
    }
}

fn refused_move(path: &[u8], source: FilterError) -> CloneError {
    FileError::new(path, source).into()
}

/// The top of the worktree, for what cannot do without.
///
/// # Errors
/// There is none.
pub fn top(repository: &Repository) -> Result<&Path, CloneError> {
    repository.worktree.as_deref().ok_or(CloneError::NoWorktree)
}
