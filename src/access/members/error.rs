//! Why nobody is granted a key.

use crate::access::given::generations::Earlier;
use crate::clone::CloneError;
use crate::clone::roster::{show, take_away};
use crate::error::count;
use crate::format::KeyId;
use crate::keyring::KeyName;
use crate::recipient::openpgp::{CertificateError, GpgError, Validity};
use crate::recipient::{Recipient, WrapError};
use crate::store::shroud_dir::{File, Label};

/// What the user's gpg has against a certificate.
#[derive(Debug, thiserror::Error)]
pub enum FreshError {
    /// It was revoked or disabled.
    #[error("your gpg knows that the certificate was {}", .0.name())]
    Revoked(Validity),
    /// gpg's copy cannot be used.
    #[error("the certificate in your gpg: {0}")]
    Copy(CertificateError),
}

impl FreshError {
    /// The next thing to do, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Revoked(_) => Some("ask its owner for the new certificate"),
            Self::Copy(_) => None,
        }
    }
}

/// A name has meant somebody else, who is still a member.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{meant}' was {former} before; that recipient is still a member, as '{label}' of key '{name}'; nothing was changed"
)]
pub struct MovedName {
    /// What was written.
    pub meant: String,
    /// Whom it meant.
    pub former: Recipient,
    /// What they are called now.
    pub label: String,
    /// Of which key.
    pub name: KeyName,
    /// Whom it means today.
    pub today: Recipient,
}

/// Why nobody is granted a key, or what is known of members cannot be believed.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The clone, git or a file cannot be read or written.
    #[error(transparent)]
    Clone(CloneError),
    /// A member's file holds another certificate than it says.
    #[error("the file of '{0}' holds another recipient's certificate")]
    OtherCertificate(Label),
    /// A key cannot be wrapped to a member.
    #[error("'{label}': {source}")]
    Wrap {
        /// What the member is called.
        label: Label,
        /// Why.
        source: WrapError,
    },
    /// The description of a key cannot be read, and why.
    #[error("{0}")]
    Malformed(String),
    /// No such key is described.
    #[error("there is no key '{0}' here")]
    NoKey(KeyName),
    /// The key is not held, so it cannot be granted.
    #[error("the key '{0}' is not held here")]
    NotHeld(KeyName),
    /// The key that is held is not the one that is described.
    #[error(
        "the key '{name}' held here (generation {generation}, id {id}) is not the one in .shroud/{name}/key.toml (generation {described_generation}, id {described})"
    )]
    OtherKey {
        /// The key.
        name: KeyName,
        /// Its generation, as it is held.
        generation: u32,
        /// Its id.
        id: KeyId,
        /// The generation that is described.
        described_generation: u32,
        /// Its id.
        described: KeyId,
        /// Set if the one that is described is held too.
        earlier: Option<Box<Earlier>>,
    },
    /// Who wrote the description of a key did not hold it.
    #[error("somebody without the key changed .shroud/{0}/key.toml; nothing was changed")]
    Forged(KeyName),
    /// A member's file is not in this clone.
    #[error("{} is not in this clone; nothing was changed", show(.0))]
    NotHere(File),
    /// A member's file cannot be read.
    #[error("{why}; nothing was changed")]
    BadFile {
        /// Why.
        why: String,
        /// The key.
        name: KeyName,
        /// The file.
        file: File,
    },
    /// The mac of a member's file fails.
    #[error(
        "{}: its mac fails: somebody without the key wrote it; nothing was changed",
        show(file)
    )]
    MacFails {
        /// The key.
        name: KeyName,
        /// The file.
        file: File,
    },
    /// gpg has something against a recipient's certificate.
    #[error("{recipient}: {source}")]
    Fresh {
        /// Whose.
        recipient: Recipient,
        /// What.
        source: FreshError,
    },
    /// A file would be overwritten that is another's.
    #[error("{0} is another member's file and was not overwritten; nothing was changed")]
    OtherFile(String),
    /// The recipient has another label.
    #[error("this recipient is already a member, called '{0}'")]
    Labelled(Label),
    /// Another member has this label.
    #[error("another member is called '{0}'")]
    TakenLabel(Label),
    /// gpg is not there.
    #[error("gpg is not installed, so it cannot be asked for a certificate")]
    NoGpg,
    /// gpg does not give a certificate.
    #[error(transparent)]
    Gpg(GpgError),
    /// gpg does not consider a certificate valid, and the user has not said that it is.
    #[error("gpg does not consider this certificate valid (it says: {})", .0.name())]
    NotValid(Validity),
    /// A private key was named.
    #[error("{0} holds a private key, which must not be given to anybody")]
    PrivateKey(String),
    /// A file names several recipients.
    #[error("{place} names {count} recipients")]
    SeveralRecipients {
        /// The file, safe to show.
        place: String,
        /// How many.
        count: usize,
    },
    /// A certificate cannot be used.
    #[error("{place}: {source}")]
    Certificate {
        /// The file, safe to show.
        place: String,
        /// Why.
        source: CertificateError,
    },
    /// The policy of a key does not allow this member; why, as what the member does.
    #[error("'{label}' {why}, and the policy of the key '{name}' does not allow that")]
    AgainstPolicy {
        /// The key.
        name: KeyName,
        /// The member.
        label: Label,
        /// What they have or are.
        why: String,
    },
    /// Fewer members would be left than the policy of a key asks for.
    #[error(
        "the key '{name}' would have {}, and its policy asks for at least {least}; nobody was removed", count(*.left, "member")
    )]
    TooFew {
        /// The key.
        name: KeyName,
        /// How many would be left.
        left: u64,
        /// How many there must be.
        least: u32,
    },
    /// There are grants that somebody must look at; all of them were named.
    #[error("some grants need attention")]
    Problems,
    /// Malformed and forged files are in the way of a removal.
    #[error("{why}; nothing was changed")]
    InTheWay {
        /// What is wrong with the first.
        why: String,
        /// What is wrong with others, and how many more there are.
        others: Vec<String>,
        /// The first.
        file: File,
    },
    /// A member who stays can open what a removed one can.
    #[error(
        "'{removed}' and '{other}' share an encryption key, so '{removed}' could open what '{other}' gets; nothing was changed"
    )]
    SharedKey {
        /// The label of the removed one.
        removed: String,
        /// The label of the other.
        other: String,
    },
    /// A name has meant somebody else, who is still a member.
    #[error(transparent)]
    MovedName(Box<MovedName>),
}

impl<E: Into<CloneError>> From<E> for MemberError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

impl MemberError {
    /// Whether nothing but the user's word for a certificate is missing: no word helps one that was revoked.
    pub fn is_for_the_user_to_trust(&self) -> bool {
        let Self::NotValid(validity) = self else { return false };
        !matches!(validity, Validity::Revoked | Validity::Disabled)
    }

    /// The command that takes a member's file away.
    pub(crate) fn take_away(file: &File) -> String {
        take_away(file)
    }
}
