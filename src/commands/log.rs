//! `git shroud log`

use std::ffi::OsString;

use super::Context;
use crate::access::show::git::log;
use crate::error::Outcome;

/// Show the history of a file as plaintext, across renames
///
/// Works like 'git log --patch --follow', and takes its options. Also works where stock git shows sealed bytes: in a bare repository, in
/// a clone that was never set up (with the key in the environment), and for files that no attribute names any more. A version without its
/// key is one line.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud log secrets/db.env
  $ git shroud log -3 --stat secrets/db.env")]
pub struct Log {
    /// A path, and options of 'git log'
    #[arg(
        required = true,
        allow_hyphen_values = true,
        trailing_var_arg = true,
        value_name = "OPTION|PATH"
    )]
    given: Vec<OsString>,
}

impl Log {
    /// Whether git is asked what added or removed a text.
    pub(crate) fn searches(&self) -> bool {
        let begins = |word: &OsString, option| word.to_string_lossy().starts_with(option);
        let options = ["-S", "-G", "--grep"];
        self.given.iter().any(|word| options.iter().any(|option| begins(word, option)))
    }

    pub(crate) fn run(self, context: &Context) -> Outcome {
        Ok(log(&context.open()?, &context.dir, &self.given)?)
    }
}
