//! Values that are sealed each by itself with keys that are not held, and what their tokens say of each other.

use crate::config_format::{Format, Value};
use crate::format::KeyId;
use crate::values::{PREFIX, Token};

/// A value of a property that is sealed, with a key that is not held here.
pub struct SealedValue {
    /// Which of the environment's sources it is in.
    pub source: usize,
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// The names that lead to it in its file.
    pub path: Vec<String>,
    /// As it is stored; of a list, JSON.
    pub text: String,
}

impl SealedValue {
    fn key(&self) -> Option<KeyId> {
        Some(Token::parse(self.text.as_bytes()).ok()?.key())
    }
}

/// What is known of two values without their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They are the same.
    Same,
    /// They are written differently.
    Differ,
    /// Nothing: other keys, or other names lead to them.
    Unknown,
}

/// What a value is, as far as values can be compared.
#[derive(Clone, Copy)]
pub enum Comparable<'e> {
    /// It is known.
    Text(&'e str),
    /// It is sealed, in a file of this format.
    Sealed(&'e SealedValue, Format),
}

impl Comparable<'_> {
    /// Compares two values of one name.
    pub fn is_like(&self, other: &Self) -> Likeness {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) if one == other => Likeness::Same,
            (Self::Text(_), Self::Text(_)) => Likeness::Differ,
            // A value is bound to all names that lead to it, and quotes are a part of it.
            (Self::Sealed(one, format), Self::Sealed(other, same))
                if one.path == other.path && format == same =>
            {
                match (one.key(), other.key()) {
                    _ if one.text == other.text => Likeness::Same,
                    (Some(key), Some(same)) if key == same => Likeness::Differ,
                    _ => Likeness::Unknown,
                }
            }
            _ => Likeness::Unknown,
        }
    }
}

/// Whether a value is sealed, or holds a value that is.
pub(super) fn is_sealed(value: &Value) -> bool {
    match value.kind.is_compound() {
        true => value.text.contains(PREFIX),
        false => value.text.starts_with(PREFIX),
    }
}
