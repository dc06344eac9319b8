//! Why a scan cannot be done, or an answer not be given.

use std::io;

use super::findings::allow::AllowError;
use crate::detect::ExpressionError;
use crate::detect::rules::gitleaks::GitleaksError;
use crate::git::GitError;

/// Why a scan ended without an answer. What one scan leaves out is no error: the report names it.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// git failed beside the walk.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What was asked for cannot be walked: mostly a revision that names nothing.
    #[error(transparent)]
    Walk(GitError),
    /// An allow list, a baseline or a file of rules cannot be read; the error names it.
    #[error(transparent)]
    File(#[from] io::Error),
    /// An allow list or a baseline is not written as one.
    #[error(transparent)]
    List(#[from] AllowError),
    /// A file of rules that is no text.
    #[error("{0} is not UTF-8")]
    NoText(String),
    /// A file of rules that cannot be used.
    #[error("{name}: {source}")]
    Rules {
        /// The file, as the user knows it.
        name: String,
        /// What is wrong with it.
        source: GitleaksError,
    },
    /// A rule whose expression cannot be used.
    #[error("{name}: {source}")]
    Expression {
        /// The file, as the user knows it.
        name: String,
        /// What is wrong with the expression.
        source: ExpressionError,
    },
    /// No salt can be made.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[source] getrandom::Error),
}
