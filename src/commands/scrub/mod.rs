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

/// Rewrite history to remove leaked plaintext; with a backup, and can be undone
///
/// Takes a plan ('git shroud scan --plan FILE' writes one), options, or both: seals files in every commit, replaces values by
/// ***REMOVED:rule*** everywhere, and takes out files. Verifies the result. Commits before the first change keep their ids. A backup of
/// everything stays in git's folder until --finish; --undo restores it.
///
/// If a secret was pushed, somebody may know it: change it where it is used. No rewrite takes it back.
///
/// Exit status 0 if the result is verified, 1 if it was refused or something is left, 3 if something could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud scan --plan plan.toml
  $ git shroud scrub plan.toml --dry-run
  $ git shroud scrub plan.toml
  $ git shroud scrub --seal --rekey
  $ git shroud scrub --value-file ../leaked.txt --drop /backups/
  $ git shroud scrub --undo
  $ git shroud scrub --finish

docs/scrub.md describes plans, and what no rewrite can do.")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Scrub {
    #[command(subcommand)]
    command: Option<ScrubCommand>,
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Seal matching files in every commit; without a pattern, all that today's attributes seal
    #[arg(long, value_name = "PATTERN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    seal: Vec<String>,
    /// Use each commit's own attributes, instead of today's
    #[arg(long)]
    as_of_commit: bool,
    /// Replace the values in a JSON report of 'scan', or in another plan
    #[arg(long, value_name = "FINDINGS")]
    redact: Option<PathBuf>,
    /// Replace values of sealed files in other places
    #[arg(long)]
    known: bool,
    /// Replace the values in this file, one on each line; '-' for standard input
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// Take out matching files, and folders with everything in them
    #[arg(long, value_name = "PATH")]
    drop: Vec<Pattern>,
    /// Seal files of an earlier key again, with the current key
    #[arg(long)]
    rekey: bool,
    /// Turn files that another tool encrypted into sealed files
    #[arg(long, value_name = "TOOL")]
    convert: Option<Tool>,
    /// Also replace values inside gzip files and zip archives
    #[arg(long)]
    archives: bool,
    /// Leave out commits that became empty
    #[arg(long)]
    prune_empty: bool,
    /// Print what would change, in exact numbers, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Finish an interrupted scrub
    #[arg(long = "continue", conflicts_with_all = WHAT)]
    resume: bool,
    /// Undo the last scrub
    #[arg(long, conflicts_with_all = WHAT, conflicts_with = "resume")]
    undo: bool,
    /// Remove the old history: the backup, reflogs, unreachable objects
    #[arg(long, conflicts_with_all = WHAT, conflicts_with_all = ["resume", "undo"])]
    finish: bool,
}

#[derive(clap::Subcommand)]
enum ScrubCommand {
    Follow(follow::Follow),
}

/// Options that say what should be done.
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
