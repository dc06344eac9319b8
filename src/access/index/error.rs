//! Why the index is left as it is.

use crate::clone::CloneError;
use crate::filter::FileError;

/// Why the index is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// A file cannot be sealed.
    #[error("{0}; nothing was staged")]
    Sealing(FileError),
}

impl<E: Into<CloneError>> From<E> for IndexError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
