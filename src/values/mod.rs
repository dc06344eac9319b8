//! Files that are sealed by value (docs/format.md, section 8): names, comments and order stay readable, each value is a token.
//!
//! Nothing is written anew: only the bytes of values change. A file in which anything is in doubt is not sealed so.

mod align;
mod alike;
mod conflict;
mod fresh;
mod index;
mod left;
mod look;
mod mode;
mod only_tokens;
mod open;
mod readable;
mod readers;
mod seal;
mod seal_conflicts;
mod single;
mod siv;
mod spots;
mod token;
mod told;
mod write_only;

use crate::config_format::{self, Doubt, Format};
use crate::format::{Key, KeyId};
use crate::keyring::{Entry, Keyring};

pub use index::Past;
pub use look::{Look, look, look_anyway, newly_exempt};
pub use mode::{Clear, FORMATS, Mode, format_of_path, quotes};
pub use only_tokens::{only_tokens, only_tokens_over, places};
pub use open::{OpenValuesError, Opened, open, open_as, open_in, opened_otherwise, opener};
pub use readable::{Readable, readable};
pub use seal::{SealError, Sealed, Sealer, ToPublic, seal, unproved};
pub use seal_conflicts::seal_conflicts;
pub use single::{ToPublicAgain, Value, each, only_sealed, reseal};
pub use spots::Named;
pub use token::{
    Cipher, PREFIX, Place, Token, TokenError, begins_as_token, has_public, named_keys, tokens,
};
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
    token::holds_token(bytes)
}

/// Whether a file has the marks of conflicts, as git writes them.
pub fn has_conflicts(bytes: &[u8]) -> bool {
    conflict::sides(bytes).is_some()
}

/// The ciphers of the keys that are held, each made when it is needed.
pub struct Ciphers<'k> {
    keyring: &'k Keyring,
    made: Vec<Cipher>,
    fresh: fresh::Fresh,
}

impl<'k> Ciphers<'k> {
    /// Those of this keyring.
    pub fn new(keyring: &'k Keyring) -> Self {
        Self { keyring, made: Vec::new(), fresh: fresh::Fresh::default() }
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
