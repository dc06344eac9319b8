//! What a stored file is, without a key: which of its values are sealed.

use std::collections::BTreeMap;

use super::mode::Mode;
use super::open::read;
use super::spots::{Named, What, spots};
use super::token::{KeyPrefix, TokenError};
use super::{MAX_SEALED, may_hold_tokens};
use crate::config_format::Doubt;

/// What the stored bytes of a path are that should be sealed by value, and are not sealed whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every value is sealed, exempt or empty.
    Sealed {
        /// How many are sealed, with which key.
        keys: BTreeMap<KeyPrefix, usize>,
    },
    /// Values are plaintext.
    Plain {
        /// Which.
        plain: Vec<Named>,
        /// How many values there are that should be sealed.
        values: usize,
    },
    /// What begins as a sealed value can be none.
    Damaged(Named, TokenError),
    /// It does not read, so nothing says what in it is sealed.
    DoesNotRead(Doubt),
}

impl Look {
    /// How many values are sealed.
    pub fn sealed(&self) -> usize {
        match self {
            Self::Sealed { keys } => keys.values().sum(),
            _ => 0,
        }
    }
}

/// Looks at the stored bytes of a path.
pub fn look(mode: &Mode, bytes: &[u8]) -> Look {
    let none = |why| Look::DoesNotRead(Doubt { line: 1, why });
    let Some(format) = mode.format else { return none("the file's name tells no format") };
    if bytes.len() > MAX_SEALED {
        return none("the file is larger than 16 MiB");
    }
    let document = match format.parse(bytes) {
        Ok(document) => document,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let spots = match spots(format, &document, Some(&mode.clear)) {
        Ok(spots) => spots,
        Err(doubt) => return Look::DoesNotRead(doubt),
    };
    let mut keys = BTreeMap::new();
    let mut plain = Vec::new();
    for spot in &spots {
        match spot.what {
            What::Empty | What::Clear => {}
            What::Plain => plain.push(spot.named()),
            What::Token => match read(format, bytes, spot) {
                Ok(token) => *keys.entry(token.key()).or_default() += 1,
                Err(why) => return Look::Damaged(spot.named(), why),
            },
        }
    }
    debug_assert!(keys.is_empty() || may_hold_tokens(bytes));
    match plain.is_empty() {
        true => Look::Sealed { keys },
        false => Look::Plain { values: plain.len() + keys.values().sum::<usize>(), plain },
    }
}
