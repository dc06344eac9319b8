//! `git shroud scan`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{Context, held_git_crypt_keys, held_keys};
use crate::detect::Rank;
use crate::error::{CommandError, Outcome};
use crate::fs::{Access, write_output};
use crate::git::pushed::Pushed;
use crate::git::repository::Repository;
use crate::scan::error::ScanError;
use crate::scan::findings::{Report, allow};
use crate::scan::report::{self, Format};
use crate::scan::run::{Answer, Request};
use crate::scan::suggest::suggest;
use crate::scan::walk::scope::{Commits, Scope};
use crate::scrub::plan;
use crate::ui::{Style, count};

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
    #[arg(long, value_name = "RANK", default_value = "medium",
        value_parser = PossibleValuesParser::new(Rank::ALL.map(Rank::name)).map(|name| Rank::named(&name)))]
    min_rank: Rank,
    /// Name attribute lines that would seal the files with findings
    #[arg(long)]
    suggest: bool,
}

impl Scan {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        let scope = self.scope(&repository)?;
        let request = Request {
            repository: &repository,
            keyring: &held_keys(repository.common_dir())?,
            git_crypt: &held_git_crypt_keys(&repository)?,
            scope: &scope,
            worktree: self.worktree,
            no_cache: self.no_cache,
            rules: self.rules.as_deref(),
            baseline: self.baseline.as_deref(),
            named: self.write_baseline.is_some() || self.plan.is_some(),
            others_marks: self.others_marks,
            min_rank: self.min_rank,
            reveal: self.reveal,
        };
        let Answer { report, today, salt } = request.run(&context.ui)?;
        self.write(context, &report)?;
        if let Some(path) = &self.write_baseline {
            let text = allow::write(&report.findings, today, salt.as_ref());
            write_output(path, text.as_bytes(), Access::Shared).map_err(ScanError::File)?;
        }
        if let Some(path) = &self.plan {
            let text = plan::write_findings(&report.findings, salt.as_ref());
            write_output(path, text.as_bytes(), Access::Private).map_err(ScanError::File)?;
        }
        if self.suggest {
            suggest(&repository, &report, &context.ui)?;
        }
        self.outcome(context, &report, &scope)
    }

    /// What is looked at; for the hooks of a push by what git writes to standard input.
    fn scope(&self, repository: &Repository) -> Outcome<Scope> {
        let is_narrow =
            !self.revisions.is_empty() || self.since.is_some() || !self.paths.is_empty();
        Ok(if let Some(remote) = &self.pre_push {
            Scope::Pushed(Pushed::to_remote(repository, remote, std::io::stdin())?)
        } else if self.pre_receive {
            Scope::Pushed(Pushed::to_refs(repository, std::io::stdin())?)
        } else if self.staged {
            Scope::Staged
        } else if is_narrow {
            Scope::Commits(Commits {
                revisions: self.revisions.clone(),
                since: self.since.clone(),
                paths: self.paths.clone(),
                reflogs: false,
            })
        } else {
            Scope::All
        })
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
        report::write(self.format, report, options, &mut *text).map_err(ScanError::File)?;
        match &self.output {
            // With --reveal it holds every secret.
            Some(path) if self.reveal => {
                write_output(path, &text, Access::Private).map_err(ScanError::File)?;
            }
            Some(path) => write_output(path, &text, Access::Shared).map_err(ScanError::File)?,
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
            let advice = report::advice(report, scope, self.pre_push.is_some());
            advice.into_iter().for_each(|hint| context.ui.hint(hint));
            return Err(CommandError::found());
        }
        if left > 0 {
            let error =
                format!("{} could not be read, so the answer is incomplete", count(left, "thing"));
            return Err(
                CommandError::incomplete(error).hint("the report names each, with the reason")
            );
        }
        Ok(())
    }
}

impl From<ScanError> for CommandError {
    fn from(error: ScanError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ScanError::Git(error) => error.into(),
            ScanError::Walk(error) => {
                Self::from(error).hint("name commits as 'git log' does, as in origin/main..HEAD")
            }
            ScanError::List(_) => wrong.hint("docs/scan.md describes such a file"),
            _ => wrong,
        }
    }
}
