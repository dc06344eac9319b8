//! `git shroud cat`

use std::ffi::OsString;

use super::Context;
use crate::access::show::cat::cat;
use crate::error::Outcome;

/// Print the plaintext of one file, from a commit or from the worktree
///
/// REV:PATH reads a commit, also in a bare repository; ':PATH' reads the index; PATH reads the worktree. Prints unencrypted files as they
/// are.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud cat HEAD:secrets/db.env
  $ git shroud cat secrets/db.env")]
pub struct Cat {
    /// REV:PATH or PATH
    file: OsString,
}

impl Cat {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        Ok(cat(&context.open()?, &context.dir, &self.file)?)
    }
}
