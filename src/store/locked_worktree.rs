//! Worktrees that may use no key although their clone holds some: a file in git's own folder of the worktree. Nothing that is
//! pushed can write it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{Access, create_private_dir, replace, with_path, write_atomic};

const TEXT: &[u8] = b"git shroud lock --worktree\n";

/// The mark of the worktree with this folder of git's own (`git rev-parse --git-dir`). `git worktree move` keeps it, and `git
/// worktree remove` takes it away.
fn path(git_dir: &Path) -> PathBuf {
    git_dir.join("git-shroud/locked-worktree")
}

/// Whether no key may be used in this worktree. One whose mark cannot be looked at is locked.
pub fn is_locked(git_dir: &Path) -> bool {
    look(git_dir).unwrap_or(true)
}

/// The same.
///
/// # Errors
/// The mark cannot be looked at.
pub fn look(git_dir: &Path) -> io::Result<bool> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match fs::symlink_metadata(path(git_dir)) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// From now on no key is used in this worktree.
///
/// # Errors
/// The mark cannot be written.
pub fn lock(git_dir: &Path) -> io::Result<()> {
    let path = path(git_dir);
    let folder = path.parent().expect("it is in a folder");
    create_private_dir(folder).map_err(|error| with_path(folder, &error))?;
    write_atomic(&path, TEXT, Access::Private)
}

/// From now on the keys of the clone are used in this worktree; says whether that is new.
///
/// # Errors
/// The mark cannot be removed.
pub fn unlock(git_dir: &Path) -> io::Result<bool> {
    let path = path(git_dir);
    match replace::remove(&path) {
        Ok(()) => Ok(true),
        Err(_) if !is_locked(git_dir) => Ok(false),
        Err(error) => Err(with_path(&path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worktree_is_locked_until_it_is_unlocked() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_locked(dir.path()) && !unlock(dir.path()).unwrap());
        lock(dir.path()).unwrap();
        lock(dir.path()).unwrap();
        assert!(is_locked(dir.path()));
        assert!(unlock(dir.path()).unwrap() && !is_locked(dir.path()));
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_looked_at_is_locked() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("git-shroud");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        assert!(is_locked(dir.path()));
    }
}
