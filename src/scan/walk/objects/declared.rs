//! Whether a history has anything to do with sealing: most have not, and then no commit is asked what it should have sealed.

use std::collections::HashSet;
use std::io::ErrorKind;

use gix::ObjectId;
use memchr::memmem::find;

use crate::format::{HEADER_LEN, Sniff, sniff};
use crate::fs::read_bounded;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;

/// Bytes of an attributes file that are read; a longer one may say anything.
const MAX_LEN: usize = 1 << 20;
/// One of these is in the name of every filter, macro and attribute that seals.
const NAMES: [&[u8]; 2] = [b"shroud", b"git-crypt"];

/// Whether one of these files of attributes, or the clone's own, names a filter that seals; or whether one of these large
/// files is sealed. What is not here may be.
///
/// # Errors
/// An object is damaged.
pub(super) fn is_in(
    repository: &Repository,
    attributes: &HashSet<ObjectId>,
    large: &[ObjectId],
) -> Result<bool, GitError> {
    // What cannot be read may say anything.
    let own = read_bounded(&repository.common_dir().join("info/attributes"), MAX_LEN);
    match own {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Ok(text) if !names_sealing(&text) => {}
        _ => return Ok(true),
    }
    let database = Database::open(repository)?;
    for &id in attributes {
        let is_long = database.header(id)?.is_none_or(|(_, len)| len > MAX_LEN as u64);
        let text = if is_long { None } else { database.file(id, MAX_LEN as u64)? };
        if text.is_none_or(|text| names_sealing(&text)) {
            return Ok(true);
        }
    }
    for &id in large {
        let start = database.start(id, HEADER_LEN)?;
        if start.is_none_or(|start| sniff(&start.bytes) != Sniff::NotSealed) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn names_sealing(attributes: &[u8]) -> bool {
    NAMES.iter().any(|name| find(attributes, name).is_some())
}
