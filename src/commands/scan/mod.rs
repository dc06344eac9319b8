//! `git shroud scan`

mod advice;
pub(super) mod lists;
pub(super) mod look;
mod scope;
mod sealed;
mod suggest;

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Context, held_git_crypt_keys, held_keys};
use crate::detect::{Detector, Rank, rules};
use crate::error::{CommandError, Outcome};
use crate::fs::{Access, write_output};
use crate::scan::findings::allow;
use crate::scan::findings::mask::mask;
use crate::scan::report::{self, Format};
use crate::scan::{Report, Scope};
use crate::scrub::plan;
use crate::ui::{Style, count};
use lists::Lists;

/// Bytes of the longest file of rules.
const MAX_RULES: usize = 16 << 20;

/// Find secrets in the clear, in any corner of the repository
///
/// Looks at every object that git has here, whether a ref leads to it or not, and at names, messages, reflogs and
/// configuration. Finds plaintext at paths that are to be sealed, values of sealed files that stand elsewhere (where the
/// key is held), and what looks like a password, token or key. Values are shown in part only. Nothing is sent anywhere.
///
/// Exit status 0 if nothing was found, 1 if anything was, 3 if nothing was and not all could be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud scan
  $ git shroud scan HEAD~1..HEAD
  $ git shroud scan --staged
  $ git shroud scan --format html -o report.html
  $ git shroud scan --write-baseline baseline.toml
  $ git shroud scan --plan plan.toml

A line with 'shroud:allow' in a comment is left out, and so is what .shroud/scan.toml allows; both are listed.")]
pub struct Scan {
    /// Only what these commits brought, as git log takes them
    #[arg(value_name = "REV", conflicts_with_all = ["all", "staged", "worktree"])]
    revisions: Vec<OsString>,
    /// Everything that git has here (the default)
    #[arg(long, conflicts_with_all = ["staged", "worktree", "since", "paths"])]
    all: bool,
    /// Only what is staged: what the next commit would bring
    #[arg(long, conflicts_with_all = ["worktree", "since", "paths"])]
    staged: bool,
    /// As a pre-push hook, with git's lines on standard input: only what this remote does not have yet
    #[arg(long, value_name = "REMOTE",
        conflicts_with_all = ["revisions", "all", "staged", "worktree", "since", "paths", "pre_receive"])]
    pre_push: Option<String>,
    /// As the pre-receive hook of a server, with git's lines on standard input: only what no ref leads to yet
    #[arg(long,
        conflicts_with_all = ["revisions", "all", "staged", "worktree", "since", "paths"])]
    pre_receive: bool,
    /// Only the files of the worktree, but for those that git ignores and those that are to be sealed
    #[arg(long, conflicts_with_all = ["since", "paths"])]
    worktree: bool,
    /// Only what commits younger than this brought, as git log takes it
    #[arg(long, value_name = "DATE")]
    since: Option<OsString>,
    /// Only files that match; can be given several times
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<OsString>,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show values in full
    #[arg(long)]
    reveal: bool,
    /// Rules of gitleaks or betterleaks, in their TOML, instead of this program's own
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Leave out what this list or earlier report has
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what was found to a list for --baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Write what was found to a plan for 'git shroud scrub'
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Remarks of other scanners in the text, such as gitleaks:allow, count too
    #[arg(long)]
    others_marks: bool,
    /// Look at everything anew, also at what an earlier scan has looked at
    #[arg(long)]
    no_cache: bool,
    /// The least sure that is reported
    #[arg(long, value_name = "RANK", default_value = "medium")]
    min_rank: MinRank,
    /// Name attribute lines that would seal the files with findings
    #[arg(long)]
    suggest: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum MinRank {
    Low,
    Medium,
    High,
    Certain,
}

impl From<MinRank> for Rank {
    fn from(rank: MinRank) -> Self {
        match rank {
            MinRank::Low => Self::Low,
            MinRank::Medium => Self::Medium,
            MinRank::High => Self::High,
            MinRank::Certain => Self::Certain,
        }
    }
}

/// The error names the file.
fn io(error: &std::io::Error) -> CommandError {
    CommandError::wrong(error.to_string())
}

impl Scan {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let keyring = held_keys(repository.common_dir())?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        let (detector, notes) = self.detector()?;
        let mut lists = Lists::read(&repository, &keyring, self.baseline.as_deref())?;
        if self.write_baseline.is_some() || self.plan.is_some() {
            lists.ensure_named()?;
        }
        let scope = self.scope(&repository)?;
        let look = look::Look {
            repository: &repository,
            keyring: &keyring,
            git_crypt: &git_crypt,
            detector: &detector,
            scope: &scope,
            no_cache: self.no_cache,
            worktree: self.worktree,
        };
        let (mut report, findings) = look.run(context, &lists.fingerprinter)?;
        report.scope = self.scope_in_words(&scope);
        let options = allow::Options {
            others_marks: self.others_marks,
            today: lists.today,
            whole: scope == Scope::All && !self.worktree,
        };
        let applied = allow::apply(&lists.lists, findings, &lists.fingerprinter, options);
        let (findings, below): (Vec<_>, Vec<_>) =
            applied.findings.into_iter().partition(|found| found.rank >= self.min_rank.into());
        report.below_rank = below.len() as u64;
        report.findings = findings;
        report.suppressed = applied.suppressed;
        report.notes.extend(notes);
        report.notes.extend(applied.notes);
        if !self.reveal {
            mask(&mut report);
        }
        self.write(context, &report)?;
        if let Some(path) = &self.write_baseline {
            let text = allow::write(&report.findings, lists.today, lists.new_salt());
            write_output(path, text.as_bytes(), Access::Shared).map_err(|error| io(&error))?;
        }
        if let Some(path) = &self.plan {
            let text = plan::write_findings(&report.findings, lists.new_salt());
            write_output(path, text.as_bytes(), Access::Private).map_err(|error| io(&error))?;
        }
        if self.suggest {
            suggest::suggest(context, &repository, &report)?;
        }
        self.outcome(context, &report, &scope)
    }

    /// What to look for, and what is to be said of it.
    fn detector(&self) -> Outcome<(Detector, Vec<String>)> {
        let Some(path) = &self.rules else { return Ok((Detector::builtin(), Vec::new())) };
        let bytes = crate::fs::read_bounded(path, MAX_RULES).map_err(|error| io(&error))?;
        let name = crate::sanitise::native(path);
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| CommandError::wrong(format!("{name} is not UTF-8")))?;
        let wrong = |error: String| CommandError::wrong(format!("{name}: {error}"));
        let file = rules::gitleaks::parse(text).map_err(|error| wrong(error.to_string()))?;
        let detector =
            Detector::with_rules(file.rules).map_err(|error| wrong(error.to_string()))?;
        Ok((detector, file.notes))
    }

    fn write(&self, context: &Context, report: &Report) -> Outcome {
        // As a hook it is silent where all is well.
        let is_hook = (self.staged || self.pre_push.is_some() || self.pre_receive)
            && self.format == Format::Text
            && self.output.is_none();
        if is_hook && report.findings.is_empty() && report.is_complete() {
            return Ok(());
        }
        let paint = |rank: Rank, text: &str| match rank {
            Rank::Certain | Rank::High => context.ui.styled(Style::Bad, text),
            Rank::Medium => context.ui.styled(Style::Warning, text),
            Rank::Low => text.to_owned(),
        };
        let paint: Option<report::Paint<'_>> = match self.output {
            None => Some(&paint),
            Some(_) => None,
        };
        let options = report::Options { reveal: self.reveal, paint };
        let mut text = zeroize::Zeroizing::new(Vec::new());
        report::write(self.format, report, options, &mut *text).map_err(|error| io(&error))?;
        match &self.output {
            // With --reveal it holds every secret.
            Some(path) if self.reveal => {
                write_output(path, &text, Access::Private).map_err(|error| io(&error))?;
            }
            Some(path) => write_output(path, &text, Access::Shared).map_err(|error| io(&error))?,
            None => context.ui.bytes(&text),
        }
        Ok(())
    }

    fn outcome(&self, context: &Context, report: &Report, scope: &Scope) -> Outcome {
        let left = report.unread.len() as u64;
        if !report.findings.is_empty() {
            context.ui.status(format!("found {}", count(report.findings.len() as u64, "secret")));
            if left > 0 {
                context.ui.warning(format!("{} could not be read", count(left, "thing")));
            }
            advice::advise(context, report, scope, self.pre_push.is_some());
            return Err(CommandError::found());
        }
        if left > 0 {
            let error =
                format!("{} could not be read, so the answer is incomplete", count(left, "thing"));
            return Err(
                CommandError::incomplete(error).hint("the report names each with its reason")
            );
        }
        Ok(())
    }
}
