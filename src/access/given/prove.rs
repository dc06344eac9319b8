//! Showing, before anything is changed, that a key opens what it is said to open.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use crate::access::worktree::Left;
use crate::access::worktree::read_start::read_start;
use crate::format::{self, HEADER_LEN, Header, KeyId, OpenError, Sniff};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::worktree::{Entries, IndexedFile, Worktree};
use crate::keyring::Keyring;
use crate::values::{self, Ciphers, MAX_SEALED, Opened};

/// Which keys were seen at work in a worktree.
#[derive(Debug, Default)]
pub struct SealedIds {
    /// Keys that opened a file.
    pub proven: BTreeSet<KeyId>,
    /// Other keys with which files are sealed.
    pub others: BTreeSet<KeyId>,
    /// Files that a wanted key should have opened.
    pub damaged: Vec<(Vec<u8>, Left)>,
}

/// Opens one file with each of the `wanted` keys, where there is one; stops as soon as all have.
///
/// # Errors
/// Index or attributes cannot be read.
pub fn find_sealed_ids(
    repository: &Repository,
    keyring: &Keyring,
    wanted: &BTreeSet<KeyId>,
) -> Result<SealedIds, GitError> {
    let mut found = SealedIds::default();
    if repository.worktree.is_none() {
        return Ok(found);
    }
    let mut attributes = Attributes::new(repository)?;
    let mut worktree = Worktree::new(repository)?;
    for entry in Entries::read(repository)?.files {
        if found.proven.len() == wanted.len() {
            break;
        }
        if !attributes.of(&entry.path).is_ok_and(|of| of.sealed) {
            continue;
        }
        match open_one(repository, keyring, &mut worktree, &entry, |id| {
            wanted.contains(&id) && !found.proven.contains(&id)
        }) {
            Ok(None) => {}
            Ok(Some((id, true))) => drop(found.proven.insert(id)),
            Ok(Some((id, false))) if wanted.contains(&id) => {}
            Ok(Some((id, false))) => drop(found.others.insert(id)),
            Err(left) => found.damaged.push((entry.path, left)),
        }
    }
    Ok(found)
}

/// The key of a sealed file, from the worktree or else the object database, and whether it was opened.
fn open_one(
    repository: &Repository,
    keyring: &Keyring,
    worktree: &mut Worktree<'_>,
    entry: &IndexedFile,
    is_wanted: impl Fn(KeyId) -> bool,
) -> Result<Option<(KeyId, bool)>, Left> {
    if let Some(Ok((path, _))) = worktree.find(entry)? {
        let (mut file, start) = read_start(&path)?;
        if format::sniff(&start) == Sniff::NotSealed {
            let mut bytes = Vec::new();
            file.take(MAX_SEALED as u64).read_to_end(&mut bytes)?;
            return open_values(keyring, &bytes, is_wanted);
        }
        file.seek(SeekFrom::Start(HEADER_LEN as u64))?;
        return open_if_wanted(keyring, &start, file, is_wanted);
    }
    match objects::read(repository, entry.id)? {
        Blob::Memory(bytes) if format::sniff(&bytes) == Sniff::NotSealed => {
            open_values(keyring, &bytes, is_wanted)
        }
        Blob::Memory(bytes) => {
            let start = &bytes[..bytes.len().min(HEADER_LEN)];
            open_if_wanted(keyring, start, &bytes[start.len()..], is_wanted)
        }
        Blob::Large | Blob::Missing => Ok(None),
    }
}

fn open_if_wanted(
    keyring: &Keyring,
    start: &[u8],
    body: impl Read,
    is_wanted: impl Fn(KeyId) -> bool,
) -> Result<Option<(KeyId, bool)>, Left> {
    let Sniff::Sealed(id) = format::sniff(start) else { return Ok(None) };
    let Some(held) = keyring.by_id(id).filter(|_| is_wanted(id)) else {
        return Ok(Some((id, false)));
    };
    format::open_stream(&held.key, &Header::parse(start)?, body, std::io::sink())?;
    Ok(Some((id, true)))
}

/// As [`open_if_wanted`], of a file that is sealed by value.
fn open_values(
    keyring: &Keyring,
    bytes: &[u8],
    is_wanted: impl Fn(KeyId) -> bool,
) -> Result<Option<(KeyId, bool)>, Left> {
    let mut first = None;
    for id in values::named_keys(bytes) {
        let Some(held) = keyring.by_id(id).filter(|held| is_wanted(held.key.id())) else {
            first = first.or(Some((keyring.by_id(id).map_or(id, |held| held.key.id()), false)));
            continue;
        };
        return match values::open(None, bytes, &mut Ciphers::new(keyring)) {
            Err(_) => Err(Left::Damaged(OpenError::Authentication)),
            Ok(Opened::Plaintext { .. }) => Ok(Some((held.key.id(), true))),
            // Another key's values are in it, too.
            Ok(_) => Ok(Some((held.key.id(), false))),
        };
    }
    Ok(first)
}
