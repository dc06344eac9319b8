//! The age file itself: armour, header, payload.

use std::io::{Read as _, Write as _};

use ::age::armor::{ArmoredReader, ArmoredWriter, Format};
use ::age::{DecryptError, Decryptor, EncryptError, Encryptor};
use zeroize::Zeroizing;

use super::AgeError;
use crate::recipient::Strength;

/// Bytes of the longest age file that is opened: an armoured key file of 1 MiB.
pub const MAX_FILE_LEN: usize = 2 << 20;
/// The type of a stanza for a post-quantum recipient.
pub(super) const POST_QUANTUM: &str = "mlkem768x25519";
const FIRST_LINE: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const INTRO: &[u8] = b"age-encryption.org/";

/// Whether bytes begin as an age file does, armoured or not.
pub fn is_age_file(bytes: &[u8]) -> bool {
    is_armoured(bytes) || bytes.starts_with(INTRO)
}

pub(super) fn is_armoured(bytes: &[u8]) -> bool {
    bytes.starts_with(FIRST_LINE)
}

/// Takes the armour off, if there is one; strict as the age format asks for.
pub(super) fn dearmour(bytes: &[u8]) -> Result<Vec<u8>, AgeError> {
    if !is_armoured(bytes) {
        return Ok(bytes.to_vec());
    }
    let mut binary = Vec::with_capacity(bytes.len());
    ArmoredReader::new(bytes).read_to_end(&mut binary).map_err(|_| AgeError::Armour)?;
    Ok(binary)
}

/// The stanzas of a header, each as its words: the recipient type and its arguments.
pub(super) fn stanzas(binary: &[u8]) -> Vec<Vec<String>> {
    binary
        .split(|&byte| byte == b'\n')
        .take_while(|line| !line.starts_with(b"---"))
        .filter_map(|line| std::str::from_utf8(line.strip_prefix(b"-> ")?).ok())
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect()
}

/// How long an age file stays closed, by the types of its stanzas. The weakest decides; one that ends in `-grease` holds nothing.
pub fn strength(file: &[u8]) -> Strength {
    let Ok(binary) = dearmour(file) else { return Strength::Unknown };
    let mut strength = None;
    for stanza in stanzas(&binary) {
        let of_stanza = match stanza.first().map(String::as_str) {
            Some(kind) if kind.ends_with("-grease") => continue,
            Some(POST_QUANTUM) => Strength::PostQuantum,
            Some("X25519" | "ssh-ed25519" | "ssh-rsa" | "p256tag") => Strength::Classical,
            _ => Strength::Unknown,
        };
        strength = match (strength, of_stanza) {
            (None, of_stanza) => Some(of_stanza),
            (Some(Strength::Classical), _) | (_, Strength::Classical) => Some(Strength::Classical),
            (Some(Strength::PostQuantum), Strength::PostQuantum) => Some(Strength::PostQuantum),
            _ => Some(Strength::Unknown),
        };
    }
    strength.unwrap_or(Strength::Unknown)
}

/// Encrypts to one recipient, armoured.
pub(super) fn encrypt(
    recipient: &dyn ::age::Recipient,
    plaintext: &[u8],
) -> Result<String, AgeError> {
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient)).map_err(refused)?;
    let written = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)
        .and_then(|armour| encryptor.wrap_output(armour))
        .and_then(|mut to| to.write_all(plaintext).and_then(|()| to.finish()))
        .and_then(ArmoredWriter::finish);
    let bytes = written.expect("a vector takes any bytes");
    Ok(String::from_utf8(bytes).expect("armour is ASCII"))
}

fn refused(error: EncryptError) -> AgeError {
    match error {
        EncryptError::MissingPlugin { binary_name } => missing_plugin(&binary_name),
        EncryptError::Plugin(errors) => plugin_failed(&errors),
        EncryptError::Io(error) => AgeError::Plugin(printable(&error.to_string())),
        _ => AgeError::NotARecipient,
    }
}

/// Opens a file without armour; the payload is read to its end, so that nothing of a changed one is returned.
pub(super) fn decrypt(
    binary: &[u8],
    identity: &dyn ::age::Identity,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    decrypt_or(binary, identity, AgeError::Damaged)
}

/// The same; `undecryptable` is what it means that the file is meant for the identity and its key does not open.
pub(super) fn decrypt_or(
    binary: &[u8],
    identity: &dyn ::age::Identity,
    undecryptable: AgeError,
) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    let decryptor = Decryptor::new_buffered(binary).map_err(|_| AgeError::Damaged)?;
    let opened = decryptor.decrypt(std::iter::once(identity)).map_err(|error| match error {
        DecryptError::DecryptionFailed => undecryptable,
        other => failed(other),
    });
    let mut payload = opened?;
    // Larger than the payload can be, so that it never grows and leaves a copy behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(binary.len() + 1));
    payload.read_to_end(&mut plaintext).map_err(|_| AgeError::Damaged)?;
    Ok(plaintext)
}

/// Not by the error's own text: it counts steps of scrypt with numbers that a hostile file makes overflow.
fn failed(error: DecryptError) -> AgeError {
    match error {
        DecryptError::NoMatchingKeys => AgeError::NoMatch,
        DecryptError::KeyDecryptionFailed => AgeError::WrongPassphrase,
        DecryptError::ExcessiveWork { required, .. } => AgeError::ExcessiveWork(required.into()),
        DecryptError::MissingPlugin { binary_name } => missing_plugin(&binary_name),
        DecryptError::Plugin(errors) => plugin_failed(&errors),
        DecryptError::Io(error) => AgeError::Plugin(printable(&error.to_string())),
        DecryptError::DecryptionFailed
        | DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::UnknownFormat => AgeError::Damaged,
    }
}

fn missing_plugin(name: &str) -> AgeError {
    AgeError::MissingPlugin(printable(name))
}

fn plugin_failed(errors: &[impl ToString]) -> AgeError {
    let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
    AgeError::Plugin(printable(&messages.join("; ")))
}

/// What a plugin says, in one line that a terminal can be shown.
pub(super) fn printable(text: &str) -> String {
    let line: String = text.chars().take(400).map(|c| if c == '\n' { ' ' } else { c }).collect();
    crate::sanitise::line(&line)
}
