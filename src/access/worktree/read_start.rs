//! What a file or a blob begins as.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use gix::ObjectId;

use crate::format::{self, HEADER_LEN, Sniff};
use crate::fs::open_regular;
use crate::git::GitError;
use crate::git::objects;
use crate::git::repository::Repository;

/// Opens the file for reading and reads as much as tells what it is.
pub(in crate::access) fn read_start(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = open_regular(path)?;
    let mut start = Vec::with_capacity(HEADER_LEN);
    file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok((file, start))
}

/// What a blob begins as; `None` where it is not here.
///
/// # Errors
/// It cannot be read.
pub(in crate::access) fn sniff_blob(
    repository: &Repository,
    id: ObjectId,
) -> Result<Option<Sniff>, GitError> {
    Ok(objects::read_start(repository, id)?.map(|start| format::sniff(&start)))
}
