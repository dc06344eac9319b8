//! One file a command: its arguments, its help, its work.

pub mod cat;
pub mod demo;
pub mod doctor;
pub mod generate;
pub mod init;
pub mod key;
pub mod lock;
pub mod merge_driver;
pub mod plumbing;
pub mod status;
pub mod track;
pub mod unlock;
pub mod why;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;

use crate::error::{CommandError, Outcome};
use crate::filter::refuse_other_key;
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::status::Known;
use crate::store::shroud_dir::{self, KeyInfo};
use crate::store::{local, local::StoreError, shroud_dir::ShroudDirError};
use crate::ui::Ui;

/// What every command has.
pub struct Context {
    /// Where it speaks.
    pub ui: Ui,
    /// Where it works.
    pub dir: PathBuf,
}

/// A repository with what is known of its keys.
struct Opened {
    repository: Repository,
    keyring: Keyring,
    infos: BTreeMap<KeyName, KeyInfo>,
    /// A file of `.shroud/` that a partial clone does not have.
    missing: Option<String>,
}

impl Context {
    fn repository(&self) -> Outcome<Repository> {
        if !self.dir.is_dir() {
            return Err(CommandError::wrong(format!(
                "there is no directory '{}'",
                self.dir.display()
            )));
        }
        Repository::discover(&self.dir).map_err(|error| {
            let error = CommandError::from(error);
            if error.message().contains("not a git repository") {
                CommandError::wrong("this is not a git repository")
                    .hint("change into one, or make one with 'git init'")
            } else {
                error
            }
        })
    }

    /// The repository around, with the keys that are held and described.
    fn open(&self) -> Outcome<Opened> {
        let repository = self.repository()?;
        let keyring = held_keys(repository.common_dir())?;
        let (infos, missing) = describe_keys(&repository)?;
        Ok(Opened { repository, keyring, infos, missing })
    }
}

impl Opened {
    fn known(&self) -> Known<'_> {
        Known { keyring: &self.keyring, infos: &self.infos, missing: self.missing.as_deref() }
    }

    fn top(&self) -> Outcome<&Path> {
        top(&self.repository)
    }

    /// Refuses a key that is held under a name which the repository uses for another.
    fn refuse_other_key(&self, name: &KeyName) -> Outcome {
        let (Some(held), Some(info)) = (self.keyring.current(name), self.infos.get(name)) else {
            return Ok(());
        };
        refuse_other_key(&self.keyring, held, Some(info.id)).map_err(|error| {
            CommandError::refused(error.to_string()).hint(error.hint().unwrap_or_default())
        })
    }

    fn key_names(&self) -> String {
        let names: std::collections::BTreeSet<_> =
            self.keyring.names().into_iter().chain(self.infos.keys()).collect();
        names.into_iter().map(KeyName::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Keeps other runs from changing the keys meanwhile.
#[cfg_attr(not(unix), allow(clippy::let_unit_value))]
fn exclusive(repository: &Repository) -> Outcome<impl Sized + use<>> {
    Ok(local::exclusive(repository.common_dir()).map_err(GitError::Io)?)
}

fn is_sparse(repository: &Repository) -> bool {
    repository.gix.config_snapshot().boolean("core.sparseCheckout") == Some(true)
}

/// Stages files at the top of the worktree, also where a sparse checkout leaves them out.
fn add_to_index(repository: &Repository, paths: &[&str]) -> Outcome {
    let sparse: &[&str] = if is_sparse(repository) { &["--sparse"] } else { &[] };
    let arguments = [&["add", "--force"], sparse, &["--"], paths].concat();
    repository.git.run(arguments)?;
    Ok(())
}

/// What `.shroud/` says: in the worktree, else, as in a sparse checkout, in the index.
///
/// Also names a file that is in neither, as its blob was not fetched.
fn describe_keys(repository: &Repository) -> Outcome<(BTreeMap<KeyName, KeyInfo>, Option<String>)> {
    let mut infos = BTreeMap::new();
    let mut missing = None;
    let Some(top) = &repository.worktree else { return Ok((infos, missing)) };
    if top.join(shroud_dir::NAME).exists() {
        infos = shroud_dir::read(top)?;
        if !is_sparse(repository) {
            return Ok((infos, missing));
        }
    }
    let listed = repository.git.run(["ls-files", "--stage", "-z", "--", ":(top).shroud"])?;
    for line in listed.split(|&byte| byte == 0) {
        let Some((fields, path)) = line.split_once_str("\t") else { continue };
        let Some(name) =
            path.strip_prefix(b".shroud/").and_then(|path| path.strip_suffix(b"/key.toml"))
        else {
            continue;
        };
        if infos.keys().any(|known| known.as_str().as_bytes() == name) {
            continue;
        }
        let id = fields.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        let id = gix::ObjectId::from_hex(id).map_err(GitError::read)?;
        let Blob::Memory(bytes) = objects::read(repository, id)? else {
            missing = Some(show(path));
            continue;
        };
        let info = shroud_dir::parse(&bytes, &name.to_str_lossy(), &path.to_str_lossy())?;
        infos.insert(info.name.clone(), info);
    }
    Ok((infos, missing))
}

/// The top of the worktree, for commands that cannot do without.
fn top(repository: &Repository) -> Outcome<&Path> {
    repository.worktree.as_deref().ok_or_else(|| {
        CommandError::wrong("this needs a worktree, and there is none here (a bare repository?)")
            .hint("run it in a clone; 'git shroud cat REV:PATH' works in a bare repository too")
    })
}

/// The keys of the environment, else the local keyring.
fn held_keys(common_dir: &Path) -> Outcome<Keyring> {
    match local::from_environment()? {
        Some(keyring) => Ok(keyring),
        None => Ok(local::load(common_dir)?),
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            StoreError::Text { source: crate::keyring::TextError::GitCrypt, .. } => wrong
                .hint("this version opens files that git-shroud sealed; git-crypt opens its own"),
            StoreError::Text { .. } => wrong.hint("get the key file anew from whoever exported it"),
            StoreError::Io(_) => wrong,
        }
    }
}

impl From<ShroudDirError> for CommandError {
    fn from(error: ShroudDirError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ShroudDirError::Malformed { .. } => {
                wrong.hint("see with 'git log -p -- .shroud' who changed it, and restore it")
            }
            ShroudDirError::Io(_) => wrong,
        }
    }
}

/// A path for a person to read.
fn show(path: &[u8]) -> String {
    crate::sanitise::path(path)
}
