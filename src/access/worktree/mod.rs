//! Opening the sealed files of a worktree, and sealing them again in place.

mod by_git;
mod by_value;
mod close;
mod git_crypt;
pub mod left;
mod lock_plan;
mod open;
mod opened_with;
mod put_back;
pub(in crate::access) mod read_start;
mod report;
mod seal;
mod sweep;
mod tee;

pub use close::{close_worktree, find_unopened};
pub use lock_plan::{Changes, LockPlan};
pub use open::open_worktree;
pub use report::{Left, Report};
pub use seal::{find_changed, seal_worktree};
