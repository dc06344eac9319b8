//! Secrets that stand in the clear, in any corner of a repository.
//!
//! [`rules`] says what a secret looks like, [`detect`] finds it in a text (`docs/scan-rules.md`).

pub mod detect;
#[cfg(test)]
mod labelled;
pub mod rules;

pub use detect::{Detector, Hit, Rank};
pub use rules::Rule;
