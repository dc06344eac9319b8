//! Why a key is not rotated.

use crate::access::given::GivenError;
use crate::access::members::MemberError;
use crate::clone::CloneError;
use crate::filter::FileError;
use crate::format::KeyId;
use crate::git::hooks::HooksError;
use crate::keyring::KeyName;
use crate::newer::Newer;
use crate::store::shroud_dir::Label;

/// Why a key is not rotated, or a rotation is not ended.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// git's hooks cannot be looked at.
    #[error(transparent)]
    Hooks(#[from] HooksError),
    /// The clone, git or a file cannot be read or written, or another run is at work.
    #[error(transparent)]
    Clone(CloneError),
    /// What is known of members cannot be believed.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A new key cannot be kept under another name.
    #[error(transparent)]
    Given(#[from] GivenError),
    /// A file cannot be sealed again.
    #[error(transparent)]
    Sealing(FileError),
    /// A key has had all generations that there can be.
    #[error("there are no more generations")]
    NoGeneration,
    /// A member cannot get the next generation.
    #[error("{}", not_granted(label, source))]
    NotGranted {
        /// What the member is called.
        label: Label,
        /// Why.
        source: Box<MemberError>,
    },
    /// A member who is being removed was granted the key again.
    #[error(
        "'{label}' of key '{name}' is being removed, but was added again meanwhile; nothing was changed"
    )]
    AddedAgain {
        /// What the member is called.
        label: Label,
        /// The key.
        name: KeyName,
    },
    /// A member's grant is of an earlier generation.
    #[error(
        "the grant of '{label}' for key '{name}' is out of date, and anybody with the earlier key can have written it"
    )]
    OutOfDate {
        /// What the member is called.
        label: Label,
        /// The key.
        name: KeyName,
    },
    /// A file is not here.
    #[error("{0} is not in this clone, so it cannot be sealed again; nothing was changed")]
    NotHere(String),
    /// A file is in a state in which it cannot be sealed again.
    #[error("{path} cannot be sealed again ({state}{detail}); nothing was changed")]
    Unfit {
        /// The file, safe to show.
        path: String,
        /// How it stands.
        state: &'static str,
        /// What else there is to say of that, behind a comma; safe to show.
        detail: String,
        /// Whether it is damaged, or somebody forged it.
        is_damaged: bool,
    },
    /// The journal is damaged.
    #[error("{0}: it is not the journal of a rotation")]
    Journal(String),
    /// The new keys are sealed in the journal, and this key would open them.
    #[error("the key (id {0}) that opens the journal of this rotation is not held any more")]
    Forgotten(KeyId),
    /// The journal is one of a later version.
    #[error("{0}: {1}")]
    Newer(String, Newer),
    /// The journal's list of blobs is damaged.
    #[error("{0}: it is not a list of blobs")]
    List(String),
    /// What was staged is not what it should be.
    #[error("the rotation's test failed: {place}: {why}")]
    Test {
        /// The file, safe to show.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// The last rotation of a key is not committed.
    #[error(
        "the last rotation of key '{0}' is not committed yet, and each rotation needs its own commit; nothing was changed"
    )]
    Uncommitted(KeyName),
    /// No rotation is under way.
    #[error("no rotation is under way")]
    NoneUnderWay,
    /// The rotation was started in another worktree; its folder.
    #[error("the rotation was started in another worktree; its folder is {0}")]
    OtherWorktree(String),
    /// The environment gives the keys.
    #[error("the keys come from the environment, where a new key cannot be stored")]
    Environment,
    /// The rotation has begun, and was cut off by this.
    #[error("{0}")]
    CutOff(Box<RotateError>),
}

impl<E: Into<CloneError>> From<E> for RotateError {
    fn from(error: E) -> Self {
        Self::Clone(error.into())
    }
}

fn not_granted(label: &Label, source: &MemberError) -> String {
    match source {
        MemberError::Fresh { source, .. } => format!("'{label}': {source}"),
        // It names the member itself.
        source => source.to_string(),
    }
}
