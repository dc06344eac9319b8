//! `git shroud scrub`

mod follow;

use std::path::PathBuf;

use super::{Context, exclusive, held_git_crypt_keys, held_keys};
use crate::error::{CommandError, Outcome};
use crate::sanitise;
use crate::scrub::plan::Pattern;
use crate::scrub::proof::Finished;
use crate::scrub::report::{self, Format};
use crate::scrub::search::Remains;
use crate::scrub::work::{Done, Ended, Options, Request, Work, exposed_path};

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
    /// Sign commits and tags again that were signed and change, with your own key (as 'git commit -S')
    #[arg(long)]
    sign: bool,
    /// At the end let git check every object, old ones too ('git fsck --strict'); also with --continue and --finish
    #[arg(long)]
    fsck: bool,
    /// Print what would change, in exact numbers, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Succeed also where nothing in the history matches, or not every pattern
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
const WHAT: [&str; 14] = [
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
    "sign",
    "dry_run",
    "allow_empty",
];

#[derive(Clone, Copy, clap::ValueEnum)]
enum Tool {
    GitCrypt,
}

impl Scrub {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let plan = self.options().plan()?;
        let repository = context.discover()?;
        let keyring = held_keys(&repository)?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        let _exclusive = exclusive(&repository)?;
        let work = Work {
            repository: &repository,
            keyring: &keyring,
            git_crypt: &git_crypt,
            progress: &context.ui,
            check_all: self.fsck,
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
                required: if self.allow_empty { Vec::new() } else { self.options().patterns() },
                sign: self.sign,
                dry_run: self.dry_run,
                format: self.format,
            })
        };
        match done? {
            Done::Told { unfit } => {
                if let Some(error) = unfit {
                    context.warn(error);
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
        let Ended { record, proof, signatures, checklist, lost_exposed } = ended;
        report::done(&context.ui, self.format, record, proof, signatures, checklist);
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
        for map in &finished.maps {
            let map = sanitise::native(map);
            context.ui.status(format!("kept {map}: it names commits, and no secret"));
            context.ui.hint(format!("other clones follow it: git shroud scrub follow {map}"));
        }
        if !finished.is_gone() {
            return Err(CommandError::refused("a part of the old history is still in this clone")
                .hint("borrowed objects (objects/info/alternates) and packs with a '.keep' file stay: remove them"));
        }
        context.ui.status("the old history is gone from this clone");
        Ok(())
    }

    fn options(&self) -> Options<'_> {
        Options {
            file: self.plan.as_deref(),
            seal: &self.seal,
            as_of_commit: self.as_of_commit,
            redact: self.redact.as_deref(),
            drop: &self.drop,
            rekey: self.rekey,
            convert_git_crypt: self.convert.is_some(),
            archives: self.archives,
            prune_empty: self.prune_empty,
        }
    }
}
