//! Taking a repository over from another tool, in one commit: from git-crypt, and what that has in common with other tools.
//!
//! [`Before`] is what it holds, [`Plan`] what changes, with the proof that the same files stay sealed; [`reseal`] makes the
//! blobs, [`complete`] brings index and worktree there. [`Request`] is the whole.

mod apply;
mod attributes;
mod before;
mod by_value;
mod carry_out;
mod drivers;
mod error;
mod finish;
mod keys;
mod members;
mod names;
mod opening;
mod plan;
mod report;
mod reseal;
mod take_over;

pub use apply::{Journal, complete, make_tree};
pub use attributes::{LineChange, NewText, UnknownName};
pub use before::{Before, read_text};
pub use by_value::{ByValue, Verdict};
pub use carry_out::Work;
pub use drivers::Drivers;
pub use error::{LeftOut, MigrateError, NameError};
pub use finish::{open, resume};
pub(crate) use members::{NewMember, User, admit, of_fingerprint};
pub use names::Rename;
pub(crate) use names::choose_new_names;
pub use opening::Was;
pub use plan::{Plan, SideEffect};
pub(crate) use report::{message, next_steps, print_plan, warn};
pub(crate) use reseal::inspect;
pub use take_over::{Request, open_clone};
