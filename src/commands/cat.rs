//! `git shroud cat`

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};

use super::{Context, Opened};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::git_crypt::{GitCryptFilter, NoPaths};
use crate::filter::{Driver as _, Filter, FilterError, Filtered, Rule, Rules};
use crate::format::{self, Sniff};
use crate::git::command::Git;
use crate::git::objects::{self, Blob};
use crate::git_crypt;

/// Print one file in the clear, from a commit or from the worktree
///
/// REV:PATH reads a commit, also in a bare repository; ':PATH' reads the index; PATH reads the worktree. A file that is
/// not sealed is printed as it is.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud cat HEAD:secrets/db.env
  $ git shroud cat secrets/db.env")]
pub struct Cat {
    /// REV:PATH or PATH
    file: OsString,
}

struct NoRules;

impl Rules for NoRules {
    fn rule(&mut self, _path: &[u8]) -> Result<Rule, String> {
        Ok(Rule::default())
    }
}

impl Cat {
    pub(crate) fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let path = context.dir.join(&self.file);
        if path.is_file() {
            let file = File::open(&path).context(|| crate::sanitise::native(&path))?;
            return print(&opened, &mut io::BufReader::new(file));
        }
        let name = self.file.to_string_lossy();
        if !name.contains(':') {
            return Err(CommandError::wrong(format!(
                "there is no file '{}'",
                crate::sanitise::line(&name)
            ))
            .hint("to read it from a commit, write REV:PATH, as in HEAD:PATH"));
        }
        let git = Git::new(&context.dir);
        let arguments =
            ["rev-parse".into(), "--verify".into(), "--end-of-options".into(), self.file.clone()];
        let id = git.run(arguments).map_err(|_| {
            CommandError::wrong(format!("'{}' names no file", crate::sanitise::line(&name))).hint(
                "paths in REV:PATH begin at the top of the repository; REV:./PATH begins here",
            )
        })?;
        let id = gix::ObjectId::from_hex(id.trim_ascii()).context(|| "git rev-parse".to_owned())?;
        match objects::read(&opened.repository, id)? {
            Blob::Memory(bytes) => print(&opened, &mut &bytes[..]),
            Blob::Large => objects::stream(&opened.repository, id, |blob| print(&opened, blob))?,
            Blob::Missing => {
                Err(CommandError::incomplete(format!("blob {id} is not in this clone"))
                    .hint("'git checkout' or 'git fetch --refetch --no-filter' brings it here"))
            }
        }
    }
}

fn print(opened: &Opened, source: &mut dyn Read) -> Outcome {
    let mut start = Vec::new();
    source
        .take(format::HEADER_LEN as u64)
        .read_to_end(&mut start)
        .context(|| "the file cannot be read".to_owned())?;
    if let Sniff::Sealed(id) = format::sniff(&start)
        && opened.keyring.by_id(id).is_none()
    {
        let info = opened.roster.infos.values().find(|info| info.id == id);
        let key = info.map_or_else(|| format!("with id {id}"), |info| format!("'{}'", info.name));
        return Err(CommandError::refused(format!("the key {key} is not held here"))
            .hint("git shroud unlock"));
    }
    if git_crypt::is_encrypted(&start) {
        return print_git_crypt(opened, &mut start.chain(source));
    }
    let mut filter = Filter::new(&opened.keyring, NoRules).strict();
    let opened = filter.smudge(b"", start.chain(source));
    write_out(opened)
}

fn write_out(opened: Result<Filtered<'_>, FilterError>) -> Outcome {
    opened.and_then(|opened| opened.write_to(io::stdout().lock())).or_else(|error| match error {
        FilterError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        error => Err(CommandError::refused(error.to_string())),
    })
}

/// The path may be of another commit, whose attributes are not known: any key that is held may be the one.
fn print_git_crypt(opened: &Opened, source: &mut dyn Read) -> Outcome {
    if opened.git_crypt.is_empty() {
        return Err(CommandError::refused("no git-crypt key is held here")
            .hint("git shroud unlock KEYFILE"));
    }
    let mut keys = opened.git_crypt.files().map(|file| file.name().clone());
    let name = keys.next().unwrap_or_default();
    let mut filter = GitCryptFilter::new(&opened.git_crypt, name, NoPaths).strict();
    write_out(filter.smudge(b"", source))
}
