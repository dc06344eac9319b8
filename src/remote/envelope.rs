//! Envelopes: the key of a store, wrapped to one member each (docs/format.md, section 9.2).
//!
//! Their names say nothing of the member. What an envelope holds is believed only if it is the very key that sealed the manifest.

use std::time::SystemTime;

use crate::format::KeyId;
use crate::keyring::{Entry, Keyring, to_text};
use crate::recipient::Ask;
use crate::recipient::command::Commands;
use crate::recipient::identities::Identities;
use crate::recipient::means::{Means, OpenFailure};
use crate::recipient::openpgp::{Certificate, Packing};
use crate::recipient::{Recipient, WrapError, Wrapping};

/// The folder of envelopes in a store.
pub const FOLDER: &str = "keys/";
/// Bytes of the longest envelope that is read.
pub const MAX_LEN: u64 = 64 << 10;
/// Envelopes that are tried at most.
pub const MAX_COUNT: usize = 1000;
/// What an envelope to an age or SSH recipient begins with.
const AGE: &str = "-----BEGIN AGE ENCRYPTED FILE-----";

/// Wraps a key to one member.
///
/// # Errors
/// The recipient or the certificate cannot be used, or the recipient is a command: an envelope does not say which one opens it.
pub fn wrap(
    entry: &Entry,
    recipient: &Recipient,
    certificate: Option<&Certificate>,
    now: SystemTime,
) -> Result<String, WrapError> {
    if recipient.command().is_some() {
        return Err(WrapError::CommandOfRemote);
    }
    let with = Wrapping { now, commands: &Commands::default() };
    recipient.wrap(certificate, to_text([entry]).as_bytes(), with)
}

/// Opens the first envelope that holds the key with this id; on failure says what was tried.
///
/// What asks nothing is tried first, with all envelopes.
///
/// # Errors
/// None of them opens, or none holds the key.
pub fn unwrap(
    envelopes: &[String],
    id: KeyId,
    identities: &Identities,
    ask: Ask<'_>,
) -> Result<Entry, Vec<String>> {
    let mut tried = Vec::new();
    for means in Means::all(identities) {
        for envelope in envelopes {
            let opened = match &means {
                Means::Identity(identity) if envelope.starts_with(AGE) => {
                    if identity.has_failed() {
                        continue;
                    }
                    let opened = identity.unwrap(envelope, ask);
                    opened.map_err(|error| OpenFailure::new(error.to_string(), None))
                }
                Means::Identity(_) | Means::Commands(_) => continue,
                Means::SecretKey(_) | Means::Gpg(_) if envelope.starts_with(AGE) => continue,
                Means::SecretKey(_) | Means::Gpg(_) => {
                    let message = envelope.as_bytes();
                    match means.open_openpgp(identities, message, Packing::None, ask) {
                        Some(opened) => opened,
                        None => continue,
                    }
                }
            };
            match opened.and_then(|text| read(&text, id)) {
                Ok(entry) => return Ok(entry),
                Err(OpenFailure { why, .. }) => {
                    let why = format!("{}: {why}", means.name());
                    if !tried.contains(&why) {
                        tried.push(why);
                    }
                }
            }
        }
    }
    Err(tried)
}

/// The key in an opened envelope, if it is the one that was looked for.
fn read(text: &[u8], id: KeyId) -> Result<Entry, OpenFailure> {
    let keyring = Keyring::parse(text)
        .map_err(|error| OpenFailure::new(format!("what it holds: {error}"), None))?;
    let entry = keyring.into_entries().into_iter().find(|entry| entry.key.id() == id);
    entry.ok_or_else(|| OpenFailure::new("the envelope holds another key", None))
}
