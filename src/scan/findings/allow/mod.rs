//! Findings that somebody has looked at and allowed: `.shroud/scan.toml`, a baseline, remarks in the text.
//!
//! Anybody who can push can write all three. So nothing that is allowed disappears: it is listed with its reason.

mod apply;
mod entry;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use apply::{Applied, Options, apply};
pub use entry::{Allowance, Date};
pub use read::AllowError;
pub use write::write;

use crate::scan::fingerprint::SALT_LEN;

/// Where a repository's own list is kept, from the top of the worktree.
pub const PATH: &str = ".shroud/scan.toml";
/// How a report begins the reason of what a baseline left out; the baseline's name follows.
pub const IN_BASELINE: &str = "in the baseline ";
/// Bytes of the longest list that is read.
pub const MAX_LEN: usize = 16 << 20;

/// A list of what is allowed.
pub struct AllowList {
    /// The file, as the user knows it.
    name: String,
    is_baseline: bool,
    salt: Option<[u8; SALT_LEN]>,
    entries: Vec<Allowance>,
}

impl AllowList {
    /// The salt in it, for [`super::Fingerprinter::add_salt`].
    pub fn salt(&self) -> Option<&[u8; SALT_LEN]> {
        self.salt.as_ref()
    }

    /// What it allows.
    pub fn entries(&self) -> &[Allowance] {
        &self.entries
    }
}
