//! Why gpg did not do what it was asked for.

use std::io;

/// One of several certificates that match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// In upper-case hexadecimal digits.
    pub fingerprint: String,
    /// Its user ids, safe for a terminal.
    pub user_ids: Vec<String>,
}

/// Why gpg did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GpgError {
    /// It could not be run.
    #[error("gpg cannot be run: {0}")]
    Io(#[from] io::Error),
    /// For another reason, in gpg's words.
    #[error("gpg failed: {message}")]
    Failed {
        /// What gpg said last, safe for a terminal.
        message: String,
    },
    /// It printed more than there is a use for.
    #[error("gpg printed too much")]
    TooLarge,
    /// No certificate matches.
    #[error("gpg does not know this certificate")]
    NoMatch,
    /// Eight hexadecimal digits, which anyone can make a key for.
    #[error("a key id of eight digits is not unique")]
    ShortKeyId,
    /// Several usable certificates match, or several and none is usable.
    #[error("several certificates match:{}", rivals(.0))]
    Ambiguous(Vec<Rival>),
    /// No secret key of a recipient is there.
    #[error("gpg has no secret key for this message")]
    NoSecretKey,
    /// The passphrase was wrong.
    #[error("the passphrase is wrong")]
    BadPassphrase,
    /// The user gave no passphrase or PIN.
    #[error("the passphrase was not given")]
    Cancelled,
    /// The agent cannot ask for a passphrase.
    #[error("gpg cannot ask for the passphrase: {message}")]
    NoPinentry {
        /// What gpg said last, safe for a terminal.
        message: String,
    },
    /// The smartcard refused, or is not there.
    #[error("the smartcard did not decrypt: {message}")]
    Card {
        /// What gpg said last, safe for a terminal.
        message: String,
    },
    /// The message was changed.
    #[error("the message is damaged or was changed")]
    Tampered,
    /// gpg did not check the message's integrity, or was told not to care.
    #[error("gpg did not confirm that the message is unchanged")]
    NoIntegrity,
    /// There are several plaintexts, or none.
    #[error("the message does not hold exactly one plaintext")]
    NotOnePlaintext,
}

impl GpgError {
    /// Whether a passphrase, a PIN or a card was asked for without success: the same message for the same key would ask again.
    pub fn is_of_user(&self) -> bool {
        matches!(
            self,
            Self::BadPassphrase | Self::Cancelled | Self::NoPinentry { .. } | Self::Card { .. }
        )
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoMatch => "import the certificate with 'gpg --import', or give its file",
            Self::ShortKeyId | Self::Ambiguous(_) => "give the whole fingerprint",
            Self::NoSecretKey => {
                "ask a member who can open the key to grant it to your certificate"
            }
            Self::BadPassphrase | Self::Cancelled => "run it again and give the passphrase",
            Self::NoPinentry { .. } => {
                "run it on a terminal with 'export GPG_TTY=$(tty)', or install a pinentry program"
            }
            Self::Card { .. } => "insert the card with the key, and check 'gpg --card-status'",
            Self::Tampered | Self::NoIntegrity | Self::NotOnePlaintext => {
                "ask for a new grant, and find out who changed the member file"
            }
            Self::Io(_) | Self::Failed { .. } | Self::TooLarge => return None,
        })
    }
}

fn rivals(rivals: &[Rival]) -> String {
    let one = |rival: &Rival| format!("\n  {} {}", rival.fingerprint, rival.user_ids.join(", "));
    rivals.iter().map(one).collect()
}
