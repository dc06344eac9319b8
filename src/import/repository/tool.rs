//! What a tool is to the import of a whole repository: one file a tool, and this joint.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::guard::Guard;
use crate::access::unlock::missing::IdentityArguments;
use crate::git::repository::Repository;
use crate::git_crypt::Name;
use crate::import::ImportError;
use crate::migrate::{Before, Drivers, MigrateError};
use crate::progress::Progress;
use crate::recipient::Ask;
use crate::recipient::openpgp::Certificate;
use crate::secret::WipedVec;

/// Where an import runs, and what it is given.
pub struct Setting<'s> {
    /// The repository.
    pub repository: &'s Repository,
    /// The folder in which the user is.
    pub dir: &'s Path,
    /// What opens files.
    pub identities: &'s IdentityArguments,
    /// How long a program may take for a file; zero for ever.
    pub limit: Option<Duration>,
    /// For people.
    pub progress: &'s dyn Progress,
}

/// Somebody who can read what the tool has encrypted.
pub struct Person {
    /// Who.
    pub who: Who,
    /// The names of the tool's keys that they have.
    pub names: BTreeSet<Name>,
    /// The file of the repository that says so.
    pub place: String,
}

/// A public key, as the tool has it.
pub enum Who {
    /// An OpenPGP certificate.
    Certificate(Box<Certificate>),
    /// An age recipient or an SSH public key.
    Line(String),
    /// The tool names somebody, and has no public key for the name, or several.
    Unknown {
        /// What it says.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Opens what the tool has encrypted: the path, the bytes, and the name of the key. `None` where the tool has not encrypted it.
pub type Opener<'o> =
    Box<dyn FnMut(&[u8], &[u8], &Name, Ask<'_>) -> Result<Option<WipedVec>, MigrateError> + 'o>;

/// A tool from which a whole repository is taken over.
pub trait RepositoryTool {
    /// Its filters, and its name.
    fn drivers(&self) -> Drivers;

    /// Its folder, from the top of the worktree; empty where it has none.
    ///
    /// # Errors
    /// git fails.
    fn state_dir(&self, repository: &Repository) -> Result<Vec<u8>, MigrateError>;

    /// Adds the files that only the tool's own lists name, and says who can read them.
    ///
    /// # Errors
    /// A list cannot be read, or a file cannot be taken over.
    fn look(&self, setting: &Setting<'_>, before: &mut Before)
    -> Result<Vec<Person>, MigrateError>;

    /// What opens the files.
    ///
    /// # Errors
    /// A key or a program is missing.
    fn opener<'s>(&self, setting: &Setting<'s>, before: &Before)
    -> Result<Opener<'s>, ImportError>;

    /// Whether a public key is the user's own, so that nobody need vouch for it.
    fn is_own(&self, _setting: &Setting<'_>, _line: &str) -> bool {
        false
    }

    /// What encrypts a file that the user has changed, where the tool keeps the plaintext beside it.
    fn hides_with(&self) -> Option<&'static str> {
        None
    }

    /// The settings of this clone that mean nothing without the tool, as `git config --get-regexp` takes it; empty for none.
    fn settings(&self) -> &'static str;

    /// What is left of its filters; `None` where it has none.
    fn guard(&self) -> Option<Guard> {
        None
    }

    /// What the attributes of another branch hold that still needs these settings; empty for nothing.
    fn needle(&self) -> &'static str;

    /// What the tool leaves in this clone, for the user to remove.
    fn left(&self, repository: &Repository) -> Vec<String>;
}
