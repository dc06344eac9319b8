//! The schema, `config.shroud.toml`: which properties there are, and what each environment must say of them.

mod environments;
mod file_names;
pub mod infer;
mod json;
pub(super) mod kind;
mod location;
mod read;
mod release;
mod write;

use std::collections::BTreeMap;

pub use environments::{add_environment, remove_environment};
pub use file_names::FileNames;
pub use kind::Type;
pub use location::Location;
pub use release::Release;
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
    /// The properties by their names; the names of sections and the own one are parted by dots.
    pub properties: BTreeMap<String, Property>,
}

/// What happens where an environment does not set a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing: the program does without.
    Fine,
    /// It is an error.
    Missing,
    /// The program takes this value.
    Default(String),
}

/// What is said of a property.
#[derive(Clone)]
pub struct Property {
    /// The line of the schema on which it begins, counted from 1.
    pub line: usize,
    /// What its absence means.
    pub absence: Absence,
    /// Environments that must set it although it has a default.
    pub explicit: Vec<String>,
    /// The first release that does not know it any more.
    pub removed: Option<Release>,
    /// The first release that knows it.
    pub since: Option<Release>,
    /// What its value must be.
    pub kind: Type,
    /// What the whole value must match.
    pub pattern: Option<(String, regex_automata::meta::Regex)>,
    /// Whether it must be in a sealed file.
    pub secret: bool,
    /// Whether no two environments may have the same value.
    pub distinct: bool,
    /// What it is, for people.
    pub description: Option<String>,
}

impl Property {
    /// Whether this environment must set the property for a release of the program, if that is known.
    pub fn must_be_set(&self, environment: &str, release: Option<&Release>) -> bool {
        let known = match (&self.since, release) {
            (Some(since), Some(release)) => release >= since,
            _ => true,
        };
        let asked = self.absence == Absence::Missing
            || self.explicit.iter().any(|explicit| explicit == environment);
        known && asked && self.removed.is_none()
    }

    /// The value that counts where none is set.
    pub fn default(&self) -> Option<&str> {
        match &self.absence {
            Absence::Default(value) => Some(value),
            Absence::Fine | Absence::Missing => None,
        }
    }

    /// What is wrong with a value, in words that hold nothing of it; `None` where it is as it should be.
    pub fn refuse(&self, value: &str) -> Option<String> {
        if let Some(why) = self.kind.refuse(value) {
            return Some(why);
        }
        let (pattern, regex) = self.pattern.as_ref()?;
        (!regex.is_match(value)).then(|| format!("does not match the pattern {pattern}"))
    }
}

#[cfg(test)]
mod tests;
