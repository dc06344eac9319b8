//! A clone as a whole: the repository, the keys that it holds, and what `.shroud/` says of keys and members.
//!
//! [`OpenClone`] is all of these together. [`rules`] says how a path should be sealed, [`locks`] keeps other runs away.

mod error;
pub mod exchanged;
mod held;
pub mod lineage;
pub mod locks;
pub mod meant;
mod open_clone;
pub mod roster;
pub mod rules;
pub mod sealing;
pub mod taken_over;
pub mod write_only;

pub use error::CloneError;
use held::held_keys_in;
pub use held::{held_git_crypt_keys, held_keys, kept_git_crypt_keys, kept_keys_in};
pub use open_clone::{Keys, OpenClone, top};
pub use roster::{RESTORE, Roster};
