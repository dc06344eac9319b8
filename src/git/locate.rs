//! Finds the repository around a filter without starting git, which has checked it already.
//!
//! git runs filters at the top of the worktree, with `GIT_DIR` set where it would not be found from there
//! (gitrepository-layout, "gitdir" and "commondir").

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of the longest file that names a folder.
const MAX_POINTER: usize = 1 << 16;

/// The folders of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where `HEAD` and `index` of this worktree are.
    pub git_dir: PathBuf,
    /// Where `config`, `objects` and the keyring are: shared by all linked worktrees.
    pub common_dir: PathBuf,
    /// The top of the worktree; `None` in a bare repository.
    pub worktree: Option<PathBuf>,
}

/// The repository that the environment names or that is around `dir`; `None` where there is none.
pub fn locate(dir: &Path) -> Option<Location> {
    let named = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let (git_dir, top) = match named("GIT_DIR") {
        // Then git has gone to the top already.
        Some(git_dir) => (dir.join(git_dir), dir),
        None => dir.ancestors().find_map(|above| Some((git_dir_in(above)?, above)))?,
    };
    let bare = dunce::canonicalize(&git_dir).ok() == dunce::canonicalize(top).ok();
    let worktree = (!bare).then(|| top.to_owned());
    let common_dir = match named("GIT_COMMON_DIR") {
        Some(common_dir) => dir.join(common_dir),
        None => common_dir(&git_dir),
    };
    Some(Location { git_dir, common_dir, worktree })
}

/// The repository that git finds in this very folder.
pub fn git_dir_in(dir: &Path) -> Option<PathBuf> {
    let dot_git = dir.join(".git");
    let metadata = fs::metadata(&dot_git).ok();
    match metadata {
        Some(metadata) if metadata.is_dir() => Some(dot_git),
        Some(_) => {
            let text = pointer(&dot_git)?;
            Some(dir.join(text.strip_prefix("gitdir: ")?.trim_end_matches(['\n', '\r'])))
        }
        None => {
            (dir.join("objects").is_dir() && dir.join("refs").is_dir() && dir.join("HEAD").exists())
                .then(|| dir.to_owned())
        }
    }
}

fn common_dir(git_dir: &Path) -> PathBuf {
    match pointer(&git_dir.join("commondir")) {
        Some(text) => git_dir.join(text.trim_end_matches(['\n', '\r'])),
        None => git_dir.to_owned(),
    }
}

/// A file that names a folder; `None` where it is none, or longer than any name.
fn pointer(file: &Path) -> Option<String> {
    let bytes = crate::fs::read_bounded(file, MAX_POINTER).ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}
