//! `git shroud member`

mod add;
mod list;
mod remove;
mod renew;

use super::Context;
use crate::error::Outcome;

/// Add, list, renew and remove members: people who can open a key
#[derive(clap::Args)]
pub struct Member {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(clap::Subcommand)]
enum MemberCommand {
    Add(add::Add),
    List(list::List),
    Renew(renew::Renew),
    Remove(remove::Remove),
}

impl Member {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            MemberCommand::Add(add) => add.run(context),
            MemberCommand::List(list) => list.run(context),
            MemberCommand::Renew(renew) => renew.run(context),
            MemberCommand::Remove(remove) => remove.run(context),
        }
    }
}
