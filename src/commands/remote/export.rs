//! `git shroud remote export`

use std::path::PathBuf;

use crate::commands::Context;
use crate::error::Outcome;
use crate::remote::status::export;
use crate::ui::prompt;

/// Write the key of an encrypted remote to a file, for a backup or for CI
///
/// Anybody with the file can read all that the remote holds. A run with GIT_SHROUD_KEYRING (the path) or GIT_SHROUD_KEY (the text) can clone
/// it. The file gets mode 0600, and none is overwritten.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud remote export vault -o ../vault.key")]
pub(super) struct Export {
    /// The name of the remote
    name: String,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Outcome {
        export(&context.repository()?, &self.name, &self.output, &mut prompt::ask)?;
        context.ui.status(format!("wrote the key to {}", crate::sanitise::native(&self.output)));
        Ok(())
    }
}
