//! Environments of a configuration repository, and the files that hold their properties.

pub mod files;
