//! `git shroud scan`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{Context, held_git_crypt_keys, held_keys};
use crate::detect::Rank;
use crate::error::{CommandError, Outcome};
use crate::fs::{Access, check_output, write_output};
use crate::git::pushed::Pushed;
use crate::git::repository::Repository;
use crate::scan::error::ScanError;
use crate::scan::findings::Report;
use crate::scan::fingerprint::SALT_LEN;
use crate::scan::look::Look;
use crate::scan::report::{self, Format};
use crate::scan::run::Request;
use crate::scan::suggest::suggest;
use crate::scan::walk::scope::{Commits, Scope};
use crate::scrub::plan;
use crate::ui::{Style, count};

/// Find unencrypted secrets in every commit, reachable or not
///
/// Checks every object that git has here, and names, messages, reflogs and configuration. Finds plaintext at paths that should be sealed,
/// values of sealed files in other places (if the key is held), and text that looks like a password, token or key. Shows only a part of
/// each value. Sends nothing anywhere.
///
/// Exit status 0 if nothing was found, 1 if anything was, 3 if nothing was found but something could not be read.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud scan
  $ git shroud scan HEAD~1..HEAD
  $ git shroud scan --staged
  $ git shroud scan --format html -o report.html
  $ git shroud scan --write-baseline baseline.toml
  $ git shroud scan --plan plan.toml

Lines with 'shroud:allow' in a comment do not count, and neither does what .shroud/scan.toml allows; the report lists both.")]
pub struct Scan {
    /// Check only what these commits brought (revisions as in 'git log')
    #[arg(value_name = "REV", conflicts_with_all = ["all", "staged", "worktree"])]
    revisions: Vec<OsString>,
    /// Check everything that git has here (the default)
    #[arg(long, conflicts_with_all = ["staged", "worktree", "since", "paths"])]
    all: bool,
    /// Check only what is staged for the next commit
    #[arg(long, conflicts_with_all = ["worktree", "since", "paths"])]
    staged: bool,
    /// Run as a pre-push hook, with git's lines on standard input: check only what this remote does not have yet
    #[arg(long, value_name = "REMOTE",
        conflicts_with_all = ["revisions", "all", "staged", "worktree", "since", "paths", "pre_receive"])]
    pre_push: Option<String>,
    /// Run as the pre-receive hook of a server, with git's lines on standard input: check only what no ref leads to yet
    #[arg(long,
        conflicts_with_all = ["revisions", "all", "staged", "worktree", "since", "paths"])]
    pre_receive: bool,
    /// Check only the files of the worktree, except ignored files and files that should be sealed
    #[arg(long, conflicts_with_all = ["since", "paths"])]
    worktree: bool,
    /// Check only commits after this date, as in 'git log'
    #[arg(long, value_name = "DATE")]
    since: Option<OsString>,
    /// Check only files that match; repeatable
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<OsString>,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show so many findings in the text report, or 'all'
    #[arg(long, value_name = "N", default_value = "50", value_parser = limit)]
    limit: Limit,
    /// Show how many findings there are by rule and folder, and none of them
    #[arg(long, conflicts_with = "limit")]
    summary: bool,
    /// Show values in full
    #[arg(long)]
    reveal: bool,
    /// Use gitleaks or betterleaks rules from this TOML file, instead of git-shroud's own
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Leave out the findings of this baseline or earlier report
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings to a baseline, for --baseline
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Write the findings to a plan for 'git shroud scrub'
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Also respect the allow marks of other scanners, such as gitleaks:allow
    #[arg(long)]
    others_marks: bool,
    /// Check everything again, also what an earlier scan has checked
    #[arg(long)]
    no_cache: bool,
    /// Lowest rank to report
    #[arg(long, value_name = "RANK", default_value = "medium",
        value_parser = PossibleValuesParser::new(Rank::ALL.map(Rank::name)).map(|name| Rank::named(&name)))]
    min_rank: Rank,
    /// Print attribute lines that would seal the files with findings
    #[arg(long)]
    suggest: bool,
}

/// What makes fingerprints where no key is held.
type Salt = [u8; SALT_LEN];

/// Findings that are shown; `None` for all.
#[derive(Clone, Copy)]
struct Limit(Option<usize>);

fn limit(text: &str) -> Result<Limit, String> {
    if text == "all" {
        return Ok(Limit(None));
    }
    let number = text.parse().map_err(|_| "neither a number nor 'all'".to_owned())?;
    Ok(Limit(Some(number)))
}

impl Scan {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let repository = context.repository()?;
        for path in [&self.output, &self.write_baseline, &self.plan].into_iter().flatten() {
            check_output(path).map_err(ScanError::File)?;
        }
        let scope = self.scope(&repository)?;
        let request = Request {
            look: Look {
                repository: &repository,
                keyring: &held_keys(&repository)?,
                git_crypt: &held_git_crypt_keys(&repository)?,
                scope: &scope,
                worktree: self.worktree,
                no_cache: self.no_cache,
            },
            rules: self.rules.as_deref(),
            baseline: self.baseline.as_deref(),
            named: self.write_baseline.is_some()
                || self.plan.is_some()
                || matches!(self.format, Format::Json | Format::Jsonl),
            others_marks: self.others_marks,
            min_rank: self.min_rank,
            reveal: self.reveal,
        };
        let answer = request.run(&context.ui)?;
        let report = &answer.report;
        self.write(context, report, answer.salt.as_ref())?;
        if let Some(path) = &self.write_baseline {
            write_output(path, answer.baseline().as_bytes(), Access::Shared)
                .map_err(ScanError::File)?;
        }
        if let Some(path) = &self.plan {
            let text = plan::write_findings(&report.findings, answer.salt.as_ref());
            write_output(path, text.as_bytes(), Access::Private).map_err(ScanError::File)?;
        }
        if self.suggest {
            suggest(&repository, report, &context.ui)?;
        }
        self.outcome(context, report, &scope)
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

    fn write(&self, context: &Context, report: &Report, salt: Option<&Salt>) -> Outcome {
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
        let limit = if self.summary { Some(0) } else { self.limit.0 };
        let options = report::Options { reveal: self.reveal, paint, limit, salt };
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
            let repository = context.discover()?;
            let advice = report::advice(&repository, report, scope, self.pre_push.is_some());
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
