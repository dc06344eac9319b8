//! What the filters have around them in a repository that git-crypt encrypts.

mod lock;
mod merge;
mod taken_over;
mod unlock;

use std::io::Read;

use gix::bstr::ByteSlice as _;

use super::Context;
use crate::access::rules::{self, LazyRepository};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::git_crypt::{Conversion, GitCryptFilter, Paths};
use crate::git::attributes::Attributes;
use crate::git::locate::{Location, locate};
use crate::git::objects;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, KeyFileError, Name, Nonce};
use crate::store::git_crypt::{self, StoreError};

pub(super) use lock::{give_up, refuse_only_copies};
pub(super) use merge::merge;
pub(super) use taken_over::take_over;
pub(super) use unlock::{take, unwrap};

/// The keys of git-crypt that a filter finds.
pub(super) struct GitCryptSurroundings {
    location: Option<Location>,
    pub(super) held: HeldKeys,
}

impl GitCryptSurroundings {
    pub(super) fn find(context: &Context) -> Outcome<Self> {
        let dir = context.dir.canonicalize().context(|| "the current directory".to_owned())?;
        let location = locate(&dir);
        let held = match &location {
            Some(location) => git_crypt::load(&location.common_dir, &location.git_dir)?,
            None => HeldKeys::default(),
        };
        Ok(Self { location, held })
    }

    pub(super) fn filter<'s>(
        &'s self,
        repository: &'s LazyRepository,
        name: Name,
    ) -> GitCryptFilter<'s, RepositoryPaths<'s>> {
        let location = self.location.as_ref();
        GitCryptFilter::new(
            &self.held,
            name,
            RepositoryPaths { location, repository, lookup: None },
        )
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            StoreError::KeyFile { source: KeyFileError::OtherKey { .. }, .. } => wrong
                .hint("is this the key file of another repository? 'git shroud lock' gives up the keys held here"),
            StoreError::KeyFile { source: KeyFileError::Version(_), .. }
            | StoreError::KeyFile { source: KeyFileError::UnknownField(_), .. } => {
                wrong.hint("a newer git-crypt wrote it; ask for a file of version 2")
            }
            StoreError::KeyFile { .. } => {
                wrong.hint("get the key file anew: git-crypt export-key FILE")
            }
            StoreError::Io(_) => wrong,
        }
    }
}

/// Asks attributes and index, which are not read before a file needs them.
pub(super) struct RepositoryPaths<'s> {
    location: Option<&'s Location>,
    repository: &'s LazyRepository,
    lookup: Option<(&'s Repository, Attributes<'s>)>,
}

impl<'s> RepositoryPaths<'s> {
    /// `None` outside a repository.
    fn lookup(&mut self) -> Result<Option<&mut (&'s Repository, Attributes<'s>)>, String> {
        let Some(location) = self.location else { return Ok(None) };
        if self.lookup.is_none() {
            let repository = self.repository.get_or_init(|| rules::open(location)).as_ref()?;
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

    /// What cannot be read is taken for something else.
    fn holds(&mut self, path: &[u8], content: &mut dyn Read, len: u64) -> bool {
        let Ok(Some((repository, _))) = self.lookup() else { return false };
        let Ok(index) = repository.gix.index_or_empty() else { return false };
        let Some(entry) = index.entry_by_path(path.as_bstr()) else { return false };
        objects::is_blob(repository, content, len, entry.id).unwrap_or(false)
    }
}
