//! `git shroud scrub`

mod checklist;
mod finish;
mod follow;
mod prove;
mod report;
mod run;
mod values;

use std::path::PathBuf;

use super::Context;
use crate::error::Outcome;
use crate::scrub::plan::Pattern;
use report::Format;
use run::Work;

/// Rewrite the history so that what was in the clear no longer is
///
/// Takes a plan ('git shroud scan --plan FILE' writes one), options, or both: seals files in every commit, puts
/// ***REMOVED:rule*** in the place of values wherever they stand, takes out files. Commits before the first change keep
/// their ids. Everything as it was is kept in git's own folder until --finish; --undo takes it back.
///
/// A secret that was pushed is known: change it where it is used. No rewrite takes it back.
///
/// Exit status 0 if it is done and proved, 1 if it was refused or something is left, 3 if not all could be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud scan --plan plan.toml
  $ git shroud scrub plan.toml --dry-run
  $ git shroud scrub plan.toml
  $ git shroud scrub --seal --rekey
  $ git shroud scrub --value-file ../leaked.txt --drop /backups/
  $ git shroud scrub --undo
  $ git shroud scrub --finish

docs/scrub.md says what a plan may hold, and what no rewrite can do.")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Scrub {
    #[command(subcommand)]
    command: Option<ScrubCommand>,
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Seal files that match, in every commit; without a pattern all that today's attributes say
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    seal: Vec<String>,
    /// Seal what each commit's own attributes say, instead of today's
    #[arg(long)]
    as_of_commit: bool,
    /// Replace the values in a report of scan in JSON, or in another plan
    #[arg(long, value_name = "FINDINGS")]
    redact: Option<PathBuf>,
    /// Replace every value of a sealed file that stands elsewhere
    #[arg(long)]
    known: bool,
    /// Replace the values in this file, one on a line; '-' for standard input
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// Take out files that match, and folders with all in them
    #[arg(long, value_name = "PATH")]
    drop: Vec<Pattern>,
    /// Seal what is sealed under an earlier key anew, under the current one
    #[arg(long)]
    rekey: bool,
    /// Make sealed files of what another tool encrypted
    #[arg(long, value_name = "TOOL")]
    convert: Option<Tool>,
    /// Replace inside of gzip files and zip archives too
    #[arg(long)]
    archives: bool,
    /// Leave out commits that became empty
    #[arg(long)]
    prune_empty: bool,
    /// Only say what would change, in exact numbers
    #[arg(long)]
    dry_run: bool,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// End a scrub that was cut off
    #[arg(long = "continue", conflicts_with_all = WHAT)]
    resume: bool,
    /// Take the last scrub back
    #[arg(long, conflicts_with_all = WHAT, conflicts_with = "resume")]
    undo: bool,
    /// Remove what still holds the old history: the backup, reflogs, unreachable objects
    #[arg(long, conflicts_with_all = WHAT, conflicts_with_all = ["resume", "undo"])]
    finish: bool,
}

#[derive(clap::Subcommand)]
enum ScrubCommand {
    Follow(follow::Follow),
}

/// Options that say what is to be done.
const WHAT: [&str; 12] = [
    "plan",
    "seal",
    "as_of_commit",
    "redact",
    "known",
    "value_file",
    "drop",
    "rekey",
    "convert",
    "archives",
    "prune_empty",
    "dry_run",
];

#[derive(Clone, Copy, clap::ValueEnum)]
enum Tool {
    GitCrypt,
}

impl Scrub {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        if let Some(ScrubCommand::Follow(follow)) = &self.command {
            return follow.run(context);
        }
        let plan = run::plan(&self)?;
        let work = Work::open(context)?;
        if self.resume {
            work.resume(&self)
        } else if self.undo {
            work.undo()
        } else if self.finish {
            work.finish(&self)
        } else {
            work.run(&self, plan)
        }
    }

    /// Whether options name values that no plan does.
    fn adds_values(&self) -> bool {
        self.known || self.value_file.is_some()
    }
}
