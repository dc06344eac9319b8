//! Files with keys in them, outside the repository.

use std::path::Path;

use super::ProofError;
use crate::clone::OpenClone;
use crate::error::{About, Context as _};
use crate::progress::Progress;

/// Refuses a file that is there already, before anything is written.
///
/// # Errors
/// It is there.
pub fn refuse_existing(file: &Path) -> Result<(), ProofError> {
    if file.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(ProofError::Exists(crate::sanitise::native(file)))
}

/// Makes a file that only its owner reads, and warns where it might be committed.
///
/// # Errors
/// It cannot be written.
pub fn write_secret(
    progress: &dyn Progress,
    opened: &OpenClone,
    file: &Path,
    bytes: &[u8],
) -> Result<(), About> {
    crate::fs::create_private(file, bytes)
        .context(|| "the key file cannot be written".to_owned())?;
    let written = dunce::canonicalize(file).context(|| crate::sanitise::native(file))?;
    if opened.repository.worktree.as_ref().is_some_and(|top| written.starts_with(top)) {
        progress.warning(&format!(
            "{} is inside the worktree: never commit it",
            crate::sanitise::native(file)
        ));
    }
    Ok(())
}
