//! What the index holds: sealing it in place, and making good what a survey of files has found.

mod error;
pub mod fix;
pub mod restage;
pub mod seal_index;

pub use error::IndexError;
