//! Taking files over from another tool, through the tool's own program: the plaintext comes through a pipe, goes into the index
//! sealed, and into the worktree of a clone that holds the key. [`repository`] takes over all that a tool has in a repository.

mod ansible_vault;
mod dotenvx;
mod error;
mod program;
mod put;
mod readable;
pub mod repository;
mod sops;
mod tool;

pub use ansible_vault::AnsibleVault;
pub use dotenvx::Dotenvx;
pub use error::ImportError;
pub use program::{Program, Runner};
pub use put::Request;
pub use sops::Sops;
pub use tool::{Hidden, Source, Tool};
