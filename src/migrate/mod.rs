//! Taking a repository over from git-crypt, in one commit.
//!
//! [`GitCryptRepo`] is what it holds, [`Plan`] what changes, with the proof that the same files stay sealed; [`reseal`] makes the
//! blobs, [`complete`] brings index and worktree there.

mod apply;
mod attributes;
mod git_crypt_repo;
mod plan;
mod reseal;

pub use apply::{Journal, complete, make_tree};
pub use attributes::{LineChange, UnknownName};
pub use git_crypt_repo::GitCryptRepo;
pub use plan::{NewAttributes, Plan, SideEffect};
pub use reseal::{Was, inspect, reseal};
