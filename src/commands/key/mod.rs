//! `git shroud key`

mod combine;
mod export;
mod import;
mod list;
mod new;
mod policy;
mod rotate;
mod split;

use super::Context;
use crate::error::Outcome;
use crate::ui::count;

/// List, make, rotate, export, split and import keys
#[derive(clap::Args)]
pub struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(clap::Subcommand)]
enum KeyCommand {
    List(list::List),
    New(new::New),
    Export(export::Export),
    Rotate(rotate::Rotate),
    Import(import::Import),
    Split(split::Split),
    Combine(combine::Combine),
    Policy(policy::Policy),
}

impl Key {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            KeyCommand::List(list) => list.run(context),
            KeyCommand::New(new) => new.run(context),
            KeyCommand::Export(export) => export.run(context),
            KeyCommand::Rotate(rotate) => rotate.run(context),
            KeyCommand::Import(import) => import.run(context),
            KeyCommand::Split(split) => split.run(context),
            KeyCommand::Combine(combine) => combine.run(context),
            KeyCommand::Policy(policy) => policy.run(context),
        }
    }
}

/// Says how many keys are in the local keyring now.
fn report_taken(context: &Context, added: u64) {
    context.ui.status(format!("took {}", count(added, "new key")));
    context.ui.hint("'git shroud unlock' opens the files");
}
