//! Why a file is not taken over from another tool.

use crate::access::sealed_file::SealedFileError;
use crate::access::track::TrackError;
use crate::clone::CloneError;
use crate::keyring::KeyName;
use crate::migrate::MigrateError;

/// Why a file is not taken over from another tool. Paths are safe to show; nothing of a file's content is in it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// The repository is not taken over as a whole.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The attributes cannot be changed.
    #[error(transparent)]
    Track(#[from] TrackError),
    /// The file cannot be sealed, or is somewhere else.
    #[error(transparent)]
    File(#[from] SealedFileError),
    /// The key is not held.
    #[error("the key '{0}' is not held here")]
    NotHeld(KeyName),
    /// The tool has not encrypted the file.
    #[error("{path} is not encrypted with {tool}")]
    NotOfTool {
        /// The file.
        path: String,
        /// The tool.
        tool: &'static str,
    },
    /// The same file is named twice.
    #[error("{0} is named twice")]
    Twice(String),
    /// The program is not on the PATH.
    #[error("{program} is not installed: no folder of PATH has it")]
    Missing {
        /// The program.
        program: &'static str,
        /// What installs it.
        install: &'static str,
    },
    /// The only program of this name is in the repository.
    #[error("{program} is only inside the repository ({place}), and nothing from there is run")]
    Inside {
        /// The program.
        program: &'static str,
        /// Where it is.
        place: String,
        /// What installs it.
        install: &'static str,
    },
    /// The program cannot be started.
    #[error("{program} cannot be started: {why}")]
    Start {
        /// The program.
        program: &'static str,
        /// Why.
        why: String,
    },
    /// The program failed, and has said why.
    #[error("{program} could not decrypt {path} ({status})")]
    Failed {
        /// The program.
        program: &'static str,
        /// The file.
        path: String,
        /// How it ended.
        status: String,
    },
    /// The program did not end.
    #[error("{program} did not end within {} for {path}, and was stopped", crate::error::count(*.seconds, "second"))]
    TimedOut {
        /// The program.
        program: &'static str,
        /// The file.
        path: String,
        /// How long it had.
        seconds: u64,
    },
    /// The program wrote more than a file may hold.
    #[error("{program} wrote more than 64 MiB for {path}")]
    TooMuch {
        /// The program.
        program: &'static str,
        /// The file.
        path: String,
    },
    /// What the program wrote is not decrypted.
    #[error("{program} left values of {path} encrypted: {some}")]
    StillEncrypted {
        /// The program.
        program: &'static str,
        /// The file.
        path: String,
        /// Names of such values.
        some: String,
    },
    /// The values in a file cannot be exchanged.
    #[error("{path}: {why}")]
    Values {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// Somebody changed the file meanwhile.
    #[error("{0} was changed meanwhile, and was left as it is")]
    Changed(String),
    /// The line is there, and another one outranks it.
    #[error("{path} would not be sealed: {why}")]
    Outranked {
        /// The file.
        path: String,
        /// What outranks it.
        why: String,
    },
}

impl<E: Into<CloneError>> From<E> for ImportError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}
