//! `git shroud blame`

use std::ffi::OsString;

use super::Context;
use crate::access::show::git::blame;
use crate::error::Outcome;

/// Show who last changed each line of a file, as plaintext
///
/// Takes the options of 'git blame'. Without a revision, stock git shows sealed bytes, because it encrypts the worktree before it
/// compares.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud blame secrets/db.env
  $ git shroud blame HEAD -- secrets/db.env")]
pub struct Blame {
    /// A path, and options of 'git blame'
    #[arg(
        required = true,
        allow_hyphen_values = true,
        trailing_var_arg = true,
        value_name = "OPTION|PATH"
    )]
    given: Vec<OsString>,
}

impl Blame {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        Ok(blame(&context.open()?, &context.dir, &self.given)?)
    }
}
