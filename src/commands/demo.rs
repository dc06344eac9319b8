//! `git shroud demo`

use std::path::PathBuf;

use super::Context;
use crate::demo;
use crate::error::Outcome;

/// Show in a throwaway repository how git-shroud works
///
/// Runs git and git-shroud as a user would, prints each command, and checks its result. Leaves the directory for you to look around in.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud demo ../demo")]
pub struct Demo {
    /// Where to make it; a new temporary directory if none is named
    dir: Option<PathBuf>,
}

impl Demo {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let dir = demo::show(self.dir, &context.ui)?;
        context.ui.line("");
        context
            .ui
            .status(format!("all checks passed; look around in {}", crate::sanitise::native(&dir)));
        Ok(())
    }
}
