//! How a path should be sealed, and what the index has there: what the filters ask of the repository around them.

pub mod between;
pub mod crossing;
pub mod git_crypt;
pub mod indexed;
mod lookup;
mod memory;
pub mod of_path;
