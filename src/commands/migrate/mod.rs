//! `git shroud migrate`

mod git_crypt;

use super::Context;
use crate::error::Outcome;

/// Move a repository from another tool to git-shroud
#[derive(clap::Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(clap::Subcommand)]
enum MigrateCommand {
    GitCrypt(git_crypt::GitCrypt),
}

impl Migrate {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            MigrateCommand::GitCrypt(git_crypt) => git_crypt.run(context),
        }
    }
}
