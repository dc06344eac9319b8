//! Why an encrypted remote does not do what was asked.

use std::io;

use super::verdict::Verdict;
use crate::format::{KeyId, OpenError};
use crate::git::GitError;
use crate::keyring::KeyName;
use crate::newer::Newer;
use crate::recipient::identities::IdentityError;
use crate::store::exclusive::Holder;
use crate::store::local::StoreError;

/// Why an encrypted remote does not do what was asked. The repository and the host are as they were, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// git fails in a way that has no word of its own.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A keyring cannot be read or written.
    #[error(transparent)]
    Keyring(#[from] StoreError),
    /// An identity that was named cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address cannot be used, and why.
    #[error("{0}")]
    Address(String),
    /// The host does not answer, or refuses.
    #[error("the host cannot be reached, or refuses: {0}")]
    Unreachable(String),
    /// The host answers, and has no store.
    #[error("there is no encrypted repository at this address: it has no branch 'shroud'")]
    NoStore,
    /// The host answers, and has no store any more.
    #[error(
        "the encrypted repository that was at this address is gone: the host has no branch 'shroud'"
    )]
    Gone,
    /// The host has a store already.
    #[error("there is an encrypted repository at this address already; nothing was changed")]
    Exists,
    /// The branch is no store.
    #[error("the branch 'shroud' of this address is not an encrypted repository: {0}")]
    NotAStore(String),
    /// It is of a later version.
    #[error("{0}")]
    Newer(Newer),
    /// What the host serves was cut, exchanged, or never was what the manifest says.
    #[error("what the host serves is damaged, or somebody without the key changed it: {0}")]
    Damaged(String),
    /// No key opens the store.
    #[error("no key on this machine opens this encrypted repository (key id {id})")]
    Locked {
        /// The key that sealed it.
        id: KeyId,
        /// What was tried, and why it does not open.
        tried: Vec<String>,
    },
    /// The host serves a state that this user must not believe.
    #[error("{0}")]
    NotBelieved(#[from] Verdict),
    /// The host serves another state than the one that the user named.
    #[error("the host serves another state than that one: {served}")]
    OtherState {
        /// The digest of the sealed manifest that it serves.
        served: String,
    },
    /// The objects of the two repositories have different names.
    #[error(
        "this repository uses {here} object names, and the encrypted one {there}: git cannot move objects between them"
    )]
    ObjectFormat {
        /// Of this repository.
        here: String,
        /// Of the store.
        there: String,
    },
    /// A shallow clone does not have all that a push needs.
    #[error("this is a shallow clone, so it does not have all objects that must be pushed")]
    Shallow,
    /// The objects that came do not connect to what was asked for.
    #[error("what the host serves is incomplete: {0}")]
    Incomplete(String),
    /// Somebody else was faster, again and again.
    #[error("others pushed at the same time, {0} times in a row; nothing was pushed")]
    Contended(u32),
    /// The host refuses a push, and its branch is as it was.
    #[error("the host refuses the push: {0}")]
    Refused(String),
    /// Nobody knows whether a push has arrived.
    #[error(
        "the host did not answer after the push, so it may have arrived or not; nothing is lost: {0}"
    )]
    Unknown(String),
    /// Another run is at work on the same remote.
    #[error("{0} is at work on this remote")]
    Busy(Holder),
    /// A request of git's that the protocol does not know.
    #[error("git asked '{0}', which is not part of the protocol of remote helpers")]
    Protocol(String),
    /// There is no remote of that name with an encrypted address.
    #[error("there is no encrypted remote '{0}'")]
    NoRemote(String),
    /// A remote of that name has another address.
    #[error("there is a remote '{0}' already, with another address")]
    RemoteTaken(String),
    /// A recipient cannot be used.
    #[error("{0}")]
    Member(String),
    /// The key that should seal it is not held.
    #[error("this clone does not hold the key '{0}'")]
    NoKey(KeyName),
    /// The user does not want to bear the cost.
    #[error("nothing was changed")]
    Declined,
}

impl RemoteError {
    /// What was opened is not what sealing writes, or needs a newer program.
    pub fn opening(what: &str, error: &OpenError) -> Self {
        Self::Damaged(format!("{what}: {error}"))
    }
}
