//! What the filters have around them in a repository that git-crypt encrypts.

use std::cell::OnceCell;
use std::io::Read;
use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::between::leaves_for_git_crypt;
use super::of_path::{self, LazyRepository};
use crate::clone::{CloneError, kept_keys_in};
use crate::error::Context as _;
use crate::filter::Crossing;
use crate::filter::git_crypt::{Conversion, GitCryptFilter, Paths};
use crate::git::attributes::Attributes;
use crate::git::locate::{Location, locate};
use crate::git::objects;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, Name, Nonce};
use crate::keyring::Keyring;
use crate::store::confirmed::Confirmed;
use crate::store::{git_crypt, locked_worktree};

/// The keys of git-crypt that a filter finds.
pub struct GitCryptSurroundings {
    /// The repository; `None` outside of one.
    pub location: Option<Location>,
    /// The keys that are held.
    pub held: HeldKeys,
}

impl GitCryptSurroundings {
    /// Looks around in `dir`, without starting git.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn find(dir: &Path) -> Result<Self, CloneError> {
        let dir = dunce::canonicalize(dir).context(|| "the current directory".to_owned())?;
        let location = locate(&dir);
        let held = match &location {
            Some(location) if !locked_worktree::is_locked(&location.git_dir) => {
                git_crypt::load(&location.common_dir, &location.git_dir)?
            }
            _ => HeldKeys::default(),
        };
        Ok(Self { location, held })
    }

    /// The filter of the key with this name.
    pub fn filter<'s>(
        &'s self,
        repository: &'s LazyRepository,
        name: Name,
    ) -> GitCryptFilter<'s, RepositoryPaths<'s>> {
        let paths = RepositoryPaths {
            location: self.location.as_ref(),
            held: &self.held,
            repository,
            own: OnceCell::new(),
            confirmed: OnceCell::new(),
            lookup: None,
        };
        GitCryptFilter::new(&self.held, name, paths)
    }
}

/// Asks attributes and index, which are not read before a file needs them.
pub struct RepositoryPaths<'s> {
    location: Option<&'s Location>,
    held: &'s HeldKeys,
    repository: &'s LazyRepository,
    /// This program's own keys.
    own: OnceCell<Keyring>,
    /// Which moves to another key were confirmed; read once, where it matters.
    confirmed: OnceCell<Confirmed>,
    lookup: Option<(&'s Repository, Attributes<'s>)>,
}

impl<'s> RepositoryPaths<'s> {
    /// `None` outside a repository.
    fn lookup(&mut self) -> Result<Option<&mut (&'s Repository, Attributes<'s>)>, String> {
        let Some(location) = self.location else { return Ok(None) };
        if self.lookup.is_none() {
            let repository = self.repository.get_or_init(|| of_path::open(location)).as_ref()?;
            let attributes = Attributes::new(repository).map_err(|error| error.to_string())?;
            self.lookup = Some((repository, attributes));
        }
        Ok(self.lookup.as_mut())
    }
}

impl Paths for RepositoryPaths<'_> {
    fn conversion(&mut self, path: &[u8]) -> Result<Option<Conversion>, String> {
        if path.is_empty() {
            return Ok(None);
        }
        let Some((_, attributes)) = self.lookup()? else { return Ok(None) };
        let of = attributes.of(path).map_err(|error| error.to_string())?;
        Ok(of.conversion.map(|setting| {
            // git's convert.c: line ends, or the text of an identifier; an encoding changes everything.
            let changes: Option<&'static [u8]> = match setting.text.as_str() {
                "ident" => Some(b"$Id"),
                text if text.starts_with("working-tree-encoding") => None,
                _ => Some(b"\r\n"),
            };
            Conversion { setting: setting.to_string(), changes }
        }))
    }

    /// What cannot be read is taken for none: then the file counts as changed.
    fn indexed(&mut self, path: &[u8]) -> Option<Nonce> {
        let (repository, _) = self.lookup().ok()??;
        let index = repository.gix.index_or_empty().ok()?;
        let id = index.entry_by_path(path.as_bstr())?.id;
        Nonce::read(&objects::read_start(repository, id).ok()??).ok()
    }

    /// What cannot be read is taken for not confirmed.
    fn leaves_key(
        &mut self,
        path: &[u8],
        name: &Name,
        plaintext: &mut dyn Read,
    ) -> Option<Crossing> {
        let Location { common_dir, git_dir, .. } = self.location?;
        // What cannot be read opens nothing; 'git shroud doctor' says why.
        let load = || kept_keys_in(common_dir, git_dir).unwrap_or_default();
        let own = self.own.get_or_init(load);
        if own.is_empty() && self.held.files().nth(1).is_none() {
            return None;
        }
        let repository = self
            .repository
            .get_or_init(|| of_path::open(self.location.expect("as above")))
            .as_ref()
            .ok()?;
        let crossing = leaves_for_git_crypt(repository, own, self.held, path, name, plaintext)?;
        let confirmed =
            self.confirmed.get_or_init(|| Confirmed::load(common_dir).unwrap_or_default());
        match crossing {
            Crossing::Changed(_) if confirmed.allows_git_crypt(path, name) => None,
            crossing => Some(crossing),
        }
    }

    /// What cannot be read is taken for something else.
    fn holds(&mut self, path: &[u8], content: &mut dyn Read, len: u64) -> bool {
        let Ok(Some((repository, _))) = self.lookup() else { return false };
        let Ok(index) = repository.gix.index_or_empty() else { return false };
        let Some(entry) = index.entry_by_path(path.as_bstr()) else { return false };
        objects::is_blob(repository, content, len, entry.id).unwrap_or(false)
    }
}
