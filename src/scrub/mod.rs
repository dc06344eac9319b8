//! Rewriting a history so that what was plaintext no longer is.
//!
//! [`plan`] says what is to become of what (`docs/scrub.md`). [`changes`] is the seam: what is to become of contents, names and
//! messages. [`rewrite`] makes the new objects.

pub mod advice;
pub mod backup;
pub mod changes;
mod compared;
pub mod difference;
pub mod error;
pub mod follow;
pub mod maps;
pub mod moves;
pub mod plan;
pub mod planned;
pub mod proof;
pub mod record;
pub mod redact;
pub mod report;
pub mod rewrite;
pub mod safety;
pub mod search;
pub mod signatures;
pub mod work;

pub use changes::{Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, TextKind};
pub use error::ScrubError;
