//! How environments differ, without their values.

use std::collections::BTreeSet;

use crate::environments::environment::Environment;
use crate::environments::schema::Schema;
use crate::environments::sealed::{Comparable, Likeness};
use crate::format::ScanKey;

/// How a property is in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It has a value: which of those that are different, counted from 0 in the order of the environments.
    Value(usize),
    /// The schema's default counts, which is this one of those that are different.
    Default(usize),
    /// It has a value, sealed with a key that is not held here: which of those that are different, counted from 0 and apart from
    /// the values that are known. `None` where it can be compared with no other.
    Sealed(Option<usize>),
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
    /// Whether they are the same, as far as is known.
    pub likeness: Likeness,
}

impl Comparison {
    /// Whether values are known to differ, or one environment sets it and another does not.
    pub fn differs(&self) -> bool {
        self.likeness == Likeness::Differ
    }
}

/// Whether all environments have the same value, or none. Those that tell nothing are left out.
fn likeness(sides: &[Side], values: &[Option<Comparable<'_>>]) -> Likeness {
    let pairs = |at: usize| (0..at).map(move |other| (at, other));
    let of_pair = |(one, other): (usize, usize)| match (sides[one], sides[other]) {
        (Side::Unknown, _) | (_, Side::Unknown) => Likeness::Same,
        (Side::Absent, Side::Absent) => Likeness::Same,
        (Side::Absent, _) | (_, Side::Absent) => Likeness::Differ,
        _ => match (&values[one], &values[other]) {
            (Some(one), Some(other)) => one.is_like(other),
            _ => Likeness::Unknown,
        },
    };
    let found: Vec<Likeness> = (0..sides.len()).flat_map(pairs).map(of_pair).collect();
    let first = [Likeness::Differ, Likeness::Unknown].into_iter().find(|one| found.contains(one));
    first.unwrap_or(Likeness::Same)
}

/// Numbers the sealed values that can be compared with another one.
fn numbers(values: &[Option<Comparable<'_>>]) -> Vec<Option<usize>> {
    let mut numbers: Vec<Option<usize>> = vec![None; values.len()];
    let mut next = 0;
    let like = |one: usize, other: usize| match (&values[one], &values[other]) {
        (Some(one @ Comparable::Sealed(..)), Some(other)) if !std::ptr::eq(one, other) => {
            one.is_like(other)
        }
        _ => Likeness::Unknown,
    };
    for at in 0..values.len() {
        let others = || (0..values.len()).filter(move |other| *other != at);
        if others().all(|other| like(at, other) == Likeness::Unknown) {
            continue;
        }
        let same = (0..at).find(|other| like(at, *other) == Likeness::Same);
        numbers[at] = same.and_then(|other| numbers[other]).or_else(|| {
            next += 1;
            Some(next - 1)
        });
    }
    numbers
}

/// Lays the environments side by side. Values are compared by a mac under `key`, so that none is kept beside another.
pub fn compare(
    schema: Option<&Schema>,
    environments: &[Environment],
    key: &ScanKey,
) -> Vec<Comparison> {
    let mut names: BTreeSet<&str> = environments
        .iter()
        .flat_map(|one| one.settings.keys().chain(one.sealed.keys()))
        .map(String::as_str)
        .collect();
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
        let default = |environment: &Environment| {
            property.and_then(|property| property.of(&environment.name).default())
        };
        let is_known =
            |environment: &Environment| environment.is_complete() || environment.has_all_names();
        let values: Vec<Option<Comparable<'_>>> = environments
            .iter()
            .map(|environment| match environment.comparable(name) {
                None if !is_known(environment) => None,
                None => default(environment).map(Comparable::Text),
                value => value,
            })
            .collect();
        let sealed = numbers(&values);
        let side = |(at, environment): (usize, &Environment)| match values[at] {
            Some(Comparable::Sealed(..)) => Side::Sealed(sealed[at]),
            Some(Comparable::Text(text)) => match environment.setting(name) {
                Some(_) => Side::Value(number(text)),
                None => Side::Default(number(text)),
            },
            None if is_known(environment) => Side::Absent,
            None => Side::Unknown,
        };
        let sides: Vec<Side> = environments.iter().enumerate().map(side).collect();
        let nowhere = sides.iter().all(|side| matches!(side, Side::Absent | Side::Unknown));
        if !(nowhere && sides.contains(&Side::Absent) && !sides.contains(&Side::Unknown)) {
            let likeness = likeness(&sides, &values);
            comparisons.push(Comparison { name: name.to_owned(), sides, likeness });
        }
    }
    comparisons
}
