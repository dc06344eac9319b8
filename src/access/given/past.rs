//! What the commits of a clone have described, to compare a key with.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::GivenError;
use crate::format::{self, HEADER_LEN, Key, KeyId, Sniff};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::history::{RAW_LOG, shallow_boundary};
use crate::git::objects::{self, Blob, fetch_missing};
use crate::git::raw::changes;
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::keyring::KeyName;
use crate::store::shroud_dir::{File, KeyInfo};
use crate::values;

/// Sealed files that are brought here to be compared, at most; those that are here are all compared.
const MAX_FETCHED: usize = 32;

/// The ids that `key.toml` has had in the commits of this branch. What a partial clone lacks is brought here, as git would.
///
/// # Errors
/// A version is not here and cannot be had, so that a swapped key could not be told from the true one.
pub(super) fn described_ids(
    repository: &Repository,
    name: &KeyName,
) -> Result<Vec<KeyId>, GivenError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?.is_none() {
        return Ok(Vec::new());
    }
    let path = File::Key(name.clone()).path();
    let blobs = versions(repository, "HEAD", &format!(":(top,literal){path}"));
    let blobs = blobs.map_err(|error| match error {
        GitError::Failed { message, .. } => not_here(name, &message),
        error => error.into(),
    })?;
    let mut missing = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for blob in &blobs {
        missing.extend(read_id(repository, *blob, name, &mut ids)?);
    }
    if !missing.is_empty() {
        fetch_missing(repository, &missing)?;
        for blob in missing {
            if read_id(repository, blob, name, &mut ids)?.is_some() {
                return Err(not_here(name, &format!("object {blob} is missing")));
            }
        }
    }
    Ok(ids.into_iter().collect())
}

/// Adds the id that a version describes; returns the version where it is not here.
fn read_id(
    repository: &Repository,
    blob: ObjectId,
    name: &KeyName,
    ids: &mut BTreeSet<KeyId>,
) -> Result<Option<ObjectId>, GitError> {
    match objects::read(repository, blob)? {
        Blob::Missing => return Ok(Some(blob)),
        Blob::Memory(bytes) => ids.extend(KeyInfo::parse(&bytes, name).ok().map(|info| info.id)),
        Blob::Large => {}
    }
    Ok(None)
}

/// The blobs that a path has had in the commits that a revision leads to.
fn versions(
    repository: &Repository,
    revision: &str,
    pathspec: &str,
) -> Result<BTreeSet<ObjectId>, GitError> {
    let log = [&RAW_LOG[..], &["--format=", revision, "--", pathspec]].concat();
    let log = repository.git.run(log)?;
    changes(&log).filter_map(|change| change.map(|change| change.after.id()).transpose()).collect()
}

fn not_here(name: &KeyName, why: &str) -> GivenError {
    GivenError::VersionsMissing { name: name.clone(), why: why.to_owned() }
}

/// In a shallow clone, which lacks the history: a file whose attribute names the key, and which is sealed with none of its
/// line.
///
/// # Errors
/// Index, attributes or objects cannot be read, or no file is here to be compared.
pub(super) fn sealed_outside(
    repository: &Repository,
    name: &KeyName,
    line: &[KeyId],
) -> Result<Option<(Vec<u8>, KeyId)>, GivenError> {
    if shallow_boundary(repository)?.is_empty() {
        return Ok(None);
    }
    let mut attributes = Attributes::new(repository)?;
    let mut missing = Vec::new();
    for entry in Entries::read_all(repository)?.files {
        let is_meant = attributes
            .of(&entry.path)
            .is_ok_and(|of| of.sealed && of.key.as_ref().is_ok_and(|key| key == name));
        if !is_meant {
            continue;
        }
        match sealed_with(repository, entry.id)? {
            BlobKey::Missing => missing.push(entry),
            BlobKey::Sealed(id) if !line.iter().any(|known| id.names(*known)) => {
                return Ok(Some((entry.path, id)));
            }
            BlobKey::Sealed(_) | BlobKey::Other => {}
        }
    }
    missing.truncate(MAX_FETCHED);
    if missing.is_empty() {
        return Ok(None);
    }
    fetch_missing(repository, missing.iter().map(|entry| &entry.id))?;
    for entry in missing {
        match sealed_with(repository, entry.id)? {
            BlobKey::Missing => {
                let path = crate::sanitise::path(&entry.path);
                return Err(GivenError::FileMissing { path, name: name.clone() });
            }
            BlobKey::Sealed(id) if !line.iter().any(|known| id.names(*known)) => {
                return Ok(Some((entry.path, id)));
            }
            BlobKey::Sealed(_) | BlobKey::Other => {}
        }
    }
    Ok(None)
}

enum BlobKey {
    Missing,
    Sealed(KeyId),
    Other,
}

fn sealed_with(repository: &Repository, blob: ObjectId) -> Result<BlobKey, GitError> {
    let Some(start) = objects::read_start(repository, blob)? else { return Ok(BlobKey::Missing) };
    Ok(match format::sniff(&start[..start.len().min(HEADER_LEN)]) {
        Sniff::Sealed(id) => BlobKey::Sealed(id),
        Sniff::NotSealed => match objects::read(repository, blob)? {
            Blob::Memory(bytes) => values::named_keys(&bytes)
                .into_iter()
                .next()
                .map_or(BlobKey::Other, BlobKey::Sealed),
            _ => BlobKey::Other,
        },
        _ => BlobKey::Other,
    })
}

/// Whether any commit that a ref leads to describes this very key, with its mac.
///
/// # Errors
/// git fails, or an object is damaged.
pub fn is_described_anywhere(repository: &Repository, key: &Key) -> Result<bool, GitError> {
    let blobs = versions(repository, "--all", ":(top,glob).shroud/*/key.toml")?;
    let mut missing = Vec::new();
    for blob in &blobs {
        if matches!(objects::read(repository, *blob)?, Blob::Missing) {
            missing.push(*blob);
        }
    }
    // What cannot be had describes nothing.
    if !missing.is_empty() {
        let _ = fetch_missing(repository, &missing);
    }
    for blob in blobs {
        let Blob::Memory(bytes) = objects::read(repository, blob)? else { continue };
        let named = |name: KeyName| KeyInfo::parse(&bytes, &name).ok();
        let info = KeyInfo::name_in(&bytes).and_then(named);
        if info.is_some_and(|info| info.is_authentic(key)) {
            return Ok(true);
        }
    }
    Ok(false)
}
