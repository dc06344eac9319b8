//! Where a configuration repository is laid out.

use std::fs;
use std::path::Path;

use super::FilesError;
use crate::error::Context as _;
use crate::git::command::Git;
use crate::git::repository::Repository;

/// Makes the directory and a repository in it where there is none, and changes into it.
///
/// A folder in a repository is not taken for a new repository, unless it is empty: all of that repository would be meant.
///
/// # Errors
/// It cannot be made or entered, git fails, or it is a folder of another repository.
pub(super) fn enter(dir: Option<&Path>) -> Result<(), FilesError> {
    let dir = dir.unwrap_or(Path::new("."));
    let place = || crate::sanitise::native(dir);
    fs::create_dir_all(dir).context(place)?;
    std::env::set_current_dir(dir).context(place)?;
    let here = dunce::canonicalize(Path::new(".")).context(place)?;
    let around = Repository::discover(&here).ok().and_then(|repository| repository.worktree);
    let top = around.as_ref().and_then(|top| dunce::canonicalize(top).ok());
    if top.as_deref() == Some(&*here) {
        return Ok(());
    }
    let is_empty = fs::read_dir(&here).context(place)?.next().is_none();
    if let Some(top) = top.filter(|_| !is_empty) {
        return Err(FilesError::InRepository(crate::sanitise::native(&top)));
    }
    Git::new(&here).run(["init", "--quiet"])?;
    Ok(())
}
