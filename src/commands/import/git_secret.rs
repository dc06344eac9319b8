//! `git shroud import git-secret`

use super::{Members, Whole};
use crate::access::unlock::missing::IdentityArguments;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import::repository;

/// Move a repository from git-secret to git-shroud, in one commit
///
/// Decrypts with your gpg. Each file is sealed under its own name instead of NAME.secret, and .gitignore no longer ignores it. Everybody in
/// git-secret's keyring becomes a member, if your gpg considers their certificate valid; --trust grants to the others. If somebody
/// would lose access, it stops and changes nothing.
///
/// Hide your changes first, and ask others to do so: a pull overwrites the plaintext that they have. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import git-secret --dry-run
  $ git shroud import git-secret --trust")]
pub(super) struct GitSecret {
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    members: Members,
}

impl GitSecret {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.whole.run(
            context,
            &repository::GitSecret,
            Some(self.members),
            IdentityArguments::default(),
        )
    }
}
