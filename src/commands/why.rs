//! `git shroud why`

use std::ffi::OsString;
use std::path::Path;

use super::{Context, show};
use crate::access::why::confirming::confirm;
use crate::access::why::explain::explain;
use crate::error::Outcome;

/// Explain one path: the attribute line, the key, and what a fresh clone sees
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud why secrets/db.env
  $ git shroud why --confirm secrets/db.env")]
pub struct Why {
    /// Files; they need not exist
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<OsString>,
    /// Confirm in this clone that these files may move to the key that their attribute names
    #[arg(long)]
    confirm: bool,
}

impl Why {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        for (at, path) in self.paths.iter().enumerate() {
            if at > 0 {
                context.ui.line("");
            }
            let path = opened.path_of(&context.dir, Path::new(path))?;
            for (subject, what) in explain(&opened, &path)? {
                context.ui.line(format!("{subject:12} {what}"));
            }
            if self.confirm {
                let path_shown = show(&path);
                context.ui.status(match confirm(&opened, &path)? {
                    Some(key) => {
                        format!("confirmed in this clone: {path_shown} is sealed with {key}")
                    }
                    None => {
                        format!("no attribute seals {path_shown}, so there is nothing to confirm")
                    }
                });
            }
        }
        Ok(())
    }
}
