//! The layout in which git finds what two versions have in common (format.md 2.3).
//!
//! The plaintext is cut where its own bytes say so, and each chunk is sealed by itself with a key that does not change:
//! a chunk that two versions share is the same record in both.

pub(super) mod cuts;
mod records;

pub(super) use records::{Writer, open};

/// Bytes of the shortest plaintext that is sealed in records.
pub const MIN_LEN: u64 = 8_192;
/// Bytes of the longest chunk.
const MAX_CHUNK: usize = 65_536;
