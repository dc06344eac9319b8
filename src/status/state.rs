//! How one file of the index stands.

use super::git_crypt_state::GitCryptState;
use crate::format::KeyId;
use crate::keyring::KeyName;

/// How one file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Sealed {
        /// The key's name.
        key: KeyName,
        /// Its generation.
        generation: u32,
    },
    /// Empty, which stands for itself.
    Empty,
    /// In the clear in the last commit and in the index.
    PlaintextInHead,
    /// In the clear in the index, and not in the last commit.
    PlaintextInIndex,
    /// Sealed with a key of the right name that has a newer generation.
    Retired {
        /// The key's name.
        key: KeyName,
        /// The generation it is sealed with.
        generation: u32,
    },
    /// Sealed with a key of another name than its attribute says.
    OtherKey {
        /// The key's name.
        key: KeyName,
        /// The name that its attribute says.
        wanted: KeyName,
    },
    /// Sealed with a key that neither the keyring nor `.shroud/` knows.
    UnknownKey(KeyId),
    /// Sealed with a key that is held and that `.shroud/` does not describe here, so that nobody else knows it: as on a
    /// branch that never saw its rotation.
    Undescribed {
        /// The key's name.
        key: KeyName,
        /// The generation it is sealed with.
        generation: u32,
        /// Whether another generation is described, with which it can be sealed.
        fixable: bool,
    },
    /// Begins as a sealed file, and does not open.
    Damaged(String),
    /// A newer program sealed it, and opens it.
    Newer(String),
    /// An attribute would make git change the sealed bytes.
    Conversion(String),
    /// The attributes are at odds about whether, or how, it is sealed.
    Conflict(String),
    /// Its attribute names what cannot be a key.
    BadKeyName(String),
    /// Sealed, and no attribute says so any more.
    NotTracked(KeyId),
    /// Encrypted by git-crypt, where its attribute says that it should be sealed.
    GitCrypt,
    /// To be encrypted by git-crypt.
    OfGitCrypt(GitCryptState),
    /// In a merge conflict, so that nothing is decided.
    Unmerged,
    /// The blob is not here, so nothing is known of it.
    Missing,
    /// The file that would say whether, or with which key, it should be sealed is not here.
    NotHere(String),
}

impl State {
    /// The name in `--json` and in the listing.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sealed { .. } => "sealed",
            Self::Empty => "empty",
            Self::PlaintextInHead => "plaintext-in-head",
            Self::PlaintextInIndex => "plaintext-in-index",
            Self::Retired { .. } => "retired-key",
            Self::OtherKey { .. } => "other-key",
            Self::UnknownKey(_) | Self::Undescribed { .. } => "unknown-key",
            Self::Damaged(_) => "damaged",
            Self::Newer(_) => "newer",
            Self::Conversion(_) | Self::Conflict(_) => "attribute-conflict",
            Self::BadKeyName(_) => "bad-key-name",
            Self::NotTracked(_) => "not-tracked",
            Self::GitCrypt => "git-crypt",
            Self::OfGitCrypt(state) => state.name(),
            Self::Unmerged => "unmerged",
            Self::Missing | Self::NotHere(_) => "missing",
        }
    }

    /// Whether nothing needs to be done.
    pub fn is_good(&self) -> bool {
        match self {
            Self::OfGitCrypt(state) => state.is_good(),
            state => matches!(state, Self::Sealed { .. } | Self::Empty),
        }
    }

    /// Whether nothing can be said, as a partial clone lacks an object.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Missing | Self::NotHere(_))
    }

    /// Whether sealing the blob again makes it good.
    pub fn is_fixable(&self) -> bool {
        matches!(
            self,
            Self::PlaintextInHead
                | Self::PlaintextInIndex
                | Self::Retired { .. }
                | Self::Undescribed { fixable: true, .. }
                | Self::OfGitCrypt(GitCryptState::Plaintext { .. } | GitCryptState::Twice)
        ) || matches!(self, Self::OtherKey { .. }) && !self.moves_to_another_key()
    }

    /// Whether sealing the blob again would give it to the readers of a key of another name.
    pub fn moves_to_another_key(&self) -> bool {
        matches!(self, Self::OtherKey { key, wanted } if !key.is_aside_of(wanted))
    }
}
