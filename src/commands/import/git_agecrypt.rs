//! `git shroud import git-agecrypt`

use super::{Members, Whole};
use crate::access::unlock::missing::IdentityArguments;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import::repository;

/// Move a repository from git-agecrypt to git-shroud, in one commit
///
/// Decrypts with the identities of git-agecrypt's configuration; the program itself is not needed. The recipients in git-agecrypt.toml
/// become members. Anybody who can push can write that file, so --trust must say that you have compared the recipients; your own needs
/// no such word. Files with other recipients than most get a key of their own.
///
/// Rewrites git-agecrypt's lines in every .gitattributes. The files in the worktree do not change. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import git-agecrypt --dry-run
  $ git shroud import git-agecrypt --trust
  $ git shroud import git-agecrypt --identity ~/.age/key.txt --rename group-2=ops")]
pub(super) struct GitAgecrypt {
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    members: Members,
    #[command(flatten)]
    identities: IdentityArguments,
}

impl GitAgecrypt {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.whole.run(context, &repository::GitAgecrypt, Some(self.members), self.identities)
    }
}
