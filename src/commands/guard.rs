//! `git shroud guard`

use std::ffi::OsString;

use super::Context;
use crate::error::{CommandError, Outcome};
use crate::git::guards;

/// Run the checks of a git hook (hook.git-shroud-EVENT.command)
#[derive(clap::Args)]
pub struct Guard {
    /// The event, as in githooks(5)
    event: String,
    /// What git gives the hook
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Guard {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        match guards::run(&context.dir, &self.event, &self.arguments)? {
            true => Ok(()),
            false => Err(CommandError::found()),
        }
    }
}
