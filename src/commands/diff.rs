//! `git shroud diff`

use std::ffi::OsString;

use super::Context;
use crate::access::show::masked_diff::{
    FileDifference, Sides, compare_sides, json, markdown, text,
};
use crate::error::{CommandError, Outcome, count};

/// Show which names changed in sealed files, without their values
///
/// Lists the names that were added (+), removed (-) or changed (~) in .env, .properties, INI, TOML, YAML and JSON files, and counts lines
/// in all others. Never prints a value or a line, so you can use it in CI logs. Compares the same as 'git diff': the worktree with the
/// index or a revision, or two revisions. Shows sealed files only.
///
/// Files that are sealed by value need no key: equal sealed values are equal values. After a key rotation only the keys tell which
/// values changed; they are counted (?). Of a file that is sealed whole, a clone without the key knows only that it changed.
/// Values that were sealed and are plaintext now are marked (!), and those that somebody set without the key (*).
///
/// Exit status 3 if a key is missing that would tell more.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud diff --masked
  $ git shroud diff --masked --staged
  $ git shroud diff --masked HEAD~1 HEAD -- secrets
  $ git shroud diff --masked --format markdown HEAD~1...HEAD")]
pub struct Diff {
    /// Show no values ('git diff' shows them)
    #[arg(long)]
    masked: bool,
    /// Compare the index with HEAD, or with the named revision
    #[arg(long, visible_alias = "cached")]
    staged: bool,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    format: Format,
    /// Print JSON: as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Exit with status 1 if a sealed file differs
    #[arg(long)]
    exit_code: bool,
    /// Revisions to compare, as in 'git diff'
    #[arg(value_name = "REV", num_args = 0..=2)]
    revisions: Vec<OsString>,
    /// Only files that match
    #[arg(value_name = "PATH", last = true)]
    paths: Vec<OsString>,
}

/// The format of the report.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For reading in a terminal
    Text,
    /// GitHub's Markdown, for a comment on a pull request
    Markdown,
    /// One JSON object
    Json,
}

impl Diff {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        if !self.masked {
            return Err(CommandError::wrong("git shroud diff needs '--masked'")
                .hint("'git diff' shows the plaintext of sealed files if their keys are held")
                .hint("'git shroud diff --masked' lists the changed names, but no values"));
        }
        let opened = context.open()?;
        let sides = Sides {
            dir: &context.dir,
            staged: self.staged,
            revisions: &self.revisions,
            paths: &self.paths,
        };
        let found = compare_sides(&opened, &sides)?;
        let is_certain = found.iter().any(FileDifference::is_certain);
        let incomplete = found.iter().filter(|found| found.is_incomplete()).count() as u64;
        match self.format {
            _ if self.json => context.ui.json(&json(found)),
            Format::Json => context.ui.json(&json(found)),
            Format::Markdown => context.ui.bytes(markdown(&found).as_bytes()),
            Format::Text => text(&found).iter().for_each(|line| context.ui.line(line)),
        }
        if self.exit_code && is_certain {
            return Err(CommandError::found());
        }
        if incomplete == 0 {
            return Ok(());
        }
        let files = count(incomplete, "file");
        Err(CommandError::incomplete(format!("{files} cannot be compared here in full"))
            .hint("run 'git shroud unlock' with a key that opens it"))
    }
}
