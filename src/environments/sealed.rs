//! Values that are sealed each by itself with keys that are not held, and what their tokens say of each other.

use crate::config_format::{Format, Value};
use crate::format::KeyId;
use crate::values::{Token, begins_as_token, may_hold_tokens};

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
    /// The key of a token that is the only one for its value: what was sealed to a public key is another each time.
    fn key(&self) -> Option<KeyId> {
        let token = Token::parse(self.text.as_bytes()).ok()?;
        (!token.is_to_public()).then(|| token.key())
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
        true => may_hold_tokens(value.text.as_bytes()),
        false => begins_as_token(value.text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;
    use crate::secret::SecretBytes;
    use crate::values::{Cipher, Place, WriteOnly};

    #[test]
    fn what_was_sealed_to_a_public_key_says_nothing_of_others() {
        let key = Key::new(SecretBytes::new([1; 32]));
        let to = WriteOnly { id: key.id(), public: key.public() };
        let place = Place::default();
        let value = |text| SealedValue { source: 0, line: 1, path: Vec::new(), text };
        let public = value(to.seal(b"x", &place, false).unwrap());
        let again = value(to.seal(b"x", &place, false).unwrap());
        let ordinary = value(Cipher::new(&key).token(b"x", &place, false));
        let other = value(Cipher::new(&key).token(b"y", &place, false));
        let like = |one, other| {
            let of = |value| Comparable::Sealed(value, Format::Env);
            of(one).is_like(&of(other))
        };
        assert_eq!(like(&public, &public), Likeness::Same);
        assert_eq!(like(&public, &again), Likeness::Unknown);
        assert_eq!(like(&public, &ordinary), Likeness::Unknown);
        assert_eq!(like(&ordinary, &other), Likeness::Differ);
    }
}
