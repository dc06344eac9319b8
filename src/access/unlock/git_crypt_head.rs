//! What the last commit says of a git-crypt key: anybody who can push can add a file that a key of their own opens.

use std::collections::HashMap;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::UnlockError;
use crate::git::GitError;
use crate::git::objects::{self, Blob, fetch_missing};
use crate::git::repository::Repository;
use crate::git::tree_attributes::{Chain, FILE_NAME, TreeAttributes};
use crate::git_crypt::{KeyFile, is_encrypted};
use crate::parallel::map_runs;
use crate::status::{opens_blob, version_opens};

/// Files that are brought here to be tried, at most; those that are here are all tried.
const MAX_FETCHED: usize = 32;
/// Files for which starting another thread pays.
const FILES_PER_THREAD: usize = 64;

/// The files of `HEAD` that the attributes there give to this key, and that the key does not open.
///
/// One that opens proves nothing, as anybody who can push can add a file of their own: all have to.
///
/// # Errors
/// git fails, an object cannot be read, or a file is not here and cannot be had.
pub(super) fn find_closed(
    repository: &Repository,
    file: &KeyFile,
) -> Result<Vec<Vec<u8>>, UnlockError> {
    let (mut closed, mut missing) = try_all(repository, file, named(repository, file)?)?;
    missing.truncate(MAX_FETCHED);
    if !closed.is_empty() || missing.is_empty() {
        return Ok(closed);
    }
    fetch_missing(repository, missing.iter().map(|(_, id)| id))?;
    let still_missing;
    (closed, still_missing) = try_all(repository, file, missing)?;
    match still_missing.first() {
        Some((path, _)) if closed.is_empty() => {
            let path = crate::sanitise::path(path);
            Err(UnlockError::FileMissing { path, name: file.name().clone() })
        }
        _ => Ok(closed),
    }
}

/// The files of those that the key does not open, and those that are not here.
#[allow(clippy::type_complexity)]
fn try_all(
    repository: &Repository,
    file: &KeyFile,
    files: Vec<(Vec<u8>, ObjectId)>,
) -> Result<(Vec<Vec<u8>>, Vec<(Vec<u8>, ObjectId)>), GitError> {
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.as_deref());
    let run = |_, files: &[(Vec<u8>, ObjectId)]| -> Result<Vec<Option<bool>>, GitError> {
        // An open repository belongs to one thread.
        let repository = Repository::open(git_dir, top.map(Path::to_owned))?;
        files.iter().map(|(_, id)| opens(&repository, file, *id)).collect()
    };
    let mut opened = Vec::with_capacity(files.len());
    for run in map_runs(&files, FILES_PER_THREAD, run) {
        opened.extend(run?);
    }
    let (mut closed, mut missing) = (Vec::new(), Vec::new());
    for ((path, id), opened) in files.into_iter().zip(opened) {
        match opened {
            Some(true) => {}
            Some(false) => closed.push(path),
            None => missing.push((path, id)),
        }
    }
    Ok((closed, missing))
}

/// `None` where the blob is not here. What is not encrypted says nothing.
fn opens(repository: &Repository, file: &KeyFile, id: ObjectId) -> Result<Option<bool>, GitError> {
    Ok(Some(match objects::read(repository, id)? {
        Blob::Missing => return Ok(None),
        Blob::Memory(blob) => !is_encrypted(&blob) || opens_blob(file, &mut &blob[..]),
        Blob::Large => {
            let start = objects::read_start(repository, id)?.unwrap_or_default();
            !is_encrypted(&start) || opens_large(repository, file, id)?
        }
    }))
}

/// Each version reads the whole blob once, as it is not kept in memory.
fn opens_large(repository: &Repository, file: &KeyFile, id: ObjectId) -> Result<bool, GitError> {
    for key in file.versions() {
        if objects::stream(repository, id, |blob| version_opens(key, blob))? {
            return Ok(true);
        }
    }
    Ok(false)
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
