//! Paths with a merge conflict.

use gix::ObjectId;

use super::{FileStatus, State};
use crate::git::GitError;
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;

/// Those of the paths that should be sealed.
pub(super) fn survey_unmerged(
    repository: &Repository,
    unmerged: &[Vec<u8>],
) -> Result<Vec<FileStatus>, GitError> {
    let mut files = Vec::new();
    if unmerged.is_empty() {
        return Ok(files);
    }
    let mut attributes = Attributes::new(repository)?;
    for path in unmerged {
        let of = attributes.of(path)?;
        if of.is_encrypted() {
            files.push(FileStatus {
                path: path.clone(),
                state: State::Unmerged,
                key: of.key.unwrap_or_default(),
                git_crypt: of.git_crypt.and_then(Result::ok),
                id: ObjectId::empty_blob(repository.gix.object_hash()),
                executable: false,
                form: None,
                is_of_another_form: false,
                by_value: None,
                wants_delta: false,
            });
        }
    }
    Ok(files)
}
