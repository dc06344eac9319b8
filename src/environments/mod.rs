//! Environments of a configuration repository: which properties there are, what each environment says, what is missing, and
//! the files that hold the values.
//!
//! All but `files` and `program` is pure: texts and bytes come in, findings and texts go out.

pub mod certificate;
pub mod check;
pub mod environment;
pub mod files;
pub mod generate;
pub mod program;
pub mod references;
pub mod render;
pub mod schema;
pub mod sealed;
pub mod template;

/// The name of the schema at the top of a configuration repository.
pub const SCHEMA_FILE: &str = "config.shroud.toml";
/// The folder with a folder for each environment.
pub const FOLDER: &str = "environments";
/// What is in a file where a value has still to be set.
pub const MARKER: &str = "__SET_ME__";
