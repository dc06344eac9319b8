//! Files that a program gets as files: in memory, where the system can do that, else in a private folder.

use std::io;

use zeroize::Zeroizing;

use crate::fs::plaintext_folder::{FolderError, PlaintextFolder};
use crate::secret::WipedVec;

/// A file with the variable that names it.
pub(super) struct Handed<'h> {
    /// The variable.
    pub(super) variable: String,
    /// The last part of the file's own name, for programs that go by its ending.
    pub(super) name: &'h str,
    /// What is in it.
    pub(super) content: &'h WipedVec,
}

/// Variables, each with the path that it holds.
pub(super) type Paths = Vec<(String, Zeroizing<String>)>;

/// Puts each file into memory, where this process, and the program that takes its place, have it open. Returns the variables
/// with the paths that lead there.
///
/// # Errors
/// The system has no memory for it.
#[cfg(target_os = "linux")]
pub(super) fn in_memory(files: &[Handed<'_>]) -> io::Result<Paths> {
    use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
    use std::io::Write as _;
    use std::os::fd::IntoRawFd as _;
    let mut variables = Vec::new();
    for file in files {
        // Without CLOEXEC: the program inherits it.
        let fd = memfd_create(file.name, MemfdFlags::ALLOW_SEALING)?;
        let mut open = std::fs::File::from(fd);
        open.write_all(file.content)?;
        fchmod(&open, Mode::RUSR | Mode::WUSR)?;
        fcntl_add_seals(
            &open,
            SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE,
        )?;
        let path = Zeroizing::new(format!("/proc/self/fd/{}", open.into_raw_fd()));
        variables.push((file.variable.clone(), path));
    }
    Ok(variables)
}

/// As there is no memory that a path leads to.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub(super) fn in_memory(_: &[Handed<'_>]) -> io::Result<Paths> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Puts each file into a private folder, in a file system in memory where there is one. The folder goes when it is dropped.
///
/// # Errors
/// It cannot be made or written.
pub(super) fn in_folder(files: &[Handed<'_>]) -> Result<(PlaintextFolder, Paths), FolderError> {
    let folder = PlaintextFolder::make(true)?;
    let mut variables = Vec::new();
    for (at, file) in files.iter().enumerate() {
        // Two properties may name files of one name.
        let taken = files[..at].iter().any(|other| other.name == file.name);
        let name = if taken { format!("{at}-{}", file.name) } else { file.name.to_owned() };
        let path = folder.path().join(name);
        crate::fs::create_private(&path, file.content)?;
        let text = path.to_str().ok_or(io::Error::from(io::ErrorKind::InvalidFilename))?;
        variables.push((file.variable.clone(), Zeroizing::new(text.to_owned())));
    }
    Ok((folder, variables))
}
