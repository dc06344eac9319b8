//! `git shroud scrub follow`

use std::path::PathBuf;

use crate::commands::Context;
use crate::error::{CommandError, Outcome, count};
use crate::scrub::work::Work;

/// Move this clone's branches to a history that somebody else has scrubbed
///
/// Fetch first. Moves branches that the map knows, and puts commits that only this clone has onto the new history. Keeps a backup until
/// 'git shroud scrub --finish'; 'git shroud scrub --undo' undoes it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git fetch --all --tags --force
  $ git shroud scrub follow commit-map
  $ git shroud scrub --finish")]
pub(super) struct Follow {
    /// The 'commit-map' of the scrub
    #[arg(value_name = "MAP")]
    map: PathBuf,
}

impl Follow {
    pub(super) fn run(&self, context: &Context, work: &Work<'_>) -> Outcome {
        let followed = work.follow(&self.map)?;
        let ui = &context.ui;
        ui.line(format!(
            "{} moved, {} rewritten",
            count(followed.moved, "ref"),
            count(followed.replayed, "commit")
        ));
        for (name, why) in &followed.stuck {
            ui.line(format!("{name}: {why}"));
        }
        for name in &followed.still_named {
            ui.line(format!("{name} still points to the old history"));
        }
        if !followed.still_named.is_empty() {
            return Err(CommandError::refused("refs here still point to the old history")
                .hint("remote-tracking branches: git fetch --all --prune --tags --force")
                .hint("then: 'git shroud scrub --finish' removes what no ref leads to"));
        }
        ui.status("no ref points to the old history any more");
        ui.hint("to remove it from this clone: git shroud scrub --finish");
        Ok(())
    }
}
