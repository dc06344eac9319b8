//! An encrypted remote: all of a repository, sealed, on a branch of an ordinary git host (docs/format.md, section 9).
//!
//! git starts `git-remote-shroud` for addresses that begin with `shroud::` (gitremote-helpers). What the host sees are sealed
//! packs, and one commit for each push. Nothing here knows filters or attributes.
//!
//! The host is not trusted: it may serve an old state, another one, or nothing. See `pin`.

pub mod address;
pub mod chain;
pub mod change;
pub mod compact;
pub mod envelope;
pub mod error;
pub mod fetch;
pub mod helper;
pub mod init;
pub mod local;
pub mod manifest;
pub mod members;
pub mod membership;
pub mod mirror;
pub mod pack;
pub mod pin;
pub mod push;
pub mod status;
pub mod store;
pub mod update;
pub mod verdict;
pub mod verify;
pub mod whole;

pub use error::RemoteError;
