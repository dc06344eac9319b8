//! What the last commit says of a git-crypt key: whoever can push can add a file that a key of their own opens.

use std::collections::HashMap;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::git_crypt::opens_blob;
use crate::error::{CommandError, Outcome};
use crate::git::GitError;
use crate::git::objects::{self, Blob, fetch_missing};
use crate::git::repository::Repository;
use crate::git::tree_attributes::{Chain, FILE_NAME, TreeAttributes};
use crate::git_crypt::{KeyFile, is_encrypted};

/// Files that are brought here to be tried, at most; those that are here are all tried.
const MAX_FETCHED: usize = 32;

/// A file of `HEAD` that the attributes there give to this key, and that the key does not open.
///
/// # Errors
/// git fails, an object cannot be read, or a file is not here and cannot be had.
pub fn find_closed(repository: &Repository, file: &KeyFile) -> Outcome<Option<Vec<u8>>> {
    let mut missing = Vec::new();
    for (path, id) in named(repository, file)? {
        match opens(repository, file, id)? {
            Some(true) => {}
            Some(false) => return Ok(Some(path)),
            None => missing.push((path, id)),
        }
    }
    missing.truncate(MAX_FETCHED);
    if missing.is_empty() {
        return Ok(None);
    }
    fetch_missing(repository, missing.iter().map(|(_, id)| id))?;
    for (path, id) in missing {
        match opens(repository, file, id)? {
            Some(true) => {}
            Some(false) => return Ok(Some(path)),
            None => {
                return Err(CommandError::refused(format!(
                    "{} is not in this clone, and could not be had, so a swapped git-crypt key '{}' could not be told from yours",
                    crate::sanitise::path(&path),
                    file.name()
                ))
                .hint("bring it here: git fetch --refetch --no-filter"));
            }
        }
    }
    Ok(None)
}

/// `None` where the blob is not here. What is not encrypted says nothing.
fn opens(repository: &Repository, file: &KeyFile, id: ObjectId) -> Result<Option<bool>, GitError> {
    Ok(Some(match objects::read(repository, id)? {
        Blob::Missing => return Ok(None),
        Blob::Memory(blob) => !is_encrypted(&blob) || opens_blob(file, &mut &blob[..]),
        Blob::Large => {
            let start = objects::read_start(repository, id)?.unwrap_or_default();
            !is_encrypted(&start) || objects::stream(repository, id, |blob| opens_blob(file, blob))?
        }
    }))
}

/// The files of `HEAD` that its attributes give to this key.
fn named(repository: &Repository, file: &KeyFile) -> Result<Vec<(Vec<u8>, ObjectId)>, GitError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?.is_none() {
        return Ok(Vec::new());
    }
    let listed = repository.git.run(["ls-tree", "-r", "-z", "--full-tree", "HEAD"])?;
    let mut files = Vec::new();
    let mut own: HashMap<Vec<u8>, ObjectId> = HashMap::new();
    for line in listed.split(|&byte| byte == 0) {
        let Some((fields, path)) = line.split_once_str("\t") else { continue };
        if !fields.starts_with(b"100") {
            continue;
        }
        let id = fields.split(|&byte| byte == b' ').nth(2).unwrap_or_default();
        let id = ObjectId::from_hex(id).map_err(GitError::read)?;
        let folder = folder(path);
        if &path[folder.len()..] == FILE_NAME {
            own.insert(folder.to_vec(), id);
        }
        files.push((path.to_vec(), id));
    }
    let mut attributes = TreeAttributes::default();
    let mut chains: HashMap<Vec<u8>, Chain> = HashMap::new();
    let mut named = Vec::new();
    for (path, id) in files {
        let chain = chain(repository, &mut attributes, &own, &mut chains, folder(&path))?;
        let of = attributes.of(chain, &path)?;
        if matches!(&of.git_crypt, Some(Ok(name)) if name == file.name()) {
            named.push((path, id));
        }
    }
    Ok(named)
}

/// The part of a path up to and with its last slash.
fn folder(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)]
}

fn chain(
    repository: &Repository,
    attributes: &mut TreeAttributes,
    own: &HashMap<Vec<u8>, ObjectId>,
    chains: &mut HashMap<Vec<u8>, Chain>,
    of: &[u8],
) -> Result<Chain, GitError> {
    if let Some(&chain) = chains.get(of) {
        return Ok(chain);
    }
    let ends = of.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    let mut chain = Chain::NONE;
    for end in [0].into_iter().chain(ends) {
        let Some(&file) = own.get(&of[..end]) else { continue };
        let content = || match objects::read(repository, file)? {
            Blob::Memory(bytes) => Ok(bytes),
            Blob::Large | Blob::Missing => {
                Err(GitError::Read(format!("attributes in object {file} cannot be read")))
            }
        };
        chain = attributes.below(chain, &of[..end], file, content)?;
    }
    chains.insert(of.to_vec(), chain);
    Ok(chain)
}
