//! The index: reading entries, and writing back the stat data of files that this program wrote itself.
//!
//! Only the stat fields of entries and the checksum are changed, in place: every other byte, extensions included, stays
//! what git wrote (git's Documentation/gitformat-index.txt).

#[doc(hidden)]
pub mod fuzzed;

use std::fs::{self, File};
use std::io::ErrorKind::{AlreadyExists, NotFound, PermissionDenied, StorageFull};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use gix::index::entry::Stat;

use super::GitError;
use super::repository::Repository;
use crate::fs::open_regular;
use crate::fs::replace;
use crate::fs::temporary::{self, Temporary};

/// Bytes of the fixed stat fields at the head of an entry: ctime, mtime, dev, ino, mode, uid, gid, size.
const STAT_LEN: usize = 40;
const HEADER_LEN: usize = 12;
/// What the lock holds until the index is written.
const OWNER: &str = "git-shroud\n";
const EXTENDED: u16 = 0x4000;
/// Whatever the umask lets through.
const SHARED: u32 = 0o666;

/// How long another process may hold the lock before that is an error.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long until the lock is looked at again.
const PAUSE: Duration = Duration::from_millis(20);
/// Begins the names of this program's files beside the index, before they get their place.
const TEMP_PREFIX: &str = "index.git-shroud-";
/// Letters and digits after it.
const RANDOM_LEN: usize = 12;

/// git's lock on the index: while it is held no other git changes index or worktree. Released when dropped, and by a signal
/// that ends the run.
pub struct IndexLock {
    index: PathBuf,
    lock: PathBuf,
    /// Keeps the system's lock.
    _file: File,
}

impl IndexLock {
    /// Takes the lock; waits a moment for another that holds it.
    ///
    /// # Errors
    /// [`GitError::IndexLocked`] where somebody holds it; `Io` where it cannot be made.
    pub fn take(index: &Path) -> Result<Self, GitError> {
        let mut lock = index.as_os_str().to_owned();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        let begun = Instant::now();
        let failed = |error: &io::Error| GitError::Io(crate::fs::with_path(&lock, error));
        let mut prepared = prepare(index).map_err(|error| failed(&error))?;
        loop {
            let error = match put(&prepared, &lock) {
                Ok(file) => {
                    drop(prepared);
                    remove_leftovers(index);
                    return Ok(Self { index: index.to_owned(), lock, _file: file });
                }
                Err(error) => error,
            };
            match error.kind() {
                AlreadyExists if remove_abandoned(&lock) => continue,
                AlreadyExists if begun.elapsed() >= PATIENCE => {
                    return Err(GitError::IndexLocked(crate::sanitise::native(&lock)));
                }
                AlreadyExists => {}
                // Windows says so of a file that somebody has open and another has removed.
                PermissionDenied if cfg!(windows) && begun.elapsed() < PATIENCE => {}
                // Another run has taken the lock, and what is prepared here for a leftover.
                NotFound if begun.elapsed() < PATIENCE => {
                    prepared = prepare(index).map_err(|error| failed(&error))?;
                }
                _ => return Err(failed(&error)),
            }
            thread::sleep(PAUSE);
        }
    }

    /// Whether most entries are in another file, which several indexes may share (git-update-index, "--split-index").
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn is_split(&self, hash: gix::hash::Kind) -> Result<bool, GitError> {
        match fs::read(&self.index) {
            Err(error) if error.kind() == NotFound => Ok(false),
            Err(error) => Err(GitError::Io(crate::fs::with_path(&self.index, &error))),
            Ok(bytes) => has_link(&bytes, hash)
                .ok_or_else(|| GitError::Read("the index has an unknown form".to_owned())),
        }
    }

    /// Puts the new stat data in, each with its place among the entries, and releases the lock.
    ///
    /// # Errors
    /// The index is not what was read before, or cannot be written; then it is as it was.
    pub fn commit(self, stats: &[(usize, Stat)], hash: gix::hash::Kind) -> Result<(), GitError> {
        if stats.is_empty() {
            return Ok(());
        }
        let write = || {
            let mut bytes = fs::read(&self.index)?;
            patch(&mut bytes, stats, hash).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "the index has an unknown form")
            })?;
            let mut file = temp_file(&self.index)?;
            file.file().set_permissions(fs::metadata(&self.index)?.permissions())?;
            file.write_all(&bytes)?;
            // The lock says whose it is until the index is whole.
            file.persist(&self.index).map_err(|(error, _)| error)
        };
        let written: io::Result<()> = write();
        written.map_err(|error| GitError::Io(crate::fs::with_path(&self.index, &error)))
    }
}

/// Makes a lock that is not at its place yet. It has its owner's name from the first moment there, so that one that is left
/// is known for what it is.
fn prepare(index: &Path) -> io::Result<Temporary> {
    let mut prepared = temp_file(index)?;
    own(prepared.file_mut())?;
    Ok(prepared)
}

fn put(prepared: &Temporary, lock: &Path) -> io::Result<File> {
    match temporary::link(prepared.path(), lock) {
        Ok(()) => prepared.file().try_clone(),
        Err(error) if matches!(error.kind(), AlreadyExists | NotFound | StorageFull) => Err(error),
        // A file system without second names.
        Err(_) => {
            let mut file = temporary::create(lock, SHARED)?;
            if let Err(error) = own(&mut file) {
                let _ = temporary::remove(lock);
                return Err(error);
            }
            Ok(file)
        }
    }
}

fn own(file: &mut File) -> io::Result<()> {
    file.lock()?;
    file.write_all(OWNER.as_bytes())
}

fn temp_file(index: &Path) -> io::Result<Temporary> {
    let folder = index.parent().ok_or(io::ErrorKind::InvalidInput)?;
    Temporary::new_in(folder, TEMP_PREFIX, RANDOM_LEN, SHARED)
}

/// Removes what killed runs have left beside the index. Only under the lock: who prepares one meanwhile begins again.
fn remove_leftovers(index: &Path) {
    let Some(listed) = index.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    for entry in listed.filter_map(Result::ok) {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(TEMP_PREFIX));
        if random.is_some_and(|random| random.len() == RANDOM_LEN) {
            let _ = replace::remove(entry.path());
        }
    }
}

/// Whether the index of this repository is locked by a run of this program that was killed. The next `lock` or `unlock`
/// removes that.
pub fn is_abandoned(repository: &Repository) -> bool {
    let mut lock = repository.gix.index_path().into_os_string();
    lock.push(".lock");
    abandoned(Path::new(&lock)).is_some()
}

/// The lock at the path, with the system's lock on it, if a run of this program has left it.
///
/// Who lives holds the system's lock on the file too. Only who gets that may remove the file, and only while it is the
/// one at the path: so two runs never remove each other's.
fn abandoned(path: &Path) -> Option<File> {
    let lock = open_regular(path).ok()?;
    let mut owner = Vec::new();
    let read = (&lock).take(OWNER.len() as u64).read_to_end(&mut owner);
    if read.is_err() || owner != OWNER.as_bytes() || lock.try_lock().is_err() {
        return None;
    }
    is_at(path, &lock).unwrap_or(false).then_some(lock)
}

/// Whether the open file is the one at the path.
#[cfg(unix)]
fn is_at(path: &Path, open: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    Ok(inode(open.metadata()?) == inode(fs::symlink_metadata(path)?))
}

#[cfg(windows)]
fn is_at(path: &Path, open: &File) -> io::Result<bool> {
    let open = same_file::Handle::from_file(open.try_clone()?)?;
    Ok(open == same_file::Handle::from_path(path)?)
}

/// Removes a lock that a run of this program has left; `false` where it is another's or the run still lives.
fn remove_abandoned(path: &Path) -> bool {
    abandoned(path).is_some_and(|_lock| replace::remove(path).is_ok())
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        let _ = temporary::remove(&self.lock);
    }
}

/// Writes stat data into the bytes of an index; `None` where they are not an index of version 2 to 4.
fn patch(bytes: &mut [u8], stats: &[(usize, Stat)], hash: gix::hash::Kind) -> Option<()> {
    let (places, _) = places(bytes, hash)?;
    for (place, stat) in stats {
        let at = *places.get(*place)?;
        write_stat(bytes.get_mut(at..at + STAT_LEN)?, stat);
    }
    let (content, checksum) = bytes.split_at_mut(bytes.len() - hash.len_in_bytes());
    // All zero says that git was told not to compute it (index.skipHash).
    if checksum.iter().any(|&byte| byte != 0) {
        let mut hasher = gix::hash::hasher(hash);
        hasher.update(content);
        checksum.copy_from_slice(hasher.try_finalize().ok()?.as_slice());
    }
    Some(())
}

/// Where each entry begins, and where the extensions do.
fn places(bytes: &[u8], hash: gix::hash::Kind) -> Option<(Vec<usize>, usize)> {
    let content = &bytes[..bytes.len().checked_sub(hash.len_in_bytes())?];
    let (version, count) = match content.first_chunk::<HEADER_LEN>()? {
        [b'D', b'I', b'R', b'C', 0, 0, 0, version @ 2..=4, count @ ..] => {
            (*version, u32::from_be_bytes(*count) as usize)
        }
        _ => return None,
    };
    let mut places = Vec::new();
    let mut at = HEADER_LEN;
    for _ in 0..count {
        places.push(at);
        let fixed = STAT_LEN + hash.len_in_bytes();
        let flags_at = at + fixed;
        let flags = u16::from_be_bytes(content.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let extended = if version >= 3 && flags & EXTENDED != 0 { 2 } else { 0 };
        let name_at = flags_at + 2 + extended;
        let name_len = |from: usize| content.get(from..)?.iter().position(|&byte| byte == 0);
        at = if version == 4 {
            // How many bytes of the last name are dropped, in as many bytes as have the high bit, and one more.
            let varint = content.get(name_at..)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
            name_at + varint + name_len(name_at + varint)? + 1
        } else {
            // 1 to 8 zero bytes, so that the entry's length is a multiple of eight.
            at + ((name_at + name_len(name_at)? - at) / 8 + 1) * 8
        };
    }
    Some((places, at))
}

/// Whether the extension `link` is there: then entries stand in another file as well. `None` for what is no index.
fn has_link(bytes: &[u8], hash: gix::hash::Kind) -> Option<bool> {
    let (_, mut at) = places(bytes, hash)?;
    let content = &bytes[..bytes.len() - hash.len_in_bytes()];
    while let Some(head) = content.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let [a, b, c, d, len @ ..] = *head;
        if [a, b, c, d] == *b"link" {
            return Some(true);
        }
        at = at.checked_add(8)?.checked_add(u32::from_be_bytes(len) as usize)?;
    }
    Some(false)
}

fn write_stat(fields: &mut [u8], stat: &Stat) {
    let mut put = |at: usize, value: u32| fields[at..at + 4].copy_from_slice(&value.to_be_bytes());
    put(0, stat.ctime.secs);
    put(4, stat.ctime.nsecs);
    put(8, stat.mtime.secs);
    put(12, stat.mtime.nsecs);
    put(16, stat.dev);
    put(20, stat.ino);
    put(28, stat.uid);
    put(32, stat.gid);
    put(36, stat.size);
}
