//! `git shroud key rotate`

use std::collections::BTreeSet;

use super::super::{Context, top};
use crate::access::rotate::{Plan, run};
use crate::error::Outcome;
use crate::keyring::KeyName;

/// Replace a key by a new one for its members, and seal every file with it
///
/// Has four steps: create (a new key, encrypted to the members), seal (every file of the index, staged), test (each opens to the same
/// plaintext), finish (write and stage .shroud/). The worktree does not change. If it is interrupted, --continue finishes it and --abort
/// undoes it. The earlier keys stay with the new one, so history stays readable.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key rotate
  $ git shroud key rotate default --dry-run
  $ git shroud key rotate --write-only")]
pub(super) struct Rotate {
    /// The keys [default: 'default', or the only one]
    #[arg(value_name = "NAME", conflicts_with_all = ["continue_", "abort"])]
    names: Vec<KeyName>,
    /// Finish an interrupted rotation
    #[arg(long = "continue", conflicts_with_all = ["abort", "dry_run"])]
    continue_: bool,
    /// Undo an interrupted rotation
    #[arg(long, conflicts_with = "dry_run")]
    abort: bool,
    /// Skip a member with an unusable certificate; their grant stays at the earlier generation
    #[arg(long, value_name = "MEMBER", conflicts_with_all = ["continue_", "abort"])]
    without: Vec<String>,
    /// Let people who do not hold the key set values in files that are sealed by value; they cannot read them. Later rotations keep this
    #[arg(long, conflicts_with_all = ["continue_", "abort", "no_write_only"])]
    write_only: bool,
    /// Let only holders of the key set values from now on
    #[arg(long, conflicts_with_all = ["continue_", "abort"])]
    no_write_only: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rotate {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let repository = context.discover()?;
        top(&repository)?;
        if self.continue_ {
            Ok(run::go_on(&repository, &context.ui)?)
        } else if self.abort {
            Ok(run::undo(&repository, &context.ui)?)
        } else {
            let opened = context.open()?;
            let names = opened.choose_keys(&self.names)?;
            let names: BTreeSet<KeyName> = names.into_iter().collect();
            let without = run::find_without(&opened, &names, &self.without)?;
            let write_only = match (self.write_only, self.no_write_only) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            };
            let plan = Plan { names, without, write_only, ..Plan::default() };
            run::rotate(&context.ui, &opened, &plan, self.dry_run)?;
            Ok(())
        }
    }
}
