//! `git shroud lock`

use super::{Context, exclusive, refuse_rotation};
use crate::access::lock_clone::{Request, lock};
use crate::error::Outcome;

/// Close this clone: put the sealed bytes back into the worktree, and give up the keys
///
/// Works on every linked worktree, as they share the keys. Refuses, and keeps the keys, if a sealed file has changes that are
/// not added, or if the repository holds a file in the clear that it should seal, or if a key that was made here was never
/// exported, or if a worktree is not there to be looked at. git goes on using git-shroud: while locked, it refuses to store
/// plaintext at a tracked path. Clears what git keeps in the clear (rr-cache, notes of textconv, the diff that
/// 'git commit -v' leaves).
///
/// Where no key is held any more and files are still open, it puts the sealed bytes back into those that git knows to be
/// unchanged, and names the others.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud lock
  $ git shroud lock --key prod")]
pub struct Lock {
    /// Give up this key only
    #[arg(long = "key", value_name = "NAME")]
    keys: Vec<String>,
    /// Seal files with changes too, as they are: the next unlock opens them with their changes
    #[arg(long)]
    force: bool,
    /// Lose changes that are not added: put back what is in the index, also where no key is held
    #[arg(long, conflicts_with = "force")]
    discard: bool,
}

impl Lock {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.discover()?;
        refuse_rotation(&repository)?;
        let _exclusive = exclusive(&repository)?;
        let Self { keys, force, discard } = self;
        lock(repository, &Request { keys, force, discard }, &context.ui)
    }
}
