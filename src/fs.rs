//! Files that are there whole or not at all, and that nobody else may read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use temporary::Temporary;
use zeroize::Zeroizing;

#[cfg(any(windows, test))]
mod acl;
pub mod identity;
pub mod plaintext_folder;
pub mod replace;
pub mod scratch_folder;
pub mod temporary;

/// Letters and digits in the name of a temporary file.
const RANDOM_LEN: usize = 6;

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone, whatever the umask: 0600 for files, 0700 for folders.
    Private,
    /// Those who could read the file that is replaced; as the umask says where there is none.
    Shared,
}

/// Replaces `path` by a file with these bytes: temporary file, fsync, rename, fsync of the folder.
///
/// No moment and no file on the way is open to more people than the outcome.
///
/// # Errors
/// With the path. The old file is as it was, and the temporary one is gone.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let write = || {
        let dir = folder_of(path)?;
        let before = (access == Access::Shared).then(|| mode_of(path)).flatten();
        let mode = if access == Access::Private { PRIVATE } else { before.unwrap_or(SHARED) };
        let mut file = Temporary::new_in(dir, ".git-shroud-", RANDOM_LEN, mode)?;
        if let Some(before) = before {
            set_mode(file.file(), before)?;
        }
        file.write_all(bytes)?;
        file.file().sync_all()?;
        file.persist(path).map_err(|(error, _)| error)?;
        sync_dir(dir)
    };
    write().map_err(|error| with_path(path, &error))
}

/// For the owner alone.
pub const PRIVATE: u32 = 0o600;
/// Whatever the umask lets through.
const SHARED: u32 = 0o666;

fn folder_of(path: &Path) -> io::Result<&Path> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(if dir.as_os_str().is_empty() { Path::new(".") } else { dir })
}

/// Who may do what with the file that is there; `None` where there is none, and for what is no file.
#[cfg(unix)]
pub fn mode_of(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::symlink_metadata(path).ok()?;
    metadata.is_file().then(|| metadata.permissions().mode() & 0o777)
}

/// Means nothing here.
#[cfg(not(unix))]
pub fn mode_of(_path: &Path) -> Option<u32> {
    None
}

/// Says who may do what with an open file, whatever the umask.
///
/// # Errors
/// Those of the file system.
#[cfg(unix)]
pub fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Means nothing here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Writes a file that the user named: as [`write_atomic`], but a device or pipe, such as `/dev/null`, is written to and not
/// replaced.
///
/// # Errors
/// With the path.
pub fn write_output(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.is_dir() => {
            let write = || File::options().write(true).open(path)?.write_all(bytes);
            write().map_err(|error| with_path(path, &error))
        }
        _ => write_atomic(path, bytes, access),
    }
}

/// Whether [`write_output`] can write there, before long work that ends in it.
///
/// # Errors
/// With the path: it is a folder, or its folder is not there or takes no new file.
pub fn check_output(path: &Path) -> io::Result<()> {
    let check = || match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Ok(()),
        _ => Temporary::new_in(folder_of(path)?, ".git-shroud-", RANDOM_LEN, PRIVATE).map(drop),
    };
    check().map_err(|error| with_path(path, &error))
}

/// Makes a private file that was not there before, whole or not at all.
///
/// # Errors
/// With the path; `AlreadyExists` where there is anything of that name, which stays as it is.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let create = || {
        let dir = folder_of(path)?;
        let mut file = Temporary::new_in(dir, ".git-shroud-", RANDOM_LEN, PRIVATE)?;
        file.write_all(bytes)?;
        file.file().sync_all()?;
        file.persist_new(path)?;
        sync_dir(dir)
    };
    create().map_err(|error| with_path(path, &error))
}

/// While it lives, files that programs started by this one make are for the owner alone.
pub struct PrivateUmask {
    #[cfg(unix)]
    before: rustix::fs::Mode,
}

impl PrivateUmask {
    /// Sets it, for all threads.
    pub fn set() -> Self {
        Self {
            #[cfg(unix)]
            before: rustix::process::umask(0o077.into()),
        }
    }
}

impl Drop for PrivateUmask {
    fn drop(&mut self) {
        #[cfg(unix)]
        rustix::process::umask(self.before);
    }
}

/// Makes a folder that only its owner may enter; one that is there is made so.
///
/// # Errors
/// With the path.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let create = || {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let is_new = !path.is_dir();
        builder.recursive(true).create(path)?;
        restrict_dir(path, is_new)
    };
    create().map_err(|error| with_path(path, &error))
}

#[cfg(unix)]
fn restrict_dir(path: &Path, _is_new: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(windows)]
fn restrict_dir(path: &Path, is_new: bool) -> io::Result<()> {
    acl::system::restrict_dir(path, is_new);
    Ok(())
}

/// Who may open a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Its owner alone, and who administers the machine. On Windows this was asked for.
    Owner,
    /// Others too, by their names where those are known.
    Others(Vec<String>),
    /// It cannot be known, and why.
    Unknown(String),
}

/// Who may open the file; `None` where there is none.
pub fn exposure(path: &Path) -> Option<Exposure> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let is_private = metadata.permissions().mode() & 0o077 == 0;
        Some(if is_private { Exposure::Owner } else { Exposure::Others(Vec::new()) })
    }
    #[cfg(windows)]
    metadata.is_file().then(|| acl::system::exposure(path))
}

/// Makes a rename last. Only Unix can open a folder to do so.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// What names another folder for temporary files.
const TEMP_VARIABLE: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// An error of a temporary file, with the folder it was to be in and the variable that names another.
pub fn in_temporary_folder(error: &io::Error) -> io::Error {
    let dir = std::env::temp_dir();
    let text = format!(
        "no temporary file in {}: {error} (set {TEMP_VARIABLE} to a writable directory)",
        crate::sanitise::native(&dir)
    );
    io::Error::new(error.kind(), text)
}

/// The same error, with the path before it.
pub fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", crate::sanitise::native(path)))
}

/// Reads at most `limit` bytes of a file that the user named, or of a pipe.
///
/// # Errors
/// With the path; `FileTooLarge` where there are more.
pub fn read_bounded(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    replace::reading(|| read_open(File::open(path)?, limit))
        .map_err(|error| with_path(path, &error))
}

/// Reads at most `limit` bytes of a file whose name comes from a repository.
///
/// # Errors
/// With the path; `FileTooLarge` where there are more; those of [`open_regular`].
pub fn read_regular(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    replace::reading(|| read_open(open_regular(path)?, limit))
        .map_err(|error| with_path(path, &error))
}

/// Opens a file for reading. A pipe or device that is in its place is never waited for, nor told that somebody reads.
///
/// # Errors
/// Those of the file system; `InvalidInput` where it is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
    let mut options = File::options();
    options.read(true);
    // It may have been replaced since it was looked at, and opening a device does things too.
    #[cfg(unix)]
    {
        if !fs::metadata(path)?.is_file() {
            return Err(not_regular());
        }
        let nonblock = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(
            &mut options,
            nonblock.bits().cast_signed(),
        );
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn read_open(file: File, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One more than fits, so that the vector never grows and leaves a copy behind.
    let expected = usize::try_from(file.metadata()?.len()).unwrap_or(limit).min(limit);
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    io::Read::read_to_end(&mut io::Read::take(file, limit as u64 + 1), &mut bytes)?;
    if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn private_files_and_folders_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        create_private_dir(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
        let file = inner.join("keyring");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(exposure(&file), Some(Exposure::Others(Vec::new())));
        write_atomic(&file, b"new", Access::Private).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!((mode(&file), exposure(&file)), (0o600, Some(Exposure::Owner)));
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        for kept in [0o600, 0o640, 0o444, 0o755, 0o666] {
            fs::write(&file, "old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(kept)).unwrap();
            write_atomic(&file, b"new", Access::Shared).unwrap();
            assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), kept));
            fs::remove_file(&file).unwrap();
        }
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let error = read_regular(&pipe, 9).unwrap_err();
        assert!(error.to_string().contains("pipe: it is not a regular file"), "{error}");
        assert!(open_regular(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn what_is_there_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backup");
        create_private(&file, b"first").unwrap();
        assert_eq!(mode(&file), 0o600);
        let error = create_private(&file, b"second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_device_or_pipe_is_written_to_and_stays() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let null = dir.path().join("null");
        std::os::unix::fs::symlink("/dev/full", &null).unwrap();
        let error = write_output(&null, b"report", Access::Shared).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
        let file = dir.path().join("file");
        write_output(&file, b"report", Access::Private).unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"report".to_vec(), 0o600));
    }

    #[test]
    fn errors_name_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_atomic(&dir.path().join("no/such"), b"", Access::Shared).unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }

    #[test]
    fn no_more_than_the_limit_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(*read_bounded(&file, 5).unwrap(), b"12345");
        assert_eq!(read_bounded(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
