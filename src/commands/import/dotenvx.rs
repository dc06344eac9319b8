//! `git shroud import dotenvx`

use super::Files;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import;

/// Take .env files over from dotenvx
///
/// Runs 'dotenvx decrypt --stdout', which needs the private keys in .env.keys or in the environment. The public key goes from the file.
/// Delete .env.keys yourself.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import dotenvx .env .env.production")]
pub(super) struct Dotenvx {
    #[command(flatten)]
    files: Files,
}

impl Dotenvx {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.files.run(context, &import::Dotenvx)
    }
}
