//! Blobs, read in process and never fetched.

use std::io::{Read, Write as _};
use std::process::Stdio;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::GitError;
use super::repository::Repository;
use crate::format::HEADER_LEN;

/// Bytes of a blob up to which it is read into memory as a whole.
pub const IN_MEMORY: u64 = 32 << 20;

/// A blob's content.
pub enum Blob {
    /// All of it.
    Memory(Vec<u8>),
    /// Too large for memory: to be streamed with [`stream`].
    Large,
    /// The object is not here: a partial clone left it at its origin.
    Missing,
}

/// Reads a blob.
///
/// # Errors
/// The object database cannot be read, or the object is not a blob.
pub fn read(repository: &Repository, id: ObjectId) -> Result<Blob, GitError> {
    let Some(header) = repository.gix.try_find_header(id).map_err(GitError::read)? else {
        return Ok(Blob::Missing);
    };
    if header.kind() != gix::objs::Kind::Blob {
        return Err(GitError::Read(format!("object {id} is a {} and not a file", header.kind())));
    }
    if header.size() > IN_MEMORY {
        return Ok(Blob::Large);
    }
    match repository.gix.try_find_object(id).map_err(GitError::read)? {
        Some(mut object) => Ok(Blob::Memory(std::mem::take(&mut object.data))),
        None => Ok(Blob::Missing),
    }
}

/// Brings objects here that a partial clone has left at its origin, as git itself would; whether all are here now.
///
/// # Errors
/// git cannot be started.
pub fn fetch_missing<'i>(
    repository: &Repository,
    ids: impl IntoIterator<Item = &'i ObjectId>,
) -> Result<bool, GitError> {
    let lines: String = ids.into_iter().map(|id| format!("{id}\n")).collect();
    // It gets each from where the clone came from, and says "missing" where there is no such place.
    match repository.git.run_with_input(["cat-file", "--batch-check"], lines.as_bytes()) {
        Ok(listed) => Ok(!listed.lines().any(|line| line.ends_with(b" missing"))),
        // What is at fault is not what is asked for: the origin cannot be reached.
        Err(GitError::Failed { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Streams a large blob through `consume`, with memory that does not grow with it.
///
/// # Errors
/// git cannot be started or fails; else what `consume` returns.
pub fn stream<T>(
    repository: &Repository,
    id: ObjectId,
    consume: impl FnOnce(&mut dyn Read) -> T,
) -> Result<T, GitError> {
    let mut command = repository.git.command(["cat-file", "blob", &id.to_string()]);
    // No transport is allowed, so that nothing is fetched into a partial clone.
    command.env("GIT_ALLOW_PROTOCOL", "none").env("GIT_NO_LAZY_FETCH", "1");
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(GitError::Io)?;
    let mut stdout = child.stdout.take().expect("asked for above");
    let outcome = consume(&mut stdout);
    let finished = std::io::copy(&mut stdout, &mut std::io::sink()).is_ok();
    drop(stdout);
    if finished && child.wait()?.success() {
        Ok(outcome)
    } else {
        Err(GitError::Read(format!("blob {id} cannot be read")))
    }
}

/// As much of a blob's beginning as [`crate::format::sniff`] needs; `None` where the blob is not here.
///
/// # Errors
/// It cannot be read, or is no blob.
pub fn read_start(repository: &Repository, id: ObjectId) -> Result<Option<Vec<u8>>, GitError> {
    Ok(match read(repository, id)? {
        Blob::Missing => None,
        Blob::Memory(mut bytes) => {
            bytes.truncate(HEADER_LEN);
            Some(bytes)
        }
        Blob::Large => Some(stream(repository, id, |blob| {
            let mut start = Vec::new();
            blob.take(HEADER_LEN as u64).read_to_end(&mut start).map(|_| start)
        })??),
    })
}

/// Whether the `len` bytes of `source` are those of the blob.
///
/// # Errors
/// The source cannot be read.
pub fn is_blob(
    repository: &Repository,
    source: impl Read,
    len: u64,
    id: ObjectId,
) -> Result<bool, GitError> {
    is_one_of(repository, source, len, &[id])
}

/// The id of a blob with this content, as far as it can be computed.
pub fn id_of(repository: &Repository, content: &[u8]) -> Option<ObjectId> {
    let mut hasher = BlobHasher::new(repository, content.len() as u64);
    hasher.write_all(content).ok()?;
    Some(hasher.finish())
}

/// Whether the `len` bytes of `source` are those of one of the blobs.
///
/// # Errors
/// As [`is_blob`].
pub fn is_one_of(
    repository: &Repository,
    mut source: impl Read,
    len: u64,
    ids: &[ObjectId],
) -> Result<bool, GitError> {
    let mut hasher = BlobHasher::new(repository, len);
    std::io::copy(&mut source, &mut hasher)?;
    Ok(ids.contains(&hasher.finish()))
}

/// Computes the id of a blob that comes in pieces, to tell whether it is one that git has. Attacks on SHA-1 are not looked for,
/// which would take most of the time: git does that when it takes an object.
pub enum BlobHasher {
    /// Of a repository with SHA-1.
    Sha1(Sha1),
    /// Of one with SHA-256.
    Sha256(Sha256),
}

impl BlobHasher {
    /// For a blob of `len` bytes.
    pub fn new(repository: &Repository, len: u64) -> Self {
        Self::of_kind(repository.gix.object_hash(), len)
    }

    fn of_kind(kind: gix::hash::Kind, len: u64) -> Self {
        let header = gix::objs::encode::loose_header(gix::objs::Kind::Blob, len);
        let mut hasher = match kind {
            gix::hash::Kind::Sha256 => Self::Sha256(Sha256::new()),
            _ => Self::Sha1(Sha1::new()),
        };
        hasher.update(&header);
        hasher
    }

    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The id.
    pub fn finish(self) -> ObjectId {
        match self {
            Self::Sha1(hasher) => ObjectId::Sha1(hasher.finalize().into()),
            Self::Sha256(hasher) => ObjectId::Sha256(hasher.finalize().into()),
        }
    }
}

impl std::io::Write for BlobHasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As 'git hash-object' of git 2.47 says.
    #[test]
    fn ids_are_those_of_git() {
        for id in [
            "bd2c89c15cf5290bc8b5e0d71f071132864134c3",
            "4c602a7a1676cb1d131a44296a83c316ef303d89df576c6fd8a42456aae08542",
        ] {
            let id = ObjectId::from_hex(id.as_bytes()).unwrap();
            let mut hasher = BlobHasher::of_kind(id.kind(), 4);
            hasher.update(b"A=");
            hasher.update(b"1\n");
            assert_eq!(hasher.finish(), id);
        }
    }
}
