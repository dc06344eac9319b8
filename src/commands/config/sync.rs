//! `git shroud config sync`

use super::{Context, EnvironmentsArguments, ReleaseOption, load, locked};
use crate::environments::files::{Syncing, sync};
use crate::error::{CommandError, Outcome};
use crate::ui::count;

/// Add missing properties of the schema to every environment
///
/// Writes a default as a comment. A property that you must set gets the marker __SET_ME__; 'config check' refuses it until 'config set'
/// or an editor replaces it. Changes nothing else in a file. JSON has no comments, so it shows no defaults. Writes nothing
/// to a locked environment, and says what it lacks where its names can be read; exit status 3 if it lacks anything, or may.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config sync --dry-run
  $ git shroud config sync dev")]
pub(super) struct Sync {
    #[command(flatten)]
    of: EnvironmentsArguments,
    #[command(flatten)]
    release: ReleaseOption,
    /// Print what would be written, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl Sync {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.of.schema, &[])?;
        let syncing = Syncing {
            names: &self.of.environments,
            release: self.release.release.as_ref(),
            dry_run: self.dry_run,
        };
        let synced = sync(&loaded, &syncing, &context.ui)?;
        if synced.unplaced > 0 {
            let lines = count(synced.unplaced, "line");
            return Err(CommandError::refused(format!(
                "{lines} could not be placed; add them by hand"
            ))
            .hint("git shroud config set ENV NAME --file FILE"));
        }
        if !synced.closed.is_empty() {
            return Err(locked(&synced.closed));
        }
        match (synced.written, self.dry_run) {
            (0, _) => context.ui.status("nothing is missing"),
            (_, true) => context.ui.status("nothing was written"),
            (_, false) => {
                context.ui.hint("'git shroud config check' names the values that you must set");
            }
        }
        Ok(())
    }
}
