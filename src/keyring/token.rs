//! A key as one word of text: Bech32m (BIP 350), in upper case (format.md 4).

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use zeroize::Zeroizing;

use crate::format::{KEY_LEN, Key};
use crate::secret::SecretBytes;

const HRP: &str = "git-shroud-key-";
/// What every token begins with.
pub const TOKEN_PREFIX: &str = "GIT-SHROUD-KEY-1";

/// Whether a text begins with a token's prefix, in either case.
pub(super) fn begins_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

/// Why a text is not a token. Never holds the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin as a token does.
    #[error("it is not a key token (which begins with {TOKEN_PREFIX})")]
    NotAToken,
    /// A character is wrong, missing or too many.
    #[error("the key token's checksum does not match: a character is wrong, missing or too many")]
    Checksum,
    /// The checksum holds, but what it guards is not 32 bytes.
    #[error("the key token does not hold 32 bytes")]
    Length,
}

/// Writes a key as a token.
pub fn encode(key: &Key) -> Zeroizing<String> {
    // Large enough from the start: a reallocation would leave a part of the key behind.
    let mut token = Zeroizing::new(String::with_capacity(128));
    bech32::encode_upper_to_fmt::<Bech32m, _>(&mut *token, hrp(), key.expose())
        .expect("a String takes any text, and 32 bytes are not too long");
    token
}

/// Reads a token, in upper or lower case.
///
/// # Errors
/// [`TokenError`].
pub fn decode(text: &str) -> Result<Key, TokenError> {
    if !begins_with(text, TOKEN_PREFIX) {
        return Err(TokenError::NotAToken);
    }
    let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| TokenError::Checksum)?;
    if checked.hrp() != hrp() {
        return Err(TokenError::NotAToken);
    }
    let mut bytes = checked.byte_iter();
    if bytes.len() != KEY_LEN {
        return Err(TokenError::Length);
    }
    let key = Key::new(SecretBytes::filled(|key| {
        key.iter_mut().zip(&mut bytes).for_each(|(to, from)| *to = from);
    }));
    // 256 bits leave four of the last character unused: a key has one token, not sixteen.
    if encode(&key).eq_ignore_ascii_case(text) { Ok(key) } else { Err(TokenError::Checksum) }
}

fn hrp() -> Hrp {
    Hrp::parse(HRP).expect("the human-readable part is printable ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(SecretBytes::new([5; KEY_LEN]))
    }

    #[test]
    fn a_token_names_its_key_in_either_case() {
        let token = encode(&key());
        assert!(token.starts_with(TOKEN_PREFIX));
        assert!(decode(&token).unwrap().same_as(&key()));
        assert!(decode(&token.to_lowercase()).unwrap().same_as(&key()));
    }

    #[test]
    fn no_changed_character_is_accepted() {
        let token = encode(&key());
        for at in TOKEN_PREFIX.len()..token.len() {
            let mut changed = token.clone();
            let other = if &token[at..=at] == "Q" { "P" } else { "Q" };
            changed.replace_range(at..=at, other);
            assert_eq!(decode(&changed).err(), Some(TokenError::Checksum), "{at}");
        }
    }

    #[test]
    fn unused_bits_must_be_zero() {
        let token = "GIT-SHROUD-KEY-1AKE0EHHTCJG4EAUKGDLARFLAADLWCWH74Z7AEP0R0AQ5LNK68XP49F5XR4";
        assert!(CheckedHrpstring::new::<Bech32m>(token).is_ok());
        assert_eq!(decode(token).err(), Some(TokenError::Checksum));
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(decode("").err(), Some(TokenError::NotAToken));
        assert_eq!(decode("AGE-SECRET-KEY-1QQQ").err(), Some(TokenError::NotAToken));
        let short = bech32::encode_upper::<Bech32m>(hrp(), &[1; 31]).unwrap();
        assert_eq!(decode(&short).err(), Some(TokenError::Length));
    }
}
