//! Where keys are kept: the local keyring (a file, a keychain or an agent), the environment, and the tracked folder `.shroud/`.

pub mod agent;
pub mod backup;
pub mod confirmed;
pub mod environments;
pub mod exclusive;
pub mod git_crypt;
pub mod kept;
pub mod keychain;
mod list;
pub mod local;
pub mod locked_worktree;
pub mod place;
pub mod public_keys;
pub mod received;
pub mod rotation;
pub mod seen;
pub mod seen_git_crypt;
pub mod shroud_dir;
pub mod unreadable;
pub mod user_pins;
pub mod written;
