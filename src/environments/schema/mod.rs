//! The schema, `config.shroud.toml`: which properties there are, and what each environment must say of them.

mod environments;
mod file_names;
pub mod import;
pub mod infer;
mod json;
pub(super) mod kind;
mod limits;
mod location;
mod property;
mod read;
mod read_property;
mod release;
mod rename_property;
mod write;

use std::collections::BTreeMap;

pub use environments::{add_environment, remove_environment};
pub use file_names::FileNames;
pub use kind::Type;
pub use limits::{Limits, Measure};
pub use location::Location;
pub use property::{Absence, Property};
pub use release::Release;
pub use rename_property::rename_property;
pub use write::{NewProperty, new_property};

/// Bytes of the longest schema that is read.
pub const MAX_LEN: usize = 4 << 20;
/// Bytes of the longest name of a property.
const MAX_NAME: usize = 256;

/// Why a schema is not one. Holds nothing of it but names of properties.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct SchemaError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

/// What a schema says.
#[derive(Default)]
pub struct Schema {
    /// The environments, in the file's order.
    pub environments: Vec<Location>,
    /// Which files below the environments hold properties, and how each is read.
    pub files: FileNames,
    /// The release that the environments are for.
    pub release: Option<Release>,
    /// Another schema, beside this one, that says which properties there are.
    pub schema: Option<String>,
    /// Values that no property may have, whatever the case of their letters.
    pub forbidden: Vec<String>,
    /// The properties by their names; the names of sections and the own one are parted by dots.
    pub properties: BTreeMap<String, Property>,
}

#[cfg(test)]
mod tests;
