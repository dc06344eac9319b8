//! Why a file was not filtered.

use std::io;

use crate::config_format::Doubt;
use crate::format::{KeyId, OpenError};
use crate::git_crypt::{self, Name};
use crate::keyring::KeyName;
use crate::store::confirmed::KeyOf;
use crate::store::public_keys::PinError;
use crate::values::{Named, OpenValuesError, SealError, TokenError};

const INSTALL: &str = "install a newer git-shroud; the file is as its writer wrote it";

/// Why a file was not filtered. Then nothing of it is stored, and git leaves it as it is.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// The key that seals the path is not held.
    #[error("the key '{0}' is not held here; refusing to store plaintext")]
    Locked(KeyName),
    /// A key of that name is held, but not the one that the repository describes.
    #[error(
        "the held key '{name}' (id {held}) is not the one that this repository uses ({described})"
    )]
    OtherKey {
        /// The key's name.
        name: KeyName,
        /// The id of the key that is held.
        held: KeyId,
        /// The id that the repository describes.
        described: KeyId,
    },
    /// The tree does not describe the key.
    #[error(
        "the key '{0}' is held here, but .shroud/ in this worktree does not describe it, so nobody else could find the right key for the file"
    )]
    Undescribed(KeyName),
    /// The tree describes a key that was set aside, as another of that name was taken.
    #[error(
        "the key '{name}' in .shroud/ (id {described}) was set aside here: it opens files, but seals none"
    )]
    SetAside {
        /// The key's name.
        name: KeyName,
        /// The id that the repository describes.
        described: KeyId,
    },
    /// A newer generation of the key was held here, and nothing says that the older one is right.
    #[error(
        "the key '{name}' is generation {held}, but this clone has held generation {newest}{}: an older key seals nothing",
        described_in(commit.as_deref())
    )]
    Older {
        /// The key's name.
        name: KeyName,
        /// The generation that is held, or described.
        held: u32,
        /// The generation that was held.
        newest: u32,
        /// The commit of this branch that described a newer one.
        commit: Option<String>,
    },
    /// Another key than the one that was held here has its name and generation.
    #[error(
        "generation {generation} of the key '{name}' has the id {described} in .shroud/, but the id {known} when this clone held it: somebody may have swapped it"
    )]
    Swapped {
        /// The key's name.
        name: KeyName,
        /// The generation of both.
        generation: u32,
        /// The id that was held.
        known: KeyId,
        /// The id that the repository describes.
        described: KeyId,
    },
    /// The path is sealed with a held key of another name, and nobody has confirmed the move here.
    #[error(
        "it is sealed with the key '{held}', but its attribute now names the key '{wanted}', and nobody has confirmed that in this clone"
    )]
    OtherName {
        /// The name of the key that seals it in the index.
        held: KeyName,
        /// The name that its attribute says.
        wanted: KeyName,
    },
    /// The path is sealed with a held key of git-crypt and moves to another, or from or to one of this program's.
    #[error(
        "it is sealed with {held}, but its attribute now names {wanted}, and nobody has confirmed that in this clone"
    )]
    Crossing {
        /// The key that seals it in the index.
        held: KeyOf,
        /// The key that its attribute says.
        wanted: KeyOf,
    },
    /// The file begins as sealed files do and is not sound.
    #[error(transparent)]
    Open(OpenError),
    /// The key of git-crypt that encrypts the path is not held.
    #[error("the git-crypt key '{0}' is not held here; refusing to store plaintext")]
    GitCryptLocked(Name),
    /// The file begins as git-crypt's do and does not open.
    #[error("it begins like a file that git-crypt encrypted, and {0}")]
    GitCrypt(git_crypt::OpenError),
    /// What git-shroud sealed stands where git-crypt encrypts.
    #[error("git-shroud sealed it, but its attribute says that git-crypt encrypts it")]
    SealedForGitCrypt,
    /// A value of a file that is sealed by value is plaintext, and its key is not held.
    #[error("{0} is plaintext, and the key '{1}' is not held here; refusing to store it")]
    ValueLocked(Named, KeyName),
    /// A value is plaintext beside the marks of a conflict.
    #[error(
        "{0} is plaintext, and the file has the marks of a merge conflict: without the key, values are sealed once the conflict is resolved"
    )]
    InConflict(Named),
    /// The public key to which values would be sealed is not to be trusted.
    #[error(transparent)]
    PublicKey(Box<PinError>),
    /// A file that should be sealed by value does not read, and the key that could seal it whole is not held.
    #[error("{doubt}; the key '{key}' is not held here, so the file cannot be sealed whole either")]
    Unread {
        /// Where it stops reading.
        doubt: Doubt,
        /// The key.
        key: KeyName,
    },
    /// A file in which people without the key have set values cannot be sealed by value, and sealed whole it could be compared.
    #[error(
        "{0}; people without the key have set values in it, so it is not sealed whole: they could compare it with others, and see which of their guesses are right"
    )]
    Comparable(SealError),
    /// It cannot be sealed by value.
    #[error(transparent)]
    SealValues(#[from] SealError),
    /// Its values are sealed, and do not open.
    #[error(transparent)]
    OpenValues(#[from] OpenValuesError),
    /// git would change the sealed bytes on their way into the repository.
    #[error("{0} would make git change the sealed bytes")]
    Conversion(String),
    /// The path's attributes cannot be read.
    #[error("{0}")]
    Rule(String),
    /// Reading, writing or spooling failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a file was not filtered, with the file.
#[derive(Debug, thiserror::Error)]
#[error("{}{source}", path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default())]
pub struct FileError {
    /// Safe to show; `None` where it has no name, or it is none of them.
    pub path: Option<String>,
    /// Why.
    pub source: FilterError,
}

impl FileError {
    /// Of a path as git has it; one without a name is empty.
    pub fn new(path: &[u8], source: FilterError) -> Self {
        Self { path: (!path.is_empty()).then(|| crate::sanitise::path(path)), source }
    }

    /// Of no file.
    pub fn of_none(source: FilterError) -> Self {
        Self { path: None, source }
    }
}

fn described_in(commit: Option<&str>) -> String {
    commit
        .map(|commit| format!(", and commit {commit} of this branch described it"))
        .unwrap_or_default()
}

impl From<PinError> for FilterError {
    fn from(error: PinError) -> Self {
        Self::PublicKey(Box::new(error))
    }
}

impl From<OpenError> for FilterError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            error => Self::Open(error),
        }
    }
}

impl From<git_crypt::OpenError> for FilterError {
    fn from(error: git_crypt::OpenError) -> Self {
        match error {
            git_crypt::OpenError::Io(error) => Self::Io(error),
            error => Self::GitCrypt(error),
        }
    }
}

impl FilterError {
    /// The next thing to do, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked(_) => Some("run 'git shroud unlock', as a member or with a key file"),
            Self::GitCryptLocked(_) => Some(
                "run 'git shroud unlock', with the git-crypt key file or an OpenPGP key with access",
            ),
            Self::GitCrypt(_) => Some("'git shroud status' tells a wrong key from a damaged file"),
            Self::SealedForGitCrypt => {
                Some("read it with 'git shroud cat', or change its line in .gitattributes")
            }
            Self::OtherKey { .. } => Some(
                "take the current key with 'git shroud unlock'; check that GIT_SHROUD_KEYRING and GIT_SHROUD_KEY are not set for another repository",
            ),
            Self::Older { commit: None, .. } => {
                Some("run 'git shroud unlock' on a branch with the newer key")
            }
            Self::Older { .. } => Some(
                "somebody restored an old key.toml: look at 'git log -p -- .shroud', and take the newer one with 'git checkout COMMIT -- .shroud'",
            ),
            Self::Swapped { .. } => {
                Some("'git log -p -- .shroud' shows who changed it; restore it")
            }
            Self::OtherName { .. } | Self::Crossing { .. } => Some(
                "'git shroud why PATH' shows who changed it; if that is right: git shroud why --confirm PATH; if not, restore the line in .gitattributes; to drop the change to the file, delete it, then git checkout -- PATH",
            ),
            Self::Undescribed(_) => {
                Some("take .shroud/ from a branch that has it: git checkout BRANCH -- .shroud")
            }
            Self::SetAside { .. } => Some(
                "merge the branch whose .shroud/ has the current key, or take this one with 'git shroud unlock --trust-key ID'",
            ),
            Self::Conversion(_) => {
                Some("end the line for this path with '-text -ident -working-tree-encoding'")
            }
            Self::Open(error) if error.is_newer() => Some(INSTALL),
            Self::OpenValues(error) if error.is_newer() => Some(INSTALL),
            Self::SealValues(SealError::Token(_, TokenError::Newer(_))) => Some(INSTALL),
            Self::Open(_) => Some(
                "an earlier version of the file may be intact: 'git log -- PATH', 'git shroud cat REV:PATH'",
            ),
            Self::ValueLocked(..) => Some(
                "run 'git shroud unlock'; without the key only comments, order and names that shroud-clear exempts can change",
            ),
            Self::InConflict(_) => Some("remove the marks, then add the file"),
            Self::PublicKey(error) => Some(error.hint()),
            Self::Comparable(_) => Some(
                "correct the line, or finish the merge, and add the file again; 'git checkout -- PATH' takes back what is stored",
            ),
            Self::Unread { .. } => Some("correct the file, or run 'git shroud unlock'"),
            Self::SealValues(SealError::TooLarge) => {
                Some("seal it whole: git shroud track --whole PATTERN")
            }
            Self::SealValues(SealError::Masked(_)) => {
                Some("'git checkout -- PATH' or 'git shroud cat :PATH' restores the value")
            }
            Self::SealValues(SealError::Exempt(_)) => Some(
                "'git shroud why PATH' shows who exempted it; if that is right, with the key: git shroud track --values PATTERN, as that line has it; if not, restore the line in .gitattributes",
            ),
            Self::SealValues(SealError::OtherFormat) => Some(
                "'git shroud why PATH' shows which line says the format; if you do not want it, restore .gitattributes; else 'git mv' the file to a name of that format",
            ),
            Self::SealValues(SealError::Readers(..)) => Some(
                "'git shroud why PATH' shows which line says the format; if you do not want it, restore .gitattributes; else write comments on lines of their own, or 'git mv' the file to a name of that format",
            ),
            Self::SealValues(SealError::NotMade(_)) => None,
            Self::SealValues(_) | Self::OpenValues(_) => Some(
                "an earlier version of the file may be intact: 'git log -- PATH', 'git shroud cat REV:PATH'",
            ),
            Self::Rule(_) | Self::Io(_) => None,
        }
    }
}
