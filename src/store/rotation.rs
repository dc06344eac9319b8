//! Where a rotation keeps its journal, and the keys of a run that was cut off: `<common dir>/git-shroud/rotation`.

use std::io;
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use super::local::{self, StoreError};
use super::unreadable;
use crate::fs::replace;
use crate::fs::with_path;

/// The folder of the journal.
pub fn dir(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join("rotation")
}

/// A journal that is not begun yet, or has ended: neither is of any use once its run is gone.
pub fn draft(common_dir: &Path) -> PathBuf {
    dir(common_dir).with_extension("draft")
}

/// Whether a rotation is under way.
pub fn is_under_way(common_dir: &Path) -> bool {
    dir(common_dir).exists()
}

/// Removes what a run has left that was cut off before its rotation began or when it had ended, with the keys in it; says
/// whether there was anything. Only while no other run can be at work on it.
///
/// # Errors
/// It cannot be removed.
pub fn remove_draft(common_dir: &Path) -> Result<bool, StoreError> {
    let draft = draft(common_dir);
    let was_there = draft.symlink_metadata().is_ok();
    remove_dir(&draft).map_err(|error| unreadable::explain(&draft, error))?;
    Ok(was_there)
}

/// Removes such a folder, the keys in it first.
///
/// # Errors
/// It cannot be removed.
pub fn remove_dir(dir: &Path) -> io::Result<()> {
    match replace::remove(dir.join("keyring")) {
        Err(error) if !matches!(error.kind(), NotFound | NotADirectory) => {
            return Err(with_path(dir, &error));
        }
        _ => {}
    }
    match replace::remove_tree(dir) {
        Err(error) if error.kind() != NotFound => Err(with_path(dir, &error)),
        _ => Ok(()),
    }
}
