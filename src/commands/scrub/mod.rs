//! `git shroud scrub`

mod follow;

use std::path::PathBuf;

use super::{Context, exclusive, held_git_crypt_keys, held_keys};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::read_bounded;
use crate::sanitise;
use crate::scrub::plan::{self, InvalidPattern, Pattern, Plan, Seal, SealBy};
use crate::scrub::proof::Finished;
use crate::scrub::report::{self, Format};
use crate::scrub::search::Remains;
use crate::scrub::work::{Done, Ended, Request, Work, exposed_path, findings};

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
    /// Succeed also where nothing in the history matches
    #[arg(long)]
    allow_empty: bool,
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
const WHAT: [&str; 13] = [
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
    "allow_empty",
];

#[derive(Clone, Copy, clap::ValueEnum)]
enum Tool {
    GitCrypt,
}

impl Scrub {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let plan = self.plan()?;
        let repository = context.discover()?;
        let keyring = held_keys(repository.common_dir())?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        let _exclusive = exclusive(&repository)?;
        let work = Work {
            repository: &repository,
            keyring: &keyring,
            git_crypt: &git_crypt,
            progress: &context.ui,
        };
        if let Some(ScrubCommand::Follow(follow)) = &self.command {
            return follow.run(context, &work);
        }
        if self.finish {
            return self.report_finished(context, &work.finish()?);
        }
        let done = if self.resume {
            work.resume()
        } else if self.undo {
            work.undo()
        } else {
            work.run(Request {
                plan,
                known: self.known,
                value_file: self.value_file.as_deref(),
                dry_run: self.dry_run,
                format: self.format,
            })
        };
        match done? {
            Done::Told { unfit } => {
                if let Some(error) = unfit.map(CommandError::from) {
                    context.ui.warning(error.message());
                    error.hints().iter().for_each(|hint| context.ui.hint(hint));
                }
            }
            Done::Unchanged if !self.allow_empty => {
                let error = CommandError::refused("the plan matches nothing in the history");
                return Err(error.hint("check its paths and values, or allow it: --allow-empty"));
            }
            Done::Unchanged => context.ui.status("nothing in the history changes"),
            Done::Rewritten(ended) => return self.report(context, &ended),
            Done::Undone => context.ui.status("everything is as before the scrub"),
        }
        Ok(())
    }

    /// The proof, and what no rewrite can do.
    fn report(&self, context: &Context, ended: &Ended) -> Outcome {
        let Ended { record, proof, checklist, lost_exposed } = ended;
        report::done(&context.ui, self.format, record, proof, checklist);
        if *lost_exposed {
            let place = sanitise::native(&exposed_path(record));
            context.ui.warning(format!(
                "{place} cannot be read, so the list of secrets to change is missing"
            ));
            context
                .ui
                .hint("history is rewritten; change every secret in the plan where it is used");
        }
        if !proof.is_sound() {
            if proof.searched.unread > 0 && proof.searched.count(Remains::InForce) == 0 {
                return Err(CommandError::incomplete(
                    "some objects could not be read, so the verification is incomplete",
                )
                .hint("'git shroud scan' names what could not be read"));
            }
            return Err(CommandError::refused("history was rewritten, but something is left")
                .hint("the list above says why; 'git shroud scrub --undo' undoes the scrub"));
        }
        if *lost_exposed {
            return Err(CommandError::incomplete("the list of secrets to change is missing"));
        }
        Ok(())
    }

    fn report_finished(&self, context: &Context, finished: &Finished) -> Outcome {
        report::finished(&context.ui, self.format, finished);
        if !finished.is_gone() {
            return Err(CommandError::refused("a part of the old history is still in this clone")
                .hint("borrowed objects (objects/info/alternates) and packs with a '.keep' file stay: remove them"));
        }
        context.ui.status("the old history is gone from this clone");
        Ok(())
    }

    /// The plan of the options, on top of that in the file.
    fn plan(&self) -> Outcome<Plan> {
        let mut plan = match &self.plan {
            None => Plan::default(),
            Some(path) => {
                let bytes = read_bounded(path, plan::MAX_LEN).context(|| "the plan".to_owned())?;
                Plan::read(&bytes).map_err(|error| {
                    CommandError::wrong(format!("{}: {error}", sanitise::native(path)))
                        .hint("docs/scrub.md describes plans")
                })?
            }
        };
        for pattern in &self.seal {
            if pattern.is_empty() {
                plan.seal_by = plan.seal_by.or(Some(SealBy::Today));
                continue;
            }
            let pattern = pattern
                .parse()
                .map_err(|error: InvalidPattern| CommandError::wrong(error.to_string()))?;
            plan.seal.push(Seal { pattern, key: None });
        }
        if self.as_of_commit {
            plan.seal_by = Some(SealBy::EachCommit);
        }
        if let Some(path) = &self.redact {
            plan.redact.extend(findings(path)?);
        }
        plan.drop.extend(self.drop.iter().cloned());
        plan.rekey |= self.rekey;
        plan.convert_git_crypt |= self.convert.is_some();
        plan.archives |= self.archives;
        plan.prune_empty |= self.prune_empty;
        Ok(plan)
    }
}
