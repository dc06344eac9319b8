//! Files that are there whole or not at all, and that nobody else may read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone, whatever the umask: 0600 for files, 0700 for folders.
    Private,
    /// As the umask says.
    Shared,
}

/// Replaces `path` by a file with these bytes: temporary file, fsync, rename, fsync of the folder.
///
/// # Errors
/// With the path. The old file is as it was, and the temporary one is gone.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let write = || {
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".git-shroud-");
        let mut file = match access {
            Access::Private => builder.tempfile_in(dir)?,
            Access::Shared => shared_tempfile(&builder, dir)?,
        };
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        sync_dir(dir)
    };
    write().map_err(|error| with_path(path, &error))
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

/// Makes a private file that was not there before, whole or not at all.
///
/// # Errors
/// With the path; `AlreadyExists` where there is anything of that name, which stays as it is.
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let create = || {
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let mut file = tempfile::Builder::new().prefix(".git-shroud-").tempfile_in(dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        sync_dir(dir)
    };
    create().map_err(|error| with_path(path, &error))
}

#[cfg(unix)]
fn shared_tempfile(
    builder: &tempfile::Builder<'_, '_>,
    dir: &Path,
) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::OpenOptionsExt as _;
    builder
        .make_in(dir, |path| File::options().write(true).create_new(true).mode(0o666).open(path))
        .map(|file| {
            let (file, path) = file.into_parts();
            tempfile::NamedTempFile::from_parts(file, path)
        })
}

#[cfg(not(unix))]
fn shared_tempfile(
    builder: &tempfile::Builder<'_, '_>,
    dir: &Path,
) -> io::Result<tempfile::NamedTempFile> {
    builder.tempfile_in(dir)
}

/// Makes a folder that only its owner may enter; one that is there is made so.
///
/// # Errors
/// With the path.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let create = || {
        fs::create_dir_all(path)?;
        restrict_dir(path)
    };
    create().map_err(|error| with_path(path, &error))
}

#[cfg(unix)]
fn restrict_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether others than the owner may read or change the file.
#[cfg(unix)]
pub fn is_exposed(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

/// Whether others than the owner may read or change the file; unknown here, so `false`.
#[cfg(not(unix))]
pub fn is_exposed(_metadata: &fs::Metadata) -> bool {
    false
}

/// Makes a rename last. Only Unix can open a folder to do so.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

/// An error of a temporary file, with the folder it was to stand in and the variable that names another.
pub fn in_temporary_folder(error: &io::Error) -> io::Error {
    let dir = std::env::temp_dir();
    let text = format!(
        "no temporary file in {}: {error} (set TMPDIR to a writable directory)",
        crate::sanitise::native(&dir)
    );
    io::Error::new(error.kind(), text)
}

/// The same error, with the path before it.
pub fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", crate::sanitise::native(path)))
}

/// Reads at most `limit` bytes of a file.
///
/// # Errors
/// With the path; `FileTooLarge` where there are more.
pub fn read_bounded(path: &Path, limit: usize) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    let read = || {
        let file = File::open(path)?;
        // One more than fits, so that the vector never grows and leaves a copy behind.
        let expected = usize::try_from(file.metadata()?.len()).unwrap_or(limit).min(limit);
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(expected + 1));
        io::Read::read_to_end(&mut io::Read::take(file, limit as u64 + 1), &mut bytes)?;
        if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    };
    read().map_err(|error| with_path(path, &error))
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
        assert!(is_exposed(&fs::metadata(&file).unwrap()));
        write_atomic(&file, b"new", Access::Private).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "no temporary file is left");
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
