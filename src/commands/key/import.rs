//! `git shroud key import`

use std::path::PathBuf;

use super::{Context, report_taken};
use crate::access::given::{read_own, take_in};
use crate::error::Outcome;
use crate::ui::prompt::ask;

/// Take keys from a key file or a backup, but decrypt no file
///
/// Reads key files, single tokens, age files under a passphrase, and 24 words.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key import ../team.key
  $ git shroud key import ../backup.age")]
pub(super) struct Import {
    /// Key files or backups, '-' for standard input
    #[arg(required = true, value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
}

impl Import {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let given = read_own(&self.key_files, &mut ask)?;
        let added = take_in(&mut context.open()?, given, &context.ui)?;
        report_taken(context, added);
        Ok(())
    }
}
