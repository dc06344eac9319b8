//! Taking a whole repository over from another tool, through the user's own programs and keys: members, attributes and sealed files,
//! in one commit.

mod beside;
mod blackbox;
mod contents;
mod git_agecrypt;
mod git_secret;
mod guard;
mod people;
mod run;
mod settings;
mod tool;
mod transcrypt;

pub use blackbox::Blackbox;
pub use git_agecrypt::GitAgecrypt;
pub use git_secret::GitSecret;
pub use guard::Guard;
pub use run::RepositoryRequest;
pub use tool::{Opener, Person, RepositoryTool, Setting, Who};
pub use transcrypt::Transcrypt;
