//! What the index holds: sealing it in place, and making good what a survey of files has found.

pub mod fix;
pub mod restage;
pub mod seal_index;
