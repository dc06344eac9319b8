//! `git shroud cat`

use std::ffi::OsString;
use std::fs::File;
use std::io;

use super::Context;
use crate::access::show::print::print;
use crate::error::{CommandError, Context as _, Outcome};
use crate::git::command::Git;
use crate::git::objects::{self, Blob};

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
        let opened = context.open()?;
        let path = context.dir.join(&self.file);
        if path.is_file() {
            let file = File::open(&path).context(|| crate::sanitise::native(&path))?;
            return Ok(print(&opened, &mut io::BufReader::new(file))?);
        }
        let name = self.file.to_string_lossy();
        if !name.contains(':') {
            return Err(CommandError::wrong(format!(
                "there is no file '{}'",
                crate::sanitise::line(&name)
            ))
            .hint("to read it from a commit, write REV:PATH, for example HEAD:PATH"));
        }
        let git = Git::new(&context.dir);
        let arguments =
            ["rev-parse".into(), "--verify".into(), "--end-of-options".into(), self.file.clone()];
        let id = git.run(arguments).map_err(|_| {
            CommandError::wrong(format!("'{}' names no file", crate::sanitise::line(&name))).hint(
                "paths in REV:PATH start at the top of the repository; REV:./PATH starts here",
            )
        })?;
        let id = gix::ObjectId::from_hex(id.trim_ascii()).context(|| "git rev-parse".to_owned())?;
        match objects::read(&opened.repository, id)? {
            Blob::Memory(bytes) => Ok(print(&opened, &mut &bytes[..])?),
            Blob::Large => {
                Ok(objects::stream(&opened.repository, id, |blob| print(&opened, blob))??)
            }
            Blob::Missing => {
                Err(CommandError::incomplete(format!("blob {id} is not in this clone"))
                    .hint("'git checkout' or 'git fetch --refetch --no-filter' fetches it"))
            }
        }
    }
}
