//! How environments differ, without their values.

use std::collections::BTreeSet;

use crate::environments::environment::Environment;
use crate::environments::schema::Schema;
use crate::format::ScanKey;

/// How a property is in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It has a value: which of those that are different, counted from 0 in the order of the environments.
    Value(usize),
    /// The schema's default counts, which is this one of those that are different.
    Default(usize),
    /// It is not set.
    Absent,
    /// Nothing is known: a file is locked, or cannot be read.
    Unknown,
}

/// A property in all environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The property.
    pub name: String,
    /// How it stands, in the order of the environments.
    pub sides: Vec<Side>,
}

impl Comparison {
    /// Whether every environment of which anything is known has the same value, or none.
    pub fn is_same(&self) -> bool {
        let known = |side: &&Side| **side != Side::Unknown;
        let value = |side: &Side| match side {
            Side::Value(value) | Side::Default(value) => Some(*value),
            Side::Absent | Side::Unknown => None,
        };
        let mut sides = self.sides.iter().filter(known).map(value);
        let first = sides.next().flatten();
        sides.all(|side| side == first)
    }
}

/// Lays the environments side by side. Values are compared by a mac under `key`, so that none is kept beside another.
pub fn compare(
    schema: Option<&Schema>,
    environments: &[Environment],
    key: &ScanKey,
) -> Vec<Comparison> {
    let mut names: BTreeSet<&str> =
        environments.iter().flat_map(|one| one.settings.keys()).map(String::as_str).collect();
    if let Some(schema) = schema {
        names.extend(schema.properties.keys().map(String::as_str));
    }
    let mut comparisons = Vec::new();
    for name in names {
        let property = schema.and_then(|schema| schema.properties.get(name));
        let mut values: Vec<[u8; 32]> = Vec::new();
        let mut number = |text: &str| {
            let mac = key.mac(&[name.as_bytes(), b"\0", text.as_bytes()]);
            let known = values.iter().position(|value| *value == mac);
            known.unwrap_or_else(|| {
                values.push(mac);
                values.len() - 1
            })
        };
        let sides: Vec<Side> = environments
            .iter()
            .map(|environment| {
                match (
                    environment.setting(name),
                    property.and_then(|property| property.of(&environment.name).default()),
                ) {
                    (Some(setting), _) => Side::Value(number(setting.meant())),
                    (None, _) if !environment.is_complete() => Side::Unknown,
                    (None, Some(default)) => Side::Default(number(default)),
                    (None, None) => Side::Absent,
                }
            })
            .collect();
        let nowhere = sides.iter().all(|side| matches!(side, Side::Absent | Side::Unknown));
        if !(nowhere && sides.contains(&Side::Absent) && !sides.contains(&Side::Unknown)) {
            comparisons.push(Comparison { name: name.to_owned(), sides });
        }
    }
    comparisons
}
