//! A private folder for plaintext that must not reach a disk.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::create_private_dir;
use super::scratch_folder::ScratchFolder;

/// Why there is no private folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Only the disk is left, and that was not allowed.
    #[error("this system has no memory file system for the plaintext")]
    NoMemory,
    /// It cannot be made.
    #[error("a private folder for the editor: {0}")]
    Io(#[from] io::Error),
}

/// A private folder for plaintext, in memory; whatever is in it is overwritten and removed in the end.
pub struct PlaintextFolder {
    /// `None` once it is to stay.
    folder: Option<ScratchFolder>,
    in_memory: bool,
}

impl PlaintextFolder {
    /// Makes it in memory or, where there is no file system in memory and `on_disk` allows it, in the temporary folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn make(on_disk: bool) -> Result<Self, FolderError> {
        let in_memory = [
            std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
            Some(PathBuf::from("/dev/shm")),
        ];
        let found = in_memory.into_iter().flatten().find(|place| is_in_memory(place));
        let in_memory = found.is_some();
        let place = match found {
            Some(place) => place,
            None if on_disk => std::env::temp_dir(),
            None => return Err(FolderError::NoMemory),
        };
        let folder = ScratchFolder::new_in(&place, "git-shroud-edit-")?;
        // Also where the umask takes the owner's own bits away.
        create_private_dir(folder.path())?;
        Ok(Self { folder: Some(folder), in_memory })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().expect("it stays until it is dropped or kept").path()
    }

    /// Lets it stay, as what is in it has no other place; `None`, and it goes, where it would be on a disk.
    pub fn keep(mut self) -> Option<PathBuf> {
        if !self.in_memory {
            return None;
        }
        self.folder.take().map(ScratchFolder::keep)
    }
}

/// Whether what is written there never reaches a disk but by swapping.
#[cfg(target_os = "linux")]
fn is_in_memory(place: &Path) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    const RAMFS: i64 = 0x8584_58f6;
    let kind = rustix::fs::statfs(place).map(|found| found.f_type);
    place.is_absolute() && matches!(kind, Ok(TMPFS | RAMFS))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_place: &Path) -> bool {
    false
}

impl Drop for PlaintextFolder {
    fn drop(&mut self) {
        // Also what the editor has left: swap files, backups.
        let Some(folder) = &self.folder else { return };
        for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let wiped = || -> io::Result<()> {
                // A link leads elsewhere, and a pipe would be waited for.
                let metadata = entry.metadata()?;
                if !metadata.is_file() {
                    return Ok(());
                }
                let len = metadata.len();
                let mut file = File::options().write(true).open(entry.path())?;
                io::copy(&mut io::repeat(0).take(len), &mut file)?;
                file.flush()?;
                file.sync_all()
            };
            let _ = wiped();
        }
    }
}
