//! Setting values in a file whose key is not held, where the key is write-only (docs/format.md, 8.4).

use super::sealed_file::SealedFileError;
use super::unlock::install_first;
use crate::clone::OpenClone;
use crate::clone::rules::of_path::{LazyRepository, Surroundings};
use crate::filter::FileError;
use crate::git::attributes::PathAttributes;
use crate::progress::Progress;

/// Whether values of a path can be set, though its key is not held.
pub fn may_set(opened: &OpenClone, attributes: &PathAttributes) -> bool {
    let Ok(name) = &attributes.key else { return false };
    let is_write_only = opened.roster.infos.get(name).is_some_and(|info| info.public.is_some());
    attributes.git_crypt.is_none()
        && attributes.sealed
        && attributes.by.is_value()
        && is_write_only
        && opened.keyring.current(name).is_none()
}

/// What the file should hold: this content, with the values that are plaintext sealed to the public key. It is judged as if it were
/// added to git.
///
/// # Errors
/// It may not be stored so.
pub fn seal(
    progress: &dyn Progress,
    opened: &OpenClone,
    path: &[u8],
    content: &[u8],
) -> Result<Vec<u8>, SealedFileError> {
    let surroundings = Surroundings::find(opened.top()?)?;
    let repository = LazyRepository::new();
    let mut filter = surroundings.filter(&repository, None);
    let mut sealed = Vec::with_capacity(content.len());
    let cleaned = filter.clean(path, content).and_then(|cleaned| cleaned.write_to(&mut sealed));
    filter.summary().to_public.iter().for_each(|notice| progress.warning(notice));
    cleaned.map_err(|error| FileError::new(path, error))?;
    // Else git would store what somebody types into the file next.
    let _ = install_first(&opened.repository);
    Ok(sealed)
}
