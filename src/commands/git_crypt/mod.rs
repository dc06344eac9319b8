//! What the commands do in a repository that git-crypt encrypts.

mod taken_over;
mod unlock;

use crate::error::CommandError;
use crate::git_crypt::KeyFileError;
use crate::store::git_crypt::StoreError;

pub(super) use taken_over::take_over;
pub(super) use unlock::{Allowed, is_fresh, shared_names, take, unwrap};

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            StoreError::KeyFile { source: KeyFileError::OtherKey { .. }, .. } => wrong
                .hint("is this the key file of another repository? 'git shroud lock' removes the keys held here"),
            StoreError::KeyFile { source: KeyFileError::Version(_), .. }
            | StoreError::KeyFile { source: KeyFileError::UnknownField(_), .. } => {
                wrong.hint("a newer git-crypt wrote it; ask for a file of version 2")
            }
            StoreError::KeyFile { .. } => {
                wrong.hint("get the key file again: git-crypt export-key FILE")
            }
            StoreError::Io(_) => wrong,
        }
    }
}
