//! An agent: a process of the user that holds opened keys in memory for a time, and gives them to this user's programs over a socket.
//!
//! Nothing of it is written to a disk. [`protocol`] has the messages, [`entries`] what is held and for how long, [`socket`] finds the agent and
//! checks whose it is, [`serve`] is the agent itself.

#[cfg(unix)]
mod entries;
pub mod protocol;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{get, hold, list, put, remove, serve, start, stop};

#[cfg(not(unix))]
mod elsewhere;
#[cfg(not(unix))]
pub use elsewhere::{get, hold, list, put, remove, serve, start, stop};

use std::io;
use std::time::Duration;

/// For how long keys are held if nobody says: a working day.
pub const DEFAULT_TIME: Duration = Duration::from_secs(8 * 60 * 60);
/// The longest time.
pub const MAX_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why an agent did not do what it was asked. That there is none is no error.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// This system has no sockets that this program can use.
    #[error("the agent does not work on this system")]
    Unsupported,
    /// Others can write where the socket is, or it is not this user's.
    #[error("{0} does not belong to you alone, so no agent is used there")]
    Folder(String),
    /// Another user answers.
    #[error("the agent belongs to another user, so it was not asked")]
    Stranger,
    /// Nothing came in time.
    #[error("the agent does not answer")]
    Hung,
    /// It speaks another protocol.
    #[error("the agent is of another version of git-shroud")]
    Version,
    /// The answer is none of this protocol.
    #[error("the answer of the agent is damaged")]
    Damaged,
    /// It holds as much as it may.
    #[error("the agent holds the keys of too many clones")]
    Full,
    /// Another one is at work.
    #[error("an agent runs already")]
    Running,
    /// It ended at once, or does not answer.
    #[error("the agent could not be started{0}")]
    Start(String),
    /// A socket or file cannot be read or written.
    #[error("the agent cannot be reached: {0}")]
    Io(#[from] io::Error),
}

/// A clone whose keys an agent holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The common folder, with no link in it, as the system has it.
    pub folder: Vec<u8>,
    /// What its mark says.
    pub clone: String,
}

/// A clone whose keys are held, and for how long they still are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The clone.
    pub name: Name,
    /// How long.
    pub left: Duration,
}
