//! How a file stands that git-crypt is to encrypt.

use crate::git_crypt::Name;

/// How a file stands that git-crypt is to encrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitCryptState {
    /// As it should be; whether its key is held, so that it was opened.
    Encrypted {
        /// Whether it was opened.
        opened: bool,
    },
    /// In the clear; whether also in the last commit.
    Plaintext {
        /// Whether the last commit has it as plaintext too.
        in_head: bool,
    },
    /// Encrypted, and what was encrypted was encrypted already.
    Twice,
    /// Does not open with the key that opens others.
    Damaged,
    /// Neither this nor any other file opens with the key that is held.
    WrongKey,
    /// Encrypted with the key of another name.
    OtherKey(Name),
    /// Its attribute names what cannot be a git-crypt key.
    BadName,
}

impl GitCryptState {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Encrypted { .. } => "encrypted",
            Self::Plaintext { in_head: true } => "plaintext-in-head",
            Self::Plaintext { in_head: false } => "plaintext-in-index",
            Self::Twice => "double-encrypted",
            Self::Damaged => "damaged",
            Self::WrongKey => "unknown-key",
            Self::OtherKey(_) => "other-key",
            Self::BadName => "bad-key-name",
        }
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::Encrypted { .. })
    }
}
