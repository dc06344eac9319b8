//! What a tool is to an import: one file a tool, and this joint.

use std::path::Path;

use super::ImportError;
use super::program::{Program, Runner};
use crate::git::repository::Repository;
use crate::secret::WipedVec;

/// A file that a tool has encrypted.
pub struct Source<'s> {
    /// From the top of the worktree.
    pub path: &'s [u8],
    /// Where it is, from the root.
    pub file: &'s Path,
    /// The top of the worktree, from the root.
    pub top: &'s Path,
    /// What it holds.
    pub bytes: &'s [u8],
}

impl<'s> Source<'s> {
    /// Its folder, and those above it in the worktree.
    pub(super) fn folders(&self) -> impl Iterator<Item = &'s Path> {
        let top = self.top;
        self.file.ancestors().skip(1).take_while(move |folder| folder.starts_with(top))
    }
}

/// What a tool had encrypted that stays readable in a file that is sealed by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing: only values were encrypted.
    Nothing,
    /// The comments.
    Comments,
    /// The whole file, with names and comments.
    All,
}

/// A tool from which files are taken over, through its own program.
pub trait Tool {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Its program.
    fn program(&self) -> Program;

    /// Whether it has encrypted this file.
    fn is_of(&self, source: &Source<'_>) -> bool;

    /// The plaintext, without what only the tool needs.
    ///
    /// # Errors
    /// Its program fails, or what it writes is not the plaintext.
    fn open(&self, runner: &Runner<'_>, source: &Source<'_>) -> Result<WipedVec, ImportError>;

    /// What of the file besides its values the tool had encrypted.
    fn hidden(&self, source: &Source<'_>) -> Hidden;

    /// What is left for the user to do, once these files are taken over.
    fn left(&self, repository: &Repository, sources: &[Source<'_>]) -> Vec<String>;
}

/// Whether a file of this name is in the folder of a source, or in one above it in the worktree; the paths from the top.
pub(super) fn beside(sources: &[Source<'_>], name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for file in source.folders().map(|folder| folder.join(name)) {
            let shown = crate::sanitise::native(file.strip_prefix(source.top).unwrap_or(&file));
            if file.symlink_metadata().is_ok() && !found.contains(&shown) {
                found.push(shown);
            }
        }
    }
    found
}
