//! `git shroud blame`

use std::ffi::OsString;

use super::Context;
use super::history::{arguments, run_git};
use crate::error::Outcome;

/// Show who changed which line of a file last, in the clear
///
/// As 'git blame', whose options it takes. Stock git encrypts what is in the worktree before it compares it, and so shows
/// sealed bytes for a file that has no revision named.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud blame secrets/db.env
  $ git shroud blame HEAD -- secrets/db.env")]
pub struct Blame {
    /// A path, and options of 'git blame'
    #[arg(
        required = true,
        allow_hyphen_values = true,
        trailing_var_arg = true,
        value_name = "OPTION|PATH"
    )]
    given: Vec<OsString>,
}

/// Without a filter git compares what is in the worktree as it is there.
const NO_FILTER: [(&str, &str); 4] = [
    ("filter.shroud.process", ""),
    ("filter.shroud.clean", ""),
    ("filter.shroud.smudge", ""),
    ("filter.shroud.required", "false"),
];

impl Blame {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let command = ["blame", "--textconv"];
        run_git(context, &opened.repository, &NO_FILTER, arguments(&command, &self.given))
    }
}
