//! `git shroud blame`

use std::ffi::OsString;

use super::Context;
use crate::access::show::git::{arguments, run_git};
use crate::error::Outcome;
use crate::git::attributes::DRIVER;

/// Show who last changed each line of a file, as plaintext
///
/// Takes the options of 'git blame'. Without a revision, stock git shows sealed bytes, because it encrypts the worktree before it
/// compares.
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
fn no_filter(driver: &str) -> [(String, String); 4] {
    let item = |item: &str, value: &str| (format!("filter.{driver}.{item}"), value.to_owned());
    [item("process", ""), item("clean", ""), item("smudge", ""), item("required", "false")]
}

impl Blame {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let command = ["blame", "--textconv"];
        let git_crypt = opened.git_crypt.files().map(|file| file.name().driver());
        let drivers = git_crypt.chain([DRIVER.to_owned()]);
        let settings: Vec<_> = drivers.flat_map(|driver| no_filter(&driver)).collect();
        Ok(run_git(&context.dir, &opened, &settings, arguments(&command, &self.given))?)
    }
}
