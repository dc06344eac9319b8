//! `git shroud import blackbox`

use super::{Members, Whole};
use crate::access::unlock::missing::IdentityArguments;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import::repository;

/// Move a repository from blackbox to git-shroud, in one commit
///
/// Decrypts with your gpg. Each file is sealed under its own name instead of NAME.gpg, and .gitignore no longer ignores it. The
/// administrators in blackbox-admins.txt become members, with their certificates from blackbox's keyring, if your gpg considers these
/// valid; --trust grants to the others. If somebody would lose access, it stops and changes nothing.
///
/// It reads .blackbox and the older keyrings/live. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import blackbox --dry-run
  $ git shroud import blackbox --trust")]
pub(super) struct Blackbox {
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    members: Members,
}

impl Blackbox {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.whole.run(
            context,
            &repository::Blackbox,
            Some(self.members),
            IdentityArguments::default(),
        )
    }
}
