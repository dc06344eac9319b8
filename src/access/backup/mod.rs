//! Keys in files outside the repository: writing them, and proving that a backup opens what is sealed here.

mod error;
pub mod secret_file;
pub mod verify;

pub use error::ProofError;
