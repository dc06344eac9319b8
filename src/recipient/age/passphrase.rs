//! age files under a passphrase (scrypt).

use ::age::scrypt;
use ::age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::file::{MAX_FILE_LEN, dearmour, decrypt_or, encrypt, stanzas};
use super::{AgeError, MAX_WORK_FACTOR};
use crate::recipient::Ask;

/// How many times a passphrase is asked for.
const TRIES: usize = 3;
/// 2^18 steps, as the program age does it: about a second, and 256 MiB of memory.
const WORK_FACTOR: u8 = 18;

/// Encrypts under a passphrase, armoured: any age program opens it.
///
/// # Errors
/// [`AgeError`]; none is known that can happen.
pub fn encrypt_with_passphrase(passphrase: &str, plaintext: &[u8]) -> Result<String, AgeError> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    encrypt(&recipient, plaintext)
}

/// Opens a file under a passphrase, armoured or not, of at most 2 MiB.
///
/// # Errors
/// [`AgeError::WrongPassphrase`]; [`AgeError::NotPassphrase`] for a file to recipients; [`AgeError::ExcessiveWork`] above
/// 2^20 steps of scrypt, before any of them; [`AgeError::TooLarge`], [`AgeError::Armour`], [`AgeError::Damaged`].
pub fn decrypt_with_passphrase(
    bytes: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    PassphraseFile::read(bytes)?.open(passphrase)
}

/// The same with a passphrase that is asked for, up to three times.
///
/// # Errors
/// As [`decrypt_with_passphrase`]; [`AgeError::Cancelled`] where none is given.
pub fn open_with_passphrase(
    bytes: &[u8],
    question: &str,
    ask: Ask<'_>,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    // What no passphrase opens is refused before one is asked for.
    let file = PassphraseFile::read(bytes)?;
    with_passphrase(question, ask, |passphrase| file.open(passphrase))
}

/// A file that a passphrase can open with bounded work.
struct PassphraseFile(Vec<u8>);

impl PassphraseFile {
    fn read(bytes: &[u8]) -> Result<Self, AgeError> {
        if bytes.len() > MAX_FILE_LEN {
            return Err(AgeError::TooLarge(MAX_FILE_LEN / 1024));
        }
        let binary = dearmour(bytes)?;
        let stanzas = stanzas(&binary);
        match stanzas.as_slice() {
            [] => Err(AgeError::Damaged),
            [stanza] if stanza[0] == "scrypt" => {
                let steps = stanza.get(2).and_then(|text| text.parse().ok());
                match steps.ok_or(AgeError::Damaged)? {
                    steps if steps > u32::from(MAX_WORK_FACTOR) => {
                        Err(AgeError::ExcessiveWork(steps))
                    }
                    _ => Ok(Self(binary)),
                }
            }
            _ => Err(AgeError::NotPassphrase),
        }
    }

    fn open(&self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        decrypt_or(&self.0, &identity, AgeError::WrongPassphrase)
    }
}

/// Asks for a passphrase until it is right, three times at most, and not again when the same one comes back.
pub(super) fn with_passphrase<T>(
    question: &str,
    ask: Ask<'_>,
    mut attempt: impl FnMut(&str) -> Result<T, AgeError>,
) -> Result<T, AgeError> {
    let mut last = None;
    for _ in 0..TRIES {
        let given = ask(question).ok_or(AgeError::Cancelled)?;
        // The environment gives the same answer every time, and each attempt takes a second.
        if last.as_ref() == Some(&given) {
            break;
        }
        match attempt(&given) {
            Err(AgeError::WrongPassphrase) => last = Some(given),
            outcome => return outcome,
        }
    }
    Err(AgeError::WrongPassphrase)
}
