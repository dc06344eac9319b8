//! `git shroud edit`

use std::ffi::OsString;
use std::path::Path;

use super::Context;
use crate::access::sealed_file::{Before, MAX_LEN, SealingKey, refuse_absent, refuse_elsewhere};
use crate::clone::OpenClone;
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::plaintext_folder::PlaintextFolder;
use crate::fs::{Access, read_bounded, write_atomic};
use crate::git::attributes::Attributes;
use crate::git::editor;

/// Edit a sealed file without writing plaintext to the disk
///
/// Opens the file in your editor (see 'git var GIT_EDITOR'), in a private folder in memory, and writes the result back: sealed if the
/// file was sealed, as in a locked clone with the key in the environment, and as plaintext if it was plaintext. git-shroud does not
/// control what the editor keeps elsewhere. Without a file system in memory it refuses, unless --on-disk allows the temporary folder.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ GIT_EDITOR=true git shroud edit secrets/db.env
  $ GIT_EDITOR=true git shroud edit --on-disk secrets/db.env")]
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
        let path = opened.path_of(&context.dir, Path::new(&self.path))?;
        let attributes = Attributes::new(&opened.repository)?.of(&path)?;
        if !attributes.is_encrypted() {
            return Err(CommandError::wrong(format!(
                "no attribute seals {}, so use any editor",
                crate::sanitise::path(&path)
            ))
            .hint("'git shroud track PATTERN' seals it"));
        }
        let key = SealingKey::of(&opened, &path, &attributes)?;
        let native = OpenClone::native(&path)?;
        let file = opened.top()?.join(&native);
        refuse_elsewhere(opened.top()?, &file)?;
        refuse_absent(&opened, &native, &file)?;
        let before = Before::read(&opened, &file, !key.is_kept(&opened)?)?;
        let folder = PlaintextFolder::make(self.on_disk)?;
        let copy = folder.path().join(file.file_name().expect("a path in the worktree has a name"));
        write_atomic(&copy, &before.plaintext, Access::Private)
            .context(|| "the file for the editor".to_owned())?;
        editor::edit(&opened.repository.git, &copy)?;
        let after = read_bounded(&copy, MAX_LEN).context(|| "the edited file".to_owned())?;
        if *after == *before.plaintext {
            context.ui.status("nothing was changed");
            return Ok(());
        }
        let written = before.refuse_changed(&opened, &file);
        if let Err(error) = written.and_then(|()| before.write(&opened, &file, &after, &key)) {
            let error = CommandError::from(error);
            return Err(match folder.keep() {
                None => error,
                Some(folder) => error.hint(format!(
                    "your version is in {}, only in memory; copy it, and delete that folder",
                    crate::sanitise::native(&folder)
                )),
            });
        }
        context.ui.status(format!("wrote {}", crate::sanitise::path(&path)));
        Ok(())
    }
}
