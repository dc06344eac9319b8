//! The kinds of recipients: what each can do, in one place.
//!
//! A new kind is a variant in [`kinds!`] with its [`Kind`]: no method has a default, so that none can be forgotten. What
//! opens its messages is in [`super::means`], where that is looked for in [`super::identities`].

// A kind without its line in `kinds!` is never used.
#![deny(dead_code)]

mod command;

use std::time::SystemTime;

use zeroize::Zeroizing;

use super::age::{self, AgeError};
use super::command::Commands;
use super::identities::{Holder, Identities};
use super::means::{Means, OpenFailure};
use super::openpgp::{self, Certificate, Message, Packing};
use super::{Ask, InvalidRecipient, Recipient, Strength, WrapError};

/// A recipient with the comment that stood behind it, or why the text is none.
pub type Read = Result<(Recipient, Option<String>), ReadError>;

/// Why a text is no recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no public key.
    #[error(transparent)]
    Key(#[from] AgeError),
    /// What follows `command:` is no name.
    #[error(
        "the name of a command is 1 to 64 of a-z, 0-9, '-', '_' and '.', and begins with a letter or digit"
    )]
    Command,
}

/// What wrapping takes besides the recipient.
#[derive(Clone, Copy)]
pub struct Wrapping<'w> {
    /// At which time certificates must be valid.
    pub now: SystemTime,
    /// The commands that the user has configured.
    pub commands: &'w Commands,
}

/// What a kind of recipient can do. A text is that of a recipient, as [`Recipient::as_str`] gives it.
pub trait Kind: Sync {
    /// The word for people and for `--json`.
    fn name(&self) -> &'static str;

    /// Begins the label of somebody of whom nothing else is known.
    fn label_prefix(&self) -> &'static str;

    /// Parse: whether this is the one text of a recipient of this kind.
    fn is_canonical(&self, text: &str) -> bool;

    /// Parse: whether somebody who wrote this meant a recipient of this kind, sound or not.
    fn is_meant(&self, text: &str) -> bool;

    /// Parse: the recipient in a line that somebody wrote.
    ///
    /// # Errors
    /// It is none.
    fn read(&self, line: &str) -> Read;

    /// Parse: whether a file that begins with this line holds the private half.
    fn is_private(&self, line: &str) -> bool;

    /// Describe: in few characters.
    fn brief(&self, text: &str) -> String;

    /// Describe: the fingerprint of the certificate that the recipient is.
    fn fingerprint<'t>(&self, text: &'t str) -> Option<&'t str>;

    /// Wrap: whether it takes a certificate, which is in the member's file.
    fn needs_certificate(&self) -> bool;

    /// Wrap: encrypts to the recipient, as text.
    ///
    /// # Errors
    /// The recipient, or the certificate, cannot be used.
    fn wrap(
        &self,
        recipient: &Recipient,
        certificate: Option<&Certificate>,
        plaintext: &[u8],
        with: Wrapping<'_>,
    ) -> Result<String, WrapError>;

    /// Unwrap: opens what was wrapped to the recipient by this means; `None` where it does not fit.
    fn open(
        &self,
        means: &Means<'_>,
        identities: &Identities,
        text: &str,
        wrapped: &str,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>>;

    /// Unwrap: whether what was wrapped does not say whom it is for.
    fn is_hidden(&self, wrapped: &str) -> bool;

    /// Unwrap: whether what was wrapped is an age file, which a plugin may open.
    fn is_age_file(&self) -> bool;

    /// Judge: whether somebody who keeps what was wrapped can open it with a quantum computer.
    fn strength(&self, wrapped: &str) -> Strength;

    /// Find: who has what opens it.
    fn holder(&self) -> Holder;
}

/// Makes the enum, the list of all, and the way from one to its [`Kind`].
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:expr,)+) => {
        /// By which means a key is wrapped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method {
            $($(#[$doc])* $name,)+
        }

        impl Method {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What it can do.
            pub fn kind(self) -> &'static dyn Kind {
                match self {
                    $(Self::$name => &$kind,)+
                }
            }
        }
    };
}

kinds! {
    /// An OpenPGP message to a certificate (RFC 9580).
    OpenPgp => OpenPgpKind,
    /// An age file to an `age1…` recipient (age-encryption.org/v1).
    Age => AGE,
    /// An age file to an SSH key.
    Ssh => SSH,
    /// What a command of the user's makes of it.
    Command => command::CommandKind,
}

/// Begins the text of a certificate.
const OPENPGP: &str = "openpgp:";
/// Characters up to which a text is shown as it is.
const SHORT: usize = 80;

/// The first characters of a long text, and the last.
fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= SHORT {
        return text.to_owned();
    }
    let begin: String = text.chars().take(20).collect();
    let end: String = text.chars().skip(length - 8).collect();
    format!("{begin}…{end}")
}

fn begins_with(text: &str, begins: &[&str]) -> bool {
    begins.iter().any(|begin| text.starts_with(begin))
}

/// Whether a word has this beginning, something behind it, and no sign that none has.
fn is_word(word: &str, begin: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-".contains(&byte);
    word.starts_with(begin) && word.len() > begin.len() && word.bytes().all(allowed)
}

struct OpenPgpKind;

impl Kind for OpenPgpKind {
    fn name(&self) -> &'static str {
        "openpgp"
    }

    fn label_prefix(&self) -> &'static str {
        "key"
    }

    fn is_canonical(&self, text: &str) -> bool {
        let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        text.strip_prefix(OPENPGP).is_some_and(|fingerprint| {
            matches!(fingerprint.len(), 40 | 64) && fingerprint.bytes().all(digits)
        })
    }

    fn is_meant(&self, text: &str) -> bool {
        text.get(..OPENPGP.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(OPENPGP))
    }

    fn read(&self, line: &str) -> Read {
        let fingerprint = line.trim().get(OPENPGP.len()..).unwrap_or_default();
        let recipient = Recipient::openpgp(fingerprint).map_err(|_| AgeError::NotARecipient)?;
        Ok((recipient, None))
    }

    /// What reads the certificate says so.
    fn is_private(&self, _line: &str) -> bool {
        false
    }

    fn brief(&self, text: &str) -> String {
        text.to_owned()
    }

    fn fingerprint<'t>(&self, text: &'t str) -> Option<&'t str> {
        text.strip_prefix(OPENPGP)
    }

    fn needs_certificate(&self) -> bool {
        true
    }

    fn wrap(
        &self,
        _recipient: &Recipient,
        certificate: Option<&Certificate>,
        plaintext: &[u8],
        with: Wrapping<'_>,
    ) -> Result<String, WrapError> {
        let certificate = certificate.ok_or(WrapError::NoCertificate)?;
        Ok(openpgp::wrap(certificate, plaintext, with.now)?)
    }

    fn open(
        &self,
        means: &Means<'_>,
        identities: &Identities,
        _text: &str,
        wrapped: &str,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        means.open_openpgp(identities, wrapped.as_bytes(), Packing::None, ask)
    }

    fn is_hidden(&self, wrapped: &str) -> bool {
        Message::parse(wrapped.as_bytes())
            .is_ok_and(|message| message.recipients().iter().any(Option::is_none))
    }

    fn is_age_file(&self) -> bool {
        false
    }

    fn strength(&self, wrapped: &str) -> Strength {
        Message::parse(wrapped.as_bytes()).map_or(Strength::Unknown, |message| message.strength())
    }

    fn holder(&self) -> Holder {
        Holder::Gpg
    }
}

/// Recipients to whom a key is wrapped in an age file: they differ in what their texts look like.
struct AgeFile {
    name: &'static str,
    is_canonical: fn(&str) -> bool,
    /// How a text begins whose writer meant one of these.
    meant: &'static [&'static str],
    /// How a file begins that holds the private half.
    private: &'static [&'static str],
}

const AGE: AgeFile = AgeFile {
    name: "age",
    is_canonical: |text| is_word(text, "age1"),
    meant: &["age1", "AGE1", "AGE-SECRET-KEY-"],
    private: &["AGE-SECRET-KEY-", "AGE-PLUGIN-"],
};

const SSH: AgeFile = AgeFile {
    name: "ssh",
    is_canonical: |text| match text.split_once(' ') {
        Some(("ssh-ed25519" | "ssh-rsa", key)) => is_word(key, "AAAA"),
        _ => false,
    },
    meant: &["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"],
    private: &["-----BEGIN OPENSSH PRIVATE KEY", "-----BEGIN RSA PRIVATE KEY"],
};

impl Kind for AgeFile {
    fn name(&self) -> &'static str {
        self.name
    }

    fn label_prefix(&self) -> &'static str {
        self.name
    }

    fn is_canonical(&self, text: &str) -> bool {
        (self.is_canonical)(text)
    }

    fn is_meant(&self, text: &str) -> bool {
        begins_with(text, self.meant)
    }

    fn read(&self, line: &str) -> Read {
        Ok(age::parse_recipient(line)?)
    }

    fn is_private(&self, line: &str) -> bool {
        begins_with(line, self.private)
    }

    fn brief(&self, text: &str) -> String {
        shortened(text)
    }

    fn fingerprint<'t>(&self, _text: &'t str) -> Option<&'t str> {
        None
    }

    fn needs_certificate(&self) -> bool {
        false
    }

    fn wrap(
        &self,
        recipient: &Recipient,
        _certificate: Option<&Certificate>,
        plaintext: &[u8],
        _with: Wrapping<'_>,
    ) -> Result<String, WrapError> {
        Ok(age::wrap(recipient, plaintext)?)
    }

    fn open(
        &self,
        means: &Means<'_>,
        _identities: &Identities,
        text: &str,
        wrapped: &str,
        ask: Ask<'_>,
    ) -> Option<Result<Zeroizing<Vec<u8>>, OpenFailure>> {
        means.open_age(text, wrapped, ask)
    }

    fn is_hidden(&self, _wrapped: &str) -> bool {
        false
    }

    fn is_age_file(&self) -> bool {
        true
    }

    fn strength(&self, wrapped: &str) -> Strength {
        age::strength(wrapped.as_bytes())
    }

    fn holder(&self) -> Holder {
        Holder::Files
    }
}

/// The recipient with this text.
///
/// # Errors
/// It is the text of none.
pub(super) fn canonical(text: &str) -> Result<Recipient, InvalidRecipient> {
    let method = Method::ALL.iter().find(|method| method.kind().is_canonical(text));
    method.map(|method| Recipient::new(*method, text)).ok_or(InvalidRecipient)
}

/// The recipient in a line that somebody wrote; `None` where it can be none.
pub fn read_line(line: &str) -> Option<Read> {
    let line = line.trim();
    let method = Method::ALL.iter().find(|method| method.kind().is_meant(line))?;
    Some(method.kind().read(line))
}

/// Whether a file that begins with this line holds the private half of a recipient.
pub fn is_private(line: &str) -> bool {
    Method::ALL.iter().any(|method| method.kind().is_private(line))
}

/// Whether a file with these bytes opens grants: it holds age identities, an SSH private key, or an OpenPGP secret key.
pub fn is_private_key(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
    let is_pem = first.starts_with(b"-----BEGIN ") && first.ends_with(b" PRIVATE KEY-----");
    is_pem || openpgp::begins_secret_key(bytes) || std::str::from_utf8(first).is_ok_and(is_private)
}
