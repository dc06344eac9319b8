//! Files that are sealed by value (docs/format.md, section 8): names, comments and order stay readable, each value is a token.
//!
//! Nothing is written anew: only the bytes of values change. A file in which anything is in doubt is not sealed so.

mod index;
mod look;
mod mode;
mod open;
mod readable;
mod seal;
mod single;
mod siv;
mod spots;
mod token;
mod told;
mod write_only;

use crate::config_format::{self, Doubt, Format};
use crate::format::{Key, KeyId};
use crate::keyring::{Entry, Keyring};

pub use index::Index;
pub use look::{Look, look, look_anyway};
pub use mode::{Clear, FORMATS, Mode, format_of_path, quotes};
pub use open::{OpenValuesError, Opened, named_keys, open, open_as, open_in, opener, tokens};
pub use readable::{Readable, readable};
pub use seal::{SealError, Sealed, Sealer, ToPublic, only_tokens, seal, unproved};
pub use single::{Value, each, only_sealed, reseal};
pub use spots::Named;
pub use token::{Cipher, PREFIX, Place, Token, TokenError};
pub use told::{Told, ToldValue, tell};
pub use write_only::WriteOnly;

/// Bytes of a plaintext file that is sealed by value, at most.
pub const MAX_LEN: usize = config_format::MAX_LEN;
/// Values of a file that is sealed by value, at most.
pub const MAX_VALUES: usize = config_format::MAX_ITEMS;
/// Bytes of a file whose values are sealed, at most: the longest that sealing writes is shorter.
pub const MAX_SEALED: usize = 16 << 20;

/// Whether these bytes may hold sealed values: a test that needs no reader.
pub fn may_hold_tokens(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PREFIX.as_bytes()).is_some()
}

/// The ciphers of the keys that are held, each made when it is needed.
pub struct Ciphers<'k> {
    keyring: &'k Keyring,
    made: Vec<Cipher>,
}

impl<'k> Ciphers<'k> {
    /// Those of this keyring.
    pub fn new(keyring: &'k Keyring) -> Self {
        Self { keyring, made: Vec::new() }
    }

    /// The keyring.
    pub fn keyring(&self) -> &'k Keyring {
        self.keyring
    }

    /// The held key that a token names.
    pub fn held(&self, id: KeyId) -> Option<&'k Entry> {
        self.keyring.by_id(id)
    }

    /// The cipher of a key.
    pub fn of(&mut self, key: &Key) -> &mut Cipher {
        let at = match self.made.iter().position(|made| made.id() == key.id()) {
            Some(at) => at,
            None => {
                self.made.push(Cipher::new(key));
                self.made.len() - 1
            }
        };
        &mut self.made[at]
    }
}

/// Why a file is not sealed by value where neither its name nor an attribute tells its format.
pub fn no_format() -> SealError {
    const WHY: &str = "neither its name nor the attribute shroud-format tells whether it is env, properties, ini, toml, yaml or json";
    SealError::DoesNotRead(Doubt { line: 1, why: WHY })
}

/// A file that is not read, for people.
pub fn does_not_read(format: Format, doubt: &Doubt) -> String {
    format!("does not read as {}: line {}, {}", format.name(), doubt.line, doubt.why)
}

#[cfg(test)]
mod tests;
