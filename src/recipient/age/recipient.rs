//! To whom age encrypts: `age1…`, `age1pq1…`, a plugin's `age1NAME1…`, an SSH public key.

use ::age::{plugin, ssh, x25519};

use super::file::encrypt;
use super::plugin::Messages;
use super::ssh::PublicKey;
use super::{AgeError, file, post_quantum};
use crate::recipient::Recipient;

/// Bytes of the longest line that is read: an RSA key has under 1 KiB, a post-quantum recipient 2 KiB.
const MAX_LINE_LEN: usize = 16 << 10;

/// A recipient whose key was checked.
enum Target {
    X25519(x25519::Recipient),
    PostQuantum(Box<post_quantum::Recipient>),
    Plugin(plugin::Recipient),
    Ssh(ssh::Recipient),
}

/// Reads `age1…`, or a line of a `.pub` file, into the canonical recipient and the line's comment, safe to print.
///
/// # Errors
/// [`AgeError::SecretKey`] for what must not be here; [`AgeError::UnsupportedSsh`], [`AgeError::WeakRsa`],
/// [`AgeError::LargeRsa`]; else [`AgeError::NotARecipient`].
pub fn parse_recipient(text: &str) -> Result<(Recipient, Option<String>), AgeError> {
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    if ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-----"].iter().any(|s| upper.contains(s)) {
        return Err(AgeError::SecretKey);
    }
    if text.len() > MAX_LINE_LEN || text.contains(['\n', '\r']) {
        return Err(AgeError::NotARecipient);
    }
    // A QR code gives Bech32 in upper case; mixed case stays as it is, and is refused.
    let lower = text.to_ascii_lowercase();
    let text = if text == upper && lower.starts_with("age1") { &lower } else { text };
    let mut fields = text.splitn(3, char::is_whitespace);
    let (first, second) = (fields.next().unwrap_or_default(), fields.next());
    let canonical = match second {
        None => first.to_owned(),
        Some(blob) => format!("{first} {blob}"),
    };
    let canonical = match Target::parse(&canonical)? {
        Target::X25519(recipient) => recipient.to_string(),
        Target::PostQuantum(recipient) => recipient.text(),
        Target::Plugin(recipient) => recipient.to_string(),
        Target::Ssh(recipient) => recipient.to_string(),
    };
    let comment = fields.next().map(str::trim).filter(|comment| !comment.is_empty());
    let recipient = canonical.parse().map_err(|_| AgeError::NotARecipient)?;
    Ok((recipient, comment.map(file::printable)))
}

/// Encrypts to one recipient, armoured.
///
/// # Errors
/// The recipient is none of age's; its plugin is missing or fails.
pub fn wrap(recipient: &Recipient, plaintext: &[u8]) -> Result<String, AgeError> {
    match Target::parse(recipient.as_str())? {
        Target::X25519(recipient) => encrypt(&recipient, plaintext),
        Target::Ssh(recipient) => encrypt(&recipient, plaintext),
        Target::PostQuantum(recipient) => encrypt(&*recipient, plaintext),
        Target::Plugin(recipient) => {
            let name = recipient.plugin().to_owned();
            let recipient = plugin::RecipientPluginV1::new(&name, &[recipient], &[], Messages)
                .map_err(|_| AgeError::MissingPlugin(format!("age-plugin-{name}")))?;
            encrypt(&recipient, plaintext)
        }
    }
}

impl Target {
    /// Reads the canonical text, which may come from a repository.
    fn parse(text: &str) -> Result<Self, AgeError> {
        if text.starts_with("age1") {
            if let Ok(recipient) = text.parse() {
                return Ok(Self::X25519(recipient));
            }
            // No plugin of the name "pq" is asked.
            if text.starts_with(post_quantum::BEGIN) {
                let recipient = post_quantum::Recipient::parse(text).map(Box::new);
                return recipient.map(Self::PostQuantum).ok_or(AgeError::NotARecipient);
            }
            return text.parse().map(Self::Plugin).map_err(|_| AgeError::NotARecipient);
        }
        let key = PublicKey::parse_line(text)?;
        let recipient = key.to_line().parse();
        recipient.map(Self::Ssh).map_err(|_: ssh::ParseRecipientKeyError| AgeError::NotARecipient)
    }
}
