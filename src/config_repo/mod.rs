//! Configuration repositories: which properties there are, what each environment says, and what is missing.
//!
//! Pure: texts and bytes come in, findings and texts go out. Who reads the files and opens them is the commands' affair.

pub mod check;
pub mod compare;
pub mod effective;
pub mod environment;
pub mod infer;
pub mod names;
pub mod render;
pub mod reuse;
pub mod schema;
pub mod steering;
pub mod sync;
pub mod template;

/// The name of the schema at the top of a configuration repository.
pub const SCHEMA_FILE: &str = "config.shroud.toml";
/// The folder with a folder for each environment.
pub const FOLDER: &str = "environments";
/// What is in a file where a value has still to be set.
pub const MARKER: &str = "__SET_ME__";
