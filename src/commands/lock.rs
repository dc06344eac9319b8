//! `git shroud lock`

use super::{Context, exclusive, refuse_rotation};
use crate::access::lock::{Request, lock};
use crate::error::Outcome;

/// Lock this clone: encrypt its files and remove its keys
///
/// Puts the sealed bytes back into the worktree. Works on every linked worktree, because they share the keys. git still uses git-shroud:
/// while locked, it refuses to store plaintext at a tracked path. Also removes plaintext that git keeps (rr-cache, textconv notes, the
/// diff of 'git commit -v').
///
/// Refuses, and keeps the keys, if a sealed file has unstaged changes, if the repository stores plaintext that should be sealed, if a key
/// that was made here was never exported, or if a worktree is missing.
///
/// If no key is held any more and files are still open, it seals those that git knows to be unchanged, and names the others.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud lock
  $ git shroud lock --key prod")]
pub struct Lock {
    /// Remove only this key
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<String>,
    /// Also seal files with unstaged changes; the next unlock brings the changes back
    #[arg(long)]
    force: bool,
    /// Discard unstaged changes: restore the version in the index, even without a key
    #[arg(long, conflicts_with = "force")]
    discard: bool,
}

impl Lock {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.discover()?;
        refuse_rotation(&repository)?;
        let _exclusive = exclusive(&repository)?;
        let Self { keys, force, discard } = self;
        Ok(lock(repository, &Request { keys, force, discard }, &context.ui)?)
    }
}
