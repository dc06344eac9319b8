//! Taking a repository over from git-crypt, in one commit: [`Found`] is what it holds, [`Plan`] what changes, with the proof
//! that the same files stay sealed; [`reseal`] makes the blobs, [`complete`] brings index and worktree there.

mod apply;
mod attributes;
mod found;
mod plan;
mod reseal;

pub use apply::{Journal, complete, make_tree};
pub use attributes::{LineChange, UnknownName};
pub use found::Found;
pub use plan::{NewAttributes, Plan, SideEffect};
pub use reseal::{Was, inspect, reseal};
