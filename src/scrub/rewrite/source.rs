//! Objects as they are stored, without replacements.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::{Find as _, FindHeader as _, Kind};

use super::LARGEST;
use crate::git::GitError;
use crate::git::database::bases;
use crate::git::repository::Repository;
use crate::scrub::ScrubError;

/// Bytes of objects that a thread keeps, as others are stored as changes of them.
const CACHED: usize = 24 << 20;

/// Where the objects are, for every thread.
#[derive(Clone, Debug)]
pub(super) struct Store {
    /// The folder of the repository's own objects.
    pub(super) objects: PathBuf,
    pub(super) hash: gix::hash::Kind,
}

impl Store {
    pub(super) fn new(repository: &Repository) -> Self {
        let objects = repository.common_dir().join("objects");
        Self { objects, hash: repository.gix.object_hash() }
    }

    /// Opens it for one thread.
    pub(super) fn open(&self) -> Result<Source, ScrubError> {
        Source::open(&self.objects, self.hash)
    }
}

/// One thread's way to the object database.
pub(super) struct Source {
    store: gix::odb::Handle,
    buffer: Vec<u8>,
}

impl Source {
    fn open(folder: &Path, hash: gix::hash::Kind) -> Result<Self, ScrubError> {
        let store = gix::odb::at(folder, hash).map_err(GitError::from)?;
        let store = store.with_pack_cache(|| bases(CACHED));
        Ok(Self { store, buffer: Vec::new() })
    }

    /// Kind and length of an object.
    pub(super) fn header(&self, id: ObjectId) -> Result<(Kind, u64), ScrubError> {
        if id == ObjectId::empty_tree(id.kind()) {
            return Ok((Kind::Tree, 0));
        }
        let header = self.store.try_header(&id).map_err(|_| ScrubError::Damaged(id))?;
        header.map(|header| (header.kind, header.size)).ok_or(ScrubError::Missing(id))
    }

    /// The bytes of an object of this kind.
    pub(super) fn read(&mut self, id: ObjectId, kind: Kind) -> Result<&[u8], ScrubError> {
        if kind == Kind::Tree && id == ObjectId::empty_tree(id.kind()) {
            return Ok(&[]);
        }
        // What a header says is allocated at once.
        let (found, len) = self.header(id)?;
        if len > LARGEST {
            return Err(ScrubError::TooLarge { id, len, limit: LARGEST });
        }
        if found != kind {
            return Err(ScrubError::Damaged(id));
        }
        let found = self.store.try_find(&id, &mut self.buffer);
        match found.map_err(|_| ScrubError::Damaged(id))? {
            Some(object) => Ok(object.data),
            None => Err(ScrubError::Missing(id)),
        }
    }
}
