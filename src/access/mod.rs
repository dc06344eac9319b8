//! Keys and sealed files of a clone: how keys come and go, and what becomes of the files.
//!
//! [`unlock`] and [`lock`] are for a clone as a whole, [`worktree`] opens and seals the files of one worktree. [`members`] grants keys,
//! [`removal`] takes them, [`rotate`] replaces them. [`index`] and [`track`] see to it that files are sealed.

pub mod agent;
pub mod backup;
pub mod edit_file;
pub mod given;
pub mod index;
pub mod lock;
pub mod members;
pub mod merge_file;
mod only_copy;
pub mod policy;
pub mod removal;
pub mod rotate;
pub mod sealed_file;
pub mod set_up;
pub mod show;
pub mod track;
pub mod unlock;
pub mod why;
pub mod without_key;
pub mod worktree;
