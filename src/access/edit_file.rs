//! A sealed file in the user's editor: its plaintext goes into a private folder, and comes back sealed.

use std::path::{Path, PathBuf};

use super::sealed_file::{
    Before, MAX_LEN, SealedFileError, SealingKey, refuse_absent, refuse_elsewhere,
};
use crate::clone::{CloneError, OpenClone};
use crate::error::Context as _;
use crate::fs::plaintext_folder::{FolderError, PlaintextFolder};
use crate::fs::{Access, read_bounded, write_atomic};
use crate::git::attributes::Attributes;
use crate::git::editor::{self, EditorError};

/// Why nothing was edited, or not written back.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The clone, git or a file cannot be read.
    #[error(transparent)]
    Clone(CloneError),
    /// The file cannot be read or opened, or may not be changed in its place.
    #[error(transparent)]
    File(#[from] SealedFileError),
    /// Any editor will do.
    #[error("no attribute seals {0}, so use any editor")]
    NotSealed(String),
    /// There is no private folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The editor does not start, or failed.
    #[error(transparent)]
    Editor(#[from] EditorError),
    /// What was edited cannot be written back.
    #[error("{source}")]
    NotWritten {
        /// Why.
        source: Box<SealedFileError>,
        /// Where the edited version is kept, in memory only; `None` where it would be on a disk, and is gone.
        kept: Option<PathBuf>,
    },
}

impl<E: Into<CloneError>> From<E> for EditError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

/// Lets the user edit a file of the worktree, which need not exist; its path as git has it where anything was changed.
///
/// # Errors
/// [`EditError`]. The file is then as it was.
pub fn edit_file(
    opened: &OpenClone,
    dir: &Path,
    path: &Path,
    on_disk: bool,
) -> Result<Option<Vec<u8>>, EditError> {
    let path = opened.path_of(dir, path)?;
    let attributes = Attributes::new(&opened.repository)?.of(&path)?;
    if !attributes.is_encrypted() {
        return Err(EditError::NotSealed(crate::sanitise::path(&path)));
    }
    let key = SealingKey::of(opened, &path, &attributes)?;
    let native = OpenClone::native(&path)?;
    let file = opened.top()?.join(&native);
    refuse_elsewhere(opened.top()?, &file)?;
    refuse_absent(opened, &native, &file)?;
    let before = Before::read(opened, &file, !key.is_kept(opened)?)?;
    let folder = PlaintextFolder::make(on_disk)?;
    let copy = folder.path().join(file.file_name().expect("a path in the worktree has a name"));
    write_atomic(&copy, &before.plaintext, Access::Private)
        .context(|| "the file for the editor".to_owned())?;
    editor::edit(&opened.repository.git, &copy)?;
    let after = read_bounded(&copy, MAX_LEN).context(|| "the edited file".to_owned())?;
    if *after == *before.plaintext {
        return Ok(None);
    }
    let written = before.refuse_changed(opened, &file);
    match written.and_then(|()| before.write(opened, &file, &after, &key)) {
        Ok(()) => Ok(Some(path)),
        Err(source) => Err(EditError::NotWritten { source: Box::new(source), kept: folder.keep() }),
    }
}
