//! Sealing files by value: everything comes back, and nothing of a value stays.

mod chosen;
mod files;
mod moved;
mod nameless;
mod refusals;
mod write_only;

use super::*;
use crate::keyring::Entry;
use crate::secret::SecretBytes;

/// A keyring with one key of generation `generation`.
fn keyring(bytes: &[u8]) -> Keyring {
    let mut keyring = Keyring::default();
    for (generation, byte) in (1..).zip(bytes) {
        let key = Key::new(SecretBytes::new([*byte; 32]));
        let name = "default".parse().unwrap();
        assert_eq!(keyring.insert(Entry { name, generation, key }), Ok(true));
    }
    keyring
}

fn seal_with(
    keyring: &Keyring,
    format: Format,
    clear: &Clear,
    bytes: &[u8],
    index: &[Vec<u8>],
) -> Result<Sealed, SealError> {
    let current = &keyring.entries()[0].key;
    let keeps = |token: &Token| !token.key().names(current.id());
    let past = Past { sides: index, ..Past::default() };
    seal((format, clear), bytes, Sealer::Key(current), &mut Ciphers::new(keyring), past, keeps)
}

fn sealed(format: Format, bytes: &[u8]) -> Result<Sealed, SealError> {
    seal_with(&keyring(&[1]), format, &Clear::default(), bytes, &[])
}

fn opened(keyring: &Keyring, format: Format, bytes: &[u8]) -> Result<Vec<u8>, OpenValuesError> {
    Ok(match open_as(format, bytes, &mut Ciphers::new(keyring))? {
        Opened::Plaintext { bytes, .. } => bytes.to_vec(),
        Opened::NoTokens => bytes.to_vec(),
        Opened::Locked(key) => panic!("locked: {key}"),
    })
}
