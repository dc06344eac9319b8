//! `git shroud lock`

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Context, refuse_rotation};
use crate::access::lock::worktree::{add_locked_worktree, lock_worktree};
use crate::access::lock::{Request, lock};
use crate::clone::locks::exclusive_even_if_locked;
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
///
/// With --worktree it locks this worktree alone, for programs that should not see a secret: nothing uses a key in it, and all other
/// worktrees stay open. --new-worktree makes such a worktree, as 'git worktree add' does. 'git shroud unlock' in it opens it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud lock
  $ git shroud lock --key prod
  $ git shroud lock --new-worktree ../shop-agent")]
pub struct Lock {
    /// Remove only this key
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<String>,
    /// Lock this worktree alone, and keep the keys
    #[arg(long, conflicts_with = "keys")]
    worktree: bool,
    /// Make a worktree there that is locked from the first; of a new branch if no commit is named
    #[arg(long, value_name = "PATH", conflicts_with_all = ["keys", "worktree", "force", "discard"])]
    new_worktree: Option<PathBuf>,
    /// The branch or commit of the new worktree
    #[arg(value_name = "COMMIT", requires = "new_worktree")]
    commit: Option<OsString>,
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
        if let Some(path) = self.new_worktree {
            let (path, commit) = (context.dir.join(path), self.commit.as_deref());
            return Ok(add_locked_worktree(&repository, &path, commit, &context.ui)?);
        }
        refuse_rotation(&repository)?;
        let _exclusive = exclusive_even_if_locked(&repository, &context.ui)?;
        let request = Request { keys: self.keys, force: self.force, discard: self.discard };
        match self.worktree {
            true => Ok(lock_worktree(repository, &request, &context.ui)?),
            false => Ok(lock(repository, &request, &context.ui)?),
        }
    }
}
