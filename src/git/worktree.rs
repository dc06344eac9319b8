//! Files in the worktree: finding those that the index names, and replacing them as git would, whole or not at all.

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gix::ObjectId;
use gix::index::entry::{Flags, Mode, Stage, Stat};

use super::GitError;
use super::objects::is_blob;
use super::repository::Repository;
use crate::fs::replace;
use crate::fs::temporary::Temporary;
use crate::fs::{mode_of, open_regular, set_mode};
use crate::repo_path;

/// Temporary files at the top of a worktree; what a killed run leaves, the next one removes.
pub const TEMP_PREFIX: &str = ".git-shroud-tmp-";
/// Letters and digits after it.
const RANDOM_LEN: usize = 16;
/// git reads a file again if it is as young as the index; so what is written here is made older.
const OLDER: Duration = Duration::from_secs(2);

/// A regular file that the index names.
#[derive(Clone, Debug)]
pub struct IndexedFile {
    /// Its place among the entries.
    pub place: usize,
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// The blob.
    pub id: ObjectId,
    /// Whether its mode is 100755.
    pub executable: bool,
    /// Whether git only knows that the file should be added later: then the blob is none of it.
    pub intended: bool,
    /// What git remembers of the file; `None` where it must be read again in any case.
    stat: Option<Stat>,
    /// The same, but only where the file is as young as the index to the nanosecond it must be read again.
    precise: Option<Stat>,
}

/// The regular files of an index.
pub struct Entries {
    /// In the order of the index, only those that are merged.
    pub files: Vec<IndexedFile>,
    /// Paths with a conflict, each once.
    pub unmerged: Vec<Vec<u8>>,
    /// Folders outside a sparse checkout, which stand for all that is below; with their trees.
    pub folders: Vec<(Vec<u8>, ObjectId)>,
}

impl Entries {
    /// Reads the index of this worktree.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn read(repository: &Repository) -> Result<Self, GitError> {
        let index = repository.gix.index_or_empty().map_err(GitError::read)?;
        let options = repository.gix.stat_options().map_err(GitError::read)?;
        let mut entries = Self { files: Vec::new(), unmerged: Vec::new(), folders: Vec::new() };
        for (place, entry) in index.entries().iter().enumerate() {
            if entry.stage() != Stage::Unconflicted {
                entries.unmerged.push(entry.path(&index).to_vec());
                continue;
            }
            if entry.mode == Mode::DIR {
                entries.folders.push((entry.path(&index).to_vec(), entry.id));
            }
            if !matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE) {
                continue;
            }
            let racy = entry.stat.is_racy(index.timestamp(), options);
            let precise = gix::index::entry::stat::Options { use_nsec: true, ..options };
            let young = entry.stat.is_racy(index.timestamp(), precise);
            entries.files.push(IndexedFile {
                place,
                path: entry.path(&index).to_vec(),
                id: entry.id,
                executable: entry.mode == Mode::FILE_EXECUTABLE,
                intended: entry.flags.contains(Flags::INTENT_TO_ADD),
                stat: (!racy).then_some(entry.stat),
                precise: (!young).then_some(entry.stat),
            });
        }
        entries.unmerged.dedup();
        Ok(entries)
    }

    /// Reads the index, and the trees of the folders that are in it for all that is below.
    ///
    /// # Errors
    /// The index or a tree cannot be read.
    pub fn read_all(repository: &Repository) -> Result<Self, GitError> {
        let mut entries = Self::read(repository)?;
        for (folder, id) in std::mem::take(&mut entries.folders) {
            let tree = repository.gix.find_tree(id).map_err(GitError::read)?;
            for found in tree.traverse().breadthfirst.files().map_err(GitError::read)? {
                if found.mode.is_blob() {
                    entries.files.push(IndexedFile {
                        place: usize::MAX,
                        path: [folder.as_slice(), &found.filepath].concat(),
                        id: found.oid,
                        executable: found.mode.is_executable(),
                        intended: false,
                        stat: None,
                        precise: None,
                    });
                }
            }
        }
        Ok(entries)
    }
}

/// Entries, besides those at `written`, whose files git must read again once the index is written again: they changed in
/// the very second in which the index was written (git's Documentation/technical/racy-git.txt). Without a size they are
/// never taken for unchanged.
///
/// # Errors
/// Index or configuration cannot be read.
pub fn hidden_changes(
    repository: &Repository,
    written: &[(usize, Stat)],
) -> Result<Vec<(usize, Stat)>, GitError> {
    let index = repository.gix.index_or_empty().map_err(GitError::read)?;
    let worktree = Worktree::new(repository)?;
    let mut hidden = Vec::new();
    for (place, entry) in index.entries().iter().enumerate() {
        let is_young = i64::from(entry.stat.mtime.secs) >= index.timestamp().unix_seconds();
        let kind = matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE | Mode::SYMLINK);
        if !is_young || !kind || written.binary_search_by_key(&place, |(place, _)| *place).is_ok() {
            continue;
        }
        let Some(relative) = repo_path::to_native(entry.path(&index)) else { continue };
        let path = worktree.top.join(relative);
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let looks_unchanged =
            stat(&metadata).is_some_and(|now| now.matches(&entry.stat, worktree.options));
        if looks_unchanged && !holds_blob(repository, &path, &metadata, entry.id).unwrap_or(false) {
            hidden.push((place, Stat { size: 0, ..entry.stat }));
        }
    }
    Ok(hidden)
}

/// Whether the file holds the very bytes of the blob; what git converts does not, and is read once more than needed.
fn holds_blob(
    repository: &Repository,
    path: &Path,
    metadata: &Metadata,
    id: ObjectId,
) -> Result<bool, GitError> {
    if metadata.is_symlink() {
        let target = fs::read_link(path)?;
        return is_blob(repository, target.as_os_str().as_encoded_bytes(), metadata.len(), id);
    }
    is_blob(repository, open_regular(path)?, metadata.len(), id)
}

/// The files of one worktree, for one thread.
pub struct Worktree<'r> {
    top: &'r Path,
    options: gix::index::entry::stat::Options,
    modified: SystemTime,
    /// The directory that was last seen to hold no symbolic link.
    safe_dir: PathBuf,
}

/// Something is at the path that is not the file which the index names.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAFile;

impl<'r> Worktree<'r> {
    /// # Errors
    /// There is no worktree, or the configuration cannot be read.
    pub fn new(repository: &'r Repository) -> Result<Self, GitError> {
        let top = repository.worktree.as_deref();
        let top = top.ok_or_else(|| GitError::Read("it has no worktree".to_owned()))?;
        Ok(Self {
            top,
            options: repository.gix.stat_options().map_err(GitError::read)?,
            modified: SystemTime::now() - OLDER,
            safe_dir: PathBuf::new(),
        })
    }

    /// Where the file is, with what the system says of it; `None` where there is nothing.
    ///
    /// # Errors
    /// [`NotAFile`] in `Ok(Err(_))`: a folder, a link, or a path through one. `Err` where it cannot be known.
    pub fn find(
        &mut self,
        entry: &IndexedFile,
    ) -> io::Result<Option<Result<(PathBuf, Metadata), NotAFile>>> {
        let Some(relative) = repo_path::to_native(&entry.path) else {
            return Ok(Some(Err(NotAFile)));
        };
        if !self.is_safe_dir(relative.parent().unwrap_or(Path::new("")))? {
            return Ok(Some(Err(NotAFile)));
        }
        let path = self.top.join(relative);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(Ok((path, metadata)))),
            Ok(_) => Ok(Some(Err(NotAFile))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A hostile or careless link must not lead a write out of the worktree.
    fn is_safe_dir(&mut self, dir: &Path) -> io::Result<bool> {
        if dir == self.safe_dir {
            return Ok(true);
        }
        let mut path = self.top.to_owned();
        for component in dir.components() {
            path.push(component);
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Ok(false),
                Err(error) if is_absent(&error) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        dir.clone_into(&mut self.safe_dir);
        Ok(true)
    }

    /// Whether the file is, by all that git would look at, the one that git last read or wrote.
    pub fn is_unchanged(&self, entry: &IndexedFile, metadata: &Metadata) -> bool {
        let Some(remembered) = &entry.stat else { return false };
        stat(metadata).is_some_and(|stat| stat.matches(remembered, self.options))
    }

    /// As [`Self::is_unchanged`], where nothing but what git remembers can tell: by the nanosecond, whatever is configured.
    pub fn is_untouched(&self, entry: &IndexedFile, metadata: &Metadata) -> bool {
        let Some(remembered) = &entry.precise else { return false };
        let all = gix::index::entry::stat::Options {
            trust_ctime: true,
            check_stat: true,
            use_nsec: true,
            use_stdev: false,
        };
        stat(metadata).is_some_and(|stat| stat.matches(remembered, all))
    }

    /// Replaces the file by what `write` writes and returns what the index is to remember of it. Who may read and run it stays
    /// as it was: git remembers no more of that than one bit.
    ///
    /// # Errors
    /// Whatever `write` returns, or those of the file system. The file is then as it was.
    pub fn replace<E: From<io::Error>>(
        &self,
        path: &Path,
        executable: bool,
        write: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<Stat, E> {
        let before = mode_of(path);
        // Removed where anything fails before it has its place.
        let mut temp = temp_file(self.top, executable, before)?;
        write(temp.file_mut())?;
        let older = FileTimes::new().set_modified(self.modified);
        temp.file().set_times(older)?;
        match temp.persist(path) {
            Ok(()) => {}
            // Something is mounted below the worktree.
            Err((error, temp)) if error.kind() == io::ErrorKind::CrossesDevices => {
                let mut near = temp_file(path.parent().unwrap_or(self.top), executable, before)?;
                io::copy(&mut File::open(temp.path())?, near.file_mut())?;
                near.file().set_times(older)?;
                near.persist(path).map_err(|(error, _)| error)?;
            }
            Err((error, _)) => return Err(error.into()),
        }
        // Renaming changes the ctime, so only now.
        let metadata = fs::symlink_metadata(path)?;
        stat(&metadata).ok_or_else(|| io::Error::other("the file has a time before 1970").into())
    }

    /// What the index is to remember of a file that is there; `None` where its times are out of git's range.
    pub fn stat(metadata: &Metadata) -> Option<Stat> {
        stat(metadata)
    }
}

/// Removes what a run that was killed has left; never a file that git tracks.
///
/// Only under the lock of the index, as another run may be writing its own.
pub fn remove_leftovers(top: &Path, entries: &Entries) {
    for name in leftovers(top) {
        if !entries.files.iter().any(|entry| entry.path == name.as_bytes()) {
            let _ = replace::remove(top.join(name));
        }
    }
}

/// How many files are left of runs that were killed, or are being written just now.
pub fn count_leftovers(top: &Path) -> usize {
    leftovers(top).count()
}

fn leftovers(top: &Path) -> impl Iterator<Item = String> {
    let listed = fs::read_dir(top).into_iter().flatten();
    listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| {
        name.strip_prefix(TEMP_PREFIX).is_some_and(|random| {
            random.len() == RANDOM_LEN && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A new file of a random name, with the mode of the file that it is to replace, else that which git gives: 0666 or 0777,
/// less the umask.
fn temp_file(dir: &Path, executable: bool, before: Option<u32>) -> io::Result<Temporary> {
    let mode = before.unwrap_or(if executable { 0o777 } else { 0o666 });
    let made = Temporary::new_in(dir, TEMP_PREFIX, RANDOM_LEN, mode);
    let temp = made.map_err(|error| crate::fs::with_path(dir, &error))?;
    if let Some(before) = before {
        set_mode(temp.file(), before)?;
    }
    Ok(temp)
}

#[cfg(unix)]
fn stat(metadata: &Metadata) -> Option<Stat> {
    use std::os::unix::fs::MetadataExt as _;
    let time = |secs: i64, nsecs: i64| {
        Some(gix::index::entry::stat::Time {
            secs: u32::try_from(secs).ok()?,
            nsecs: u32::try_from(nsecs).ok()?,
        })
    };
    // As git does, the low 32 bits.
    let low = |value: u64| u32::try_from(value & u64::from(u32::MAX)).expect("32 bits");
    Some(Stat {
        mtime: time(metadata.mtime(), metadata.mtime_nsec())?,
        ctime: time(metadata.ctime(), metadata.ctime_nsec())?,
        dev: low(metadata.dev()),
        ino: low(metadata.ino()),
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: low(metadata.len()),
    })
}

#[cfg(not(unix))]
fn stat(metadata: &Metadata) -> Option<Stat> {
    let time = |time: io::Result<SystemTime>| {
        let since = time.ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(gix::index::entry::stat::Time {
            secs: u32::try_from(since.as_secs()).ok()?,
            nsecs: since.subsec_nanos(),
        })
    };
    Some(Stat {
        mtime: time(metadata.modified())?,
        ctime: time(metadata.created())?,
        dev: 0,
        ino: 0,
        uid: 0,
        gid: 0,
        size: u32::try_from(metadata.len() & u64::from(u32::MAX)).expect("32 bits"),
    })
}
