//! The files of environments as a clone has them.

mod finder;
mod moves;
mod past;

pub use finder::{Finder, folders};
pub use moves::{Doubt, Moved, Moves};
pub use past::PastError;
