//! git-crypt's keys: which of them the attributes name, and whether one opens what its name encrypts.

use std::collections::BTreeSet;
use std::io::{self, Read};

use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::git_crypt::{HEADER_LEN, KeyFile, KeyVersion, Name, Nonce, is_encrypted, open_stream};

/// Blobs with which a key is tried, the smallest first.
const TRIED: usize = 64;

/// The names of all git-crypt keys that the attributes of tracked files, or of files in `.git-crypt`, name.
///
/// # Errors
/// Index or attributes cannot be read.
pub fn find_names(repository: &Repository) -> Result<BTreeSet<Name>, GitError> {
    let entries = Entries::read(repository)?;
    let mut attributes = Attributes::new(repository)?;
    let mut names = BTreeSet::new();
    for entry in &entries.files {
        // What is not here is reported by what needs it.
        if let Ok(of) = attributes.of(&entry.path)
            && let Some(Ok(name)) = of.git_crypt
        {
            names.insert(name);
        }
    }
    Ok(names)
}

/// What the files of a repository say of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It opens one of them.
    No,
    /// There are encrypted files, and it opens none.
    Yes,
    /// There is no encrypted file that could say.
    Unknown,
}

/// Whether a key opens any file to which attributes give it.
///
/// # Errors
/// Index, attributes or objects cannot be read.
pub fn find_opening(repository: &Repository, file: &KeyFile) -> Result<Foreign, GitError> {
    let entries = Entries::read_all(repository)?;
    let mut attributes = Attributes::new(repository)?;
    let mut blobs = Vec::new();
    for entry in &entries.files {
        let Ok(of) = attributes.of(&entry.path) else { continue };
        if !matches!(&of.git_crypt, Some(Ok(name)) if name == file.name()) {
            continue;
        }
        let header = repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        blobs.extend(header.map(|header| (header.size(), entry.id)));
    }
    blobs.sort_unstable();
    let mut foreign = Foreign::Unknown;
    let mut tried = 0;
    for (size, id) in blobs {
        let opened = match objects::read(repository, id)? {
            Blob::Memory(blob) if is_encrypted(&blob) => opens_blob(file, &mut &blob[..]),
            Blob::Large => objects::stream(repository, id, |blob| opens_blob(file, blob))?,
            Blob::Memory(_) | Blob::Missing => continue,
        };
        // The nonce of an empty file is the same for all that have this key, and as good a proof as any.
        if opened {
            return Ok(Foreign::No);
        }
        foreign = Foreign::Yes;
        tried += 1;
        if tried == TRIED || size > objects::IN_MEMORY {
            break;
        }
    }
    Ok(foreign)
}

pub(crate) fn opens_blob(file: &KeyFile, blob: &mut dyn Read) -> bool {
    // Nearly always there is one version; of a large file only that is tried.
    match file.versions() {
        [key] => version_opens(key, blob),
        versions => {
            let mut whole = Vec::new();
            let limit = objects::IN_MEMORY;
            blob.take(limit).read_to_end(&mut whole).is_ok()
                && versions.iter().any(|key| version_opens(key, &mut &whole[..]))
        }
    }
}

/// Whether this version of a key opens a whole encrypted file.
pub(crate) fn version_opens(key: &KeyVersion, blob: &mut dyn Read) -> bool {
    let mut start = [0; HEADER_LEN];
    let read = blob.read_exact(&mut start).ok().and_then(|()| Nonce::read(&start).ok());
    read.is_some_and(|nonce| open_stream(key, &nonce, blob, io::sink()).is_ok())
}
