//! The files of environments as a clone has them.

mod ages;
mod changes;
mod content;
mod error;
mod existing;
mod finder;
mod gone_environment;
mod layout;
mod load;
mod moves;
mod new_environment;
mod past;
mod place;
mod renaming;
mod slot;
mod target;
mod worktree_file;

pub use ages::{Age, ages};
pub use changes::{Action, Change, changes};
pub use content::open;
pub use error::{FilesError, SchemaFileError};
pub use existing::{Existing, find_existing};
pub use finder::{Finder, folders};
pub use gone_environment::remove;
pub use layout::{LaidOut, Layout};
pub use load::{Loaded, Wanted, load, read_schema};
pub use moves::{Doubt, Moved, Moves};
pub use new_environment::NewEnvironment;
pub use past::PastError;
pub use place::enter;
pub use renaming::{Renaming, rename};
pub use slot::{Address, Slot};
pub use target::{overriding, target, target_to_set};
pub use worktree_file::WorktreeFile;
