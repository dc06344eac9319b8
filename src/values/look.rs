//! What a stored file is, without a key: which of its values are sealed.

use std::collections::BTreeMap;

use super::mode;
use super::open::read;
use super::spots::{Named, What, spots};
use super::token::TokenError;
use super::{MAX_SEALED, Mode, may_hold_tokens, opener};
use crate::config_format::Doubt;
use crate::format::KeyId;

/// What the stored bytes of a path are that should be sealed by value, and are not sealed whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every value is sealed, exempt or empty.
    Sealed {
        /// How many are sealed, with which key.
        keys: BTreeMap<KeyId, usize>,
        /// For each key, how many of them were sealed to its public key.
        to_public: BTreeMap<KeyId, usize>,
        /// How many of them have a name that is exempt by now.
        exempt: usize,
    },
    /// Values are plaintext.
    Plain {
        /// Which.
        plain: Vec<Named>,
        /// How many values there are that should be sealed.
        values: usize,
        /// How many are sealed, with which key.
        keys: BTreeMap<KeyId, usize>,
    },
    /// What begins as a sealed value can be none.
    Damaged(Named, TokenError),
    /// It does not read, so nothing says what in it is sealed.
    DoesNotRead(Doubt),
}

impl Look {
    /// How many values are sealed, if all are.
    pub fn sealed(&self) -> usize {
        match self {
            Self::Sealed { keys, .. } => keys.values().sum(),
            _ => 0,
        }
    }

    /// The keys of the values that are sealed, as much of their ids as is known.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> {
        let keys = match self {
            Self::Sealed { keys, .. } | Self::Plain { keys, .. } => Some(keys),
            Self::Damaged(..) | Self::DoesNotRead(_) => None,
        };
        keys.into_iter().flat_map(BTreeMap::keys).copied()
    }
}

/// Looks at the stored bytes of a path.
pub fn look(mode: &Mode, bytes: &[u8]) -> Look {
    let none = |why| Look::DoesNotRead(Doubt { line: 1, why });
    let Some(format) = mode.format else {
        // One that git has moved from another name: sealed in the other way is sealed all the same.
        return match look_anyway(b"", bytes) {
            Some(looked @ Look::Sealed { .. }) if looked.sealed() > 0 => looked,
            _ => none("the file's name tells no format"),
        };
    };
    if bytes.len() > MAX_SEALED {
        return none("the file is larger than 16 MiB");
    }
    let document = match mode::read(format, bytes) {
        Ok(document) => document,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let spots = match spots(format, &document, Some(&mode.clear)) {
        Ok(spots) => spots,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let mut keys = BTreeMap::new();
    let mut to_public = BTreeMap::new();
    let mut plain = Vec::new();
    let mut exempt = 0;
    for spot in &spots {
        match spot.what {
            What::Empty | What::Clear => {}
            What::Plain => plain.push(spot.named()),
            What::Token => match read(format, bytes, spot) {
                Ok(token) => {
                    *keys.entry(token.key()).or_default() += 1;
                    if token.is_to_public() {
                        *to_public.entry(token.key()).or_default() += 1;
                    }
                    exempt += usize::from(mode.clear.allows(spot.item));
                }
                Err(why) => return Look::Damaged(spot.named(), why),
            },
        }
    }
    match plain.is_empty() {
        true => Look::Sealed { keys, to_public, exempt },
        false => {
            let values = plain.len() + keys.values().sum::<usize>();
            Look::Plain { plain, values, keys }
        }
    }
}

/// Looks at the stored bytes of a path that should not be sealed by value: `None` where none of its values is sealed. Its
/// format is told by its name, or by the sealed values themselves.
pub fn look_anyway(path: &[u8], bytes: &[u8]) -> Option<Look> {
    if bytes.len() > MAX_SEALED || !may_hold_tokens(bytes) {
        return None;
    }
    let format = opener(mode::format_of_path(path), bytes)?;
    Some(look(&Mode { format: Some(format), ..Mode::default() }, bytes))
}
