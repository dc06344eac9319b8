//! Sealed files for a reader: one file, a diff, and git's own commands that see plaintext.

pub mod cat;
pub mod diff_driver;
mod error;
pub mod git;
pub mod masked_diff;
pub mod print;
pub mod textconv;

pub use error::ShowError;
