//! `git shroud import transcrypt`

use super::Whole;
use crate::access::unlock::missing::IdentityArguments;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import::repository;

/// Move a repository from transcrypt to git-shroud, in one commit
///
/// Decrypts with openssl and the password that this clone has. Each context becomes a key of the same name; transcrypt knows no people,
/// so add members afterwards. Rewrites transcrypt's lines in every .gitattributes, so that the same files stay sealed; the files in the
/// worktree do not change.
///
/// The password stays in .git/config, as earlier commits need it. If it is interrupted, run it again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import transcrypt --dry-run
  $ git shroud import transcrypt --rename default=team")]
pub(super) struct Transcrypt {
    #[command(flatten)]
    whole: Whole,
}

impl Transcrypt {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.whole.run(context, &repository::Transcrypt, None, IdentityArguments::default())
    }
}
