//! The files of environments as a clone has them.

mod moves;
mod past;

pub use moves::{Doubt, Moved, Moves};
pub use past::PastError;
