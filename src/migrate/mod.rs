//! Taking a repository over from git-crypt, in one commit.
//!
//! [`GitCryptRepo`] is what it holds, [`Plan`] what changes, with the proof that the same files stay sealed; [`reseal`] makes the
//! blobs, [`complete`] brings index and worktree there. [`Request`] is the whole.

mod apply;
mod attributes;
mod by_value;
mod error;
mod finish;
mod git_crypt_repo;
mod keys;
mod members;
mod names;
mod opening;
mod plan;
mod report;
mod reseal;
mod take_over;

pub use apply::{Journal, complete, make_tree};
pub use attributes::{LineChange, UnknownName};
pub use by_value::{ByValue, Verdict};
pub use error::{LeftOut, MigrateError, NameError};
pub use git_crypt_repo::GitCryptRepo;
pub use names::Rename;
pub use opening::Was;
pub use plan::{NewAttributes, Plan, SideEffect};
pub use reseal::{inspect, reseal};
pub use take_over::{Request, open_clone};
