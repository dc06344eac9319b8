//! `git shroud import sops`

use super::Files;
use crate::commands::Context;
use crate::error::Outcome;
use crate::import;

/// Take files over from sops
///
/// Runs 'sops -d', which needs your keys as always. sops' own metadata goes. Remove the rules in .sops.yaml yourself.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud import sops conf/prod.yaml
  $ git shroud import sops --clear log.level conf/dev.yaml conf/dev.env")]
pub(super) struct Sops {
    #[command(flatten)]
    files: Files,
}

impl Sops {
    pub(super) fn run(self, context: &Context) -> Outcome {
        self.files.run(context, &import::Sops)
    }
}
