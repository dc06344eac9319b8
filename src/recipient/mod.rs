//! Whom a key is wrapped to, and how it is unwrapped: OpenPGP, age, SSH, a command (docs/format.md, section 5).
//!
//! Knows no repository. What it is given may be hostile: certificates, messages, identities.

pub mod age;
pub mod command;
pub mod identities;
pub mod kinds;
pub mod means;
pub mod openpgp;
mod strength;

use std::fmt;
use std::str::FromStr;

pub use kinds::{Kind, Method, ReadError, Wrapping, is_private, is_private_key, read_line};
pub use strength::Strength;

/// One to whom a key can be wrapped, as a member file names it.
///
/// The text is canonical, so that equal texts are equal recipients: `openpgp:` and the fingerprint in upper-case
/// hexadecimal digits; `age1…` in lower case; `ssh-ed25519 AAAA…` or `ssh-rsa AAAA…` without a comment;
/// `command:` and the name of a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Recipient {
    method: Method,
    text: String,
}

/// The text names no recipient. Never holds the text, which may be a secret key in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not a recipient: 'openpgp:' with a fingerprint, 'age1…', 'ssh-ed25519 AAAA…', 'ssh-rsa AAAA…' or 'command:NAME'"
)]
pub struct InvalidRecipient;

impl Recipient {
    /// The recipient that the certificate with this fingerprint is: 40 or 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidRecipient`].
    pub fn openpgp(fingerprint: &str) -> Result<Self, InvalidRecipient> {
        let digits = fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || !matches!(fingerprint.len(), 40 | 64) {
            return Err(InvalidRecipient);
        }
        let text = format!("openpgp:{}", fingerprint.to_ascii_uppercase());
        Ok(Self { method: Method::OpenPgp, text })
    }

    /// By which means a key is wrapped to this recipient.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The text in a member file.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text for a line that people read: of a long one, such as a post-quantum key of age's, only its ends.
    pub fn brief(&self) -> String {
        self.method.kind().brief(&self.text)
    }

    /// The fingerprint of the certificate that it is, if it is one.
    pub fn fingerprint(&self) -> Option<&str> {
        self.method.kind().fingerprint(&self.text)
    }

    /// The name of the command that it is, if it is one.
    pub fn command(&self) -> Option<&str> {
        self.text.strip_prefix(command::PREFIX).filter(|_| self.method == Method::Command)
    }

    /// How long what was wrapped to it stays closed.
    pub fn strength(&self, wrapped: &str) -> Strength {
        self.method.kind().strength(wrapped)
    }

    /// Encrypts to it, as text; to its certificate, where it is one.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn wrap(
        &self,
        certificate: Option<&openpgp::Certificate>,
        plaintext: &[u8],
        with: Wrapping<'_>,
    ) -> Result<String, WrapError> {
        self.method.kind().wrap(self, certificate, plaintext, with)
    }

    fn new(method: Method, text: &str) -> Self {
        Self { method, text: text.to_owned() }
    }
}

/// Why nothing was wrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The certificate is missing.
    #[error("its file has no certificate")]
    NoCertificate,
    /// The certificate cannot be used.
    #[error(transparent)]
    OpenPgp(#[from] openpgp::WrapError),
    /// The recipient cannot be used.
    #[error(transparent)]
    Age(#[from] age::AgeError),
    /// A remote does not say which command opens an envelope.
    #[error(
        "a command cannot be a member of an encrypted remote: give an OpenPGP, age or SSH public key"
    )]
    CommandOfRemote,
    /// The command is not configured, or fails.
    #[error(transparent)]
    Command(#[from] command::RunError),
}

impl WrapError {
    /// The next thing to do, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::OpenPgp(error) => error.hint(),
            Self::NoCertificate | Self::Age(_) | Self::CommandOfRemote | Self::Command(_) => None,
        }
    }
}

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    /// Reads the canonical text; whether it can be used is known when a key is wrapped.
    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        kinds::canonical(text)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Asks for a passphrase: the question, without a colon. `None` where nobody answers.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Option<zeroize::Zeroizing<String>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_have_one_text() {
        for text in [
            "openpgp:0123456789ABCDEF0123456789ABCDEF01234567",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
            "ssh-rsa AAAAB3NzaC1yc2E=",
            "command:prod-kms",
        ] {
            assert_eq!(text.parse::<Recipient>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "openpgp:0123456789abcdef0123456789abcdef01234567",
            "openpgp:01",
            "age1",
            "AGE-SECRET-KEY-1QQ",
            "ssh-dss AAAA1",
            "ssh-ed25519 AAAA1 comment",
            "ssh-rsa AAAA1\n",
            "command:",
            "command:a b",
            "command:../x",
            "command:$(x)",
            "Command:x",
        ] {
            assert_eq!(text.parse::<Recipient>(), Err(InvalidRecipient), "{text:?}");
        }
    }
}
