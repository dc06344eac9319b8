//! Keys in files outside the repository and on paper: writing them, shares of them, and proving that a backup opens what is sealed here.

mod error;
pub mod export;
pub mod qr;
pub mod secret_file;
pub mod shares;
pub mod sheet;
pub mod verify;

pub use error::ProofError;
