//! Whom a key is wrapped to, and how it is unwrapped: OpenPGP, age, SSH (docs/format.md, section 5).
//!
//! Knows no repository. What it is given may be hostile: certificates, messages, identities.

pub mod age;
pub mod openpgp;

use std::fmt;
use std::str::FromStr;

/// By which means a key is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// An OpenPGP message to a certificate (RFC 9580).
    OpenPgp,
    /// An age file to an `age1…` recipient (age-encryption.org/v1).
    Age,
    /// An age file to an SSH key.
    Ssh,
}

impl Method {
    /// The word for people and for `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::Age => "age",
            Self::Ssh => "ssh",
        }
    }
}

/// One to whom a key can be wrapped, as a member file names it.
///
/// The text is canonical, so that equal texts are equal recipients: `openpgp:` and the fingerprint in upper-case
/// hexadecimal digits; `age1…` in lower case; `ssh-ed25519 AAAA…` or `ssh-rsa AAAA…` without a comment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Recipient {
    method: Method,
    text: String,
}

/// The text names no recipient. Never holds the text, which may be a secret key in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not a recipient: 'openpgp:' with a fingerprint, 'age1…', 'ssh-ed25519 AAAA…' or 'ssh-rsa AAAA…'"
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

    /// The fingerprint of an OpenPGP certificate.
    pub fn fingerprint(&self) -> Option<&str> {
        self.text.strip_prefix("openpgp:")
    }
}

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    /// Reads the canonical text; whether age or SSH can use it is known when a key is wrapped.
    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        if let Some(fingerprint) = text.strip_prefix("openpgp:") {
            let recipient = Self::openpgp(fingerprint)?;
            return if recipient.text == text { Ok(recipient) } else { Err(InvalidRecipient) };
        }
        let is_word = |word: &str, begin: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-".contains(&byte);
            word.starts_with(begin) && word.len() > begin.len() && word.bytes().all(allowed)
        };
        let method = match text.split_once(' ') {
            None if is_word(text, "age1") => Method::Age,
            Some(("ssh-ed25519" | "ssh-rsa", key)) if is_word(key, "AAAA") => Method::Ssh,
            _ => return Err(InvalidRecipient),
        };
        Ok(Self { method, text: text.to_owned() })
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
        ] {
            assert_eq!(text.parse::<Recipient>(), Err(InvalidRecipient), "{text:?}");
        }
    }
}
