//! `git shroud edit`

use std::ffi::OsString;
use std::path::Path;

use super::{Context, show};
use crate::access::edit_file::edit_file;
use crate::error::Outcome;

/// Edit a sealed file in your editor; in a locked clone no plaintext reaches the disk
///
/// Opens the file in your editor (see 'git var GIT_EDITOR'), in a private folder in memory, and writes the result back: sealed if the
/// file was sealed, as in a locked clone with the key in the environment, and as plaintext if it was plaintext. git-shroud does not
/// control what the editor keeps elsewhere. Without a file system in memory it refuses, unless --on-disk allows the temporary folder.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud edit secrets/db.env
  $ git shroud edit --on-disk secrets/db.env")]
pub struct Edit {
    /// A file of the worktree, which need not exist
    path: OsString,
    /// Allow plaintext in the temporary folder on disk during the edit
    #[arg(long)]
    on_disk: bool,
}

impl Edit {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let written = edit_file(&opened, &context.dir, Path::new(&self.path), self.on_disk)?;
        context.ui.status(match written {
            Some(path) => format!("wrote {}", show(&path)),
            None => "nothing was changed".to_owned(),
        });
        Ok(())
    }
}
