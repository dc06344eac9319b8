//! Files that are sealed by value, and their tokens.

use git_shroud::format::Key;
use git_shroud::keyring::{Entry, Keyring};
use git_shroud::secret::SecretBytes;
use git_shroud::values::{
    Cipher, Ciphers, Clear, FORMATS, Mode, Opened, Past, Place, SealError, Sealer, Token, look,
    named_keys, only_tokens, open, open_as, opener, seal,
};

fn key() -> Key {
    Key::new(SecretBytes::new([7; 32]))
}

/// A token, without quotes.
pub(super) fn value_token(bytes: &[u8]) {
    let Ok(token) = Token::parse(bytes) else { return };
    let mut cipher = Cipher::new(&key());
    let mut place = Place::default();
    place.push_name("A");
    if let Ok(raw) = cipher.open(&token, &place)
        && !token.is_to_public()
    {
        assert!(cipher.token(&raw, &place, token.is_quoted()).as_bytes() == bytes);
    }
}

/// A format by the first byte, then a file: what is sealed by value comes back, and what is stored is read as such.
pub(super) fn value_file(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let mut keyring = Keyring::default();
    let entry = Entry { name: "default".parse().unwrap(), generation: 1, key: key() };
    keyring.insert(entry).unwrap();
    let mut ciphers = Ciphers::new(&keyring);
    let mode = Mode { format: Some(format), clear: Clear::of_list("log*,a.b") };
    look(&mode, bytes);
    opener(Some(format), bytes);
    named_keys(bytes);
    let _ = open(None, bytes, &mut ciphers);
    let _ = only_tokens(&mode, bytes, &mut Ciphers::new(&Keyring::default()));
    let sides = [bytes.to_vec()];
    let past = Past {
        sides: &sides,
        base: Some(bytes),
        origin: Some(bytes),
        heads: &sides,
        ..Past::default()
    };
    let sealed =
        seal((format, &mode.clear), bytes, Sealer::Key(&key()), &mut ciphers, past, |_| true);
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(SealError::DoesNotRead(doubt)) => {
            assert!(doubt.line >= 1);
            return;
        }
        Err(_) => return,
    };
    // What a stored version has just so may stay, even where it is no sound token.
    let is_left = sealed.left.is_some();
    let found = look(&mode, &sealed.bytes).sealed();
    assert!(found == sealed.values || is_left && found < sealed.values, "a value is not sealed");
    let had_tokens = bytes.windows(10).any(|part| part == b"shroud.v1.");
    match open_as(format, &sealed.bytes, &mut ciphers) {
        Ok(Opened::Plaintext { bytes: opened, .. }) => {
            assert!(had_tokens || **opened == *bytes, "it does not come back");
        }
        Ok(Opened::NoTokens) => assert!(sealed.bytes == bytes),
        // Tokens of other keys were there before.
        Ok(Opened::Locked(_)) => assert!(had_tokens),
        Err(error) => assert!(is_left, "{error}"),
    }
}
