//! A private folder for what is needed during a run.

use std::io;
use std::path::{Path, PathBuf};

use super::temporary;

/// A temporary folder that nobody else may enter, whatever the umask. It goes when it is dropped, or by a signal that ends the run,
/// with all that git has written there: its objects are read-only, and may be plaintext.
pub struct ScratchFolder {
    /// `None` once it is to stay.
    path: Option<PathBuf>,
}

impl ScratchFolder {
    /// Makes it in the temporary folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir(), "git-shroud-")
    }

    /// Makes it in this folder, with a name that begins so.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_in(parent: &Path, prefix: &str) -> io::Result<Self> {
        temporary::create_folder(parent, prefix).map(|path| Self { path: Some(path) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.path.as_ref().expect("it stays until it is dropped or kept")
    }

    /// Lets it stay.
    pub(super) fn keep(mut self) -> PathBuf {
        let path = self.path.take().expect("it stays until it is dropped or kept");
        temporary::keep_folder(&path);
        path
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = temporary::remove_folder(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_stays() {
        let folder = ScratchFolder::new().unwrap();
        let object = folder.path().join("objects/ab/cd");
        std::fs::create_dir_all(object.parent().unwrap()).unwrap();
        std::fs::write(&object, "an object").unwrap();
        let mut permissions = std::fs::metadata(&object).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&object, permissions).unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_is_kept_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = ScratchFolder::new_in(parent.path(), "kept-").unwrap().keep();
        assert!(path.is_dir());
        assert_eq!(path.parent(), Some(parent.path()));
    }
}
