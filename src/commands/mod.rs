//! One file a command: its arguments, its help, its work.

pub mod blame;
pub mod cat;
pub mod check;
pub mod config;
mod confirm;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod edit;
pub mod generate;
mod git_crypt;
mod given;
mod history;
pub mod hooks;
pub mod init;
pub mod key;
pub mod lock;
pub mod log;
pub mod member;
pub mod merge_driver;
pub mod migrate;
pub mod plumbing;
pub mod scan;
pub mod scrub;
mod sealed_file;
pub mod status;
mod template;
pub mod track;
pub mod unlock;
mod unwrapping;
pub mod why;

use std::path::{Path, PathBuf};

use crate::access::rotate::Journal;
use crate::access::{
    Keys, RESTORE, Roster, find_names, sealed_by_git_crypt, sealed_elsewhere, sealing_key,
    unconfirmed_move,
};
use crate::error::{CommandError, Context as _, Outcome};
use crate::filter::FilterError;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::git_crypt::{HeldKeys, Name as GitCryptName};
use crate::keyring::{Entry, KeyName, Keyring};
use crate::status::Known;
use crate::store::confirmed::{Confirmed, KeyOf};
use crate::store::exclusive::{Exclusive, Holder};
use crate::store::unreadable::REMEDY;
use crate::store::{self, local, local::StoreError, shroud_dir::ShroudDirError};
use crate::ui::{ColorChoice, Ui};

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
    /// What git-crypt keeps here.
    git_crypt: HeldKeys,
    roster: Roster,
}

impl Context {
    /// The repository around; says if a rotation was cut off in it.
    fn repository(&self) -> Outcome<Repository> {
        let repository = self.discover()?;
        if Journal::is_there(repository.common_dir()) {
            self.ui.warning("a rotation of keys is under way");
            self.ui.hint("git shroud key rotate --continue, or --abort");
        }
        Ok(repository)
    }

    /// The repository around, for commands that have an own answer to a rotation.
    fn discover(&self) -> Outcome<Repository> {
        if !self.dir.is_dir() {
            return Err(CommandError::wrong(format!(
                "there is no directory '{}'",
                crate::sanitise::native(&self.dir)
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
        let opened = self.open_anyway()?;
        opened.roster.refuse_malformed()?;
        Ok(opened)
    }

    /// Likewise, but a key whose description cannot be read is the command's to report.
    fn open_anyway(&self) -> Outcome<Opened> {
        let repository = self.repository()?;
        let keyring = held_keys(repository.common_dir())?;
        let roster = Roster::read(&repository)?;
        let git_crypt = held_git_crypt_keys(&repository)?;
        Ok(Opened { repository, keyring, git_crypt, roster })
    }
}

impl Opened {
    fn keys(&self) -> Keys<'_> {
        Keys { shroud: &self.keyring, git_crypt: &self.git_crypt }
    }

    /// What to say where a key of this program's own is asked for, and git-crypt alone encrypts here.
    fn explain_git_crypt(&self) -> Option<CommandError> {
        let alone = self.keyring.is_empty() && self.roster.infos.is_empty();
        let names = if alone { find_names(&self.repository).ok()? } else { return None };
        if names.is_empty() && self.git_crypt.is_empty() {
            return None;
        }
        Some(
            CommandError::wrong(
                "git-crypt encrypts here: git-shroud reads and writes its files, and has no key or member of its own",
            )
            .hint("git-crypt's own commands go on managing its keys: git-crypt add-gpg-user, git-crypt export-key")
            .hint("git shroud migrate git-crypt takes the repository over"),
        )
    }

    fn known(&self) -> Known<'_> {
        Known {
            keyring: &self.keyring,
            git_crypt: &self.git_crypt,
            infos: &self.roster.infos,
            missing: self.roster.missing.as_deref(),
        }
    }

    fn top(&self) -> Outcome<&Path> {
        top(&self.repository)
    }

    /// The key that seals under a name in this worktree.
    fn sealing_key(&self, name: &KeyName) -> Outcome<&Entry> {
        if name.is_aside() {
            return Err(CommandError::refused(format!(
                "the key '{name}' was set aside: it opens files and seals none"
            )));
        }
        sealing_key(&self.repository, &self.roster, &self.keyring, name).map_err(|error| {
            let refused = CommandError::refused(error.to_string());
            error.hint().map(str::to_owned).into_iter().fold(refused, CommandError::hint)
        })
    }

    /// Refuses to seal a path with a key of another name than it is sealed with, until somebody has confirmed it here.
    fn refuse_unconfirmed_move(&self, path: &[u8], key: &KeyName) -> Outcome {
        if let Some(held) = unconfirmed_move(&self.repository, &self.keyring, path, key)? {
            return Err(refused_move(path, &FilterError::OtherName { held, wanted: key.clone() }));
        }
        let Self { repository, keyring, git_crypt, roster } = self;
        let held = sealed_by_git_crypt(repository, keyring, git_crypt, path, roster.infos.get(key));
        let Some(held) = held else { return Ok(()) };
        if self.confirmed()?.allows(path, key) {
            return Ok(());
        }
        Err(refused_move(path, &FilterError::Crossing { held, wanted: KeyOf::Own(key.clone()) }))
    }

    /// The same where the attribute names a key of git-crypt.
    fn refuse_unconfirmed_move_to(&self, path: &[u8], key: &GitCryptName) -> Outcome {
        let Self { repository, keyring, git_crypt, .. } = self;
        let held = sealed_elsewhere(repository, keyring, git_crypt, path, key);
        let Some(held) = held else { return Ok(()) };
        if self.confirmed()?.allows_git_crypt(path, key) {
            return Ok(());
        }
        let wanted = KeyOf::GitCrypt(key.clone());
        Err(refused_move(path, &FilterError::Crossing { held, wanted }))
    }

    fn confirmed(&self) -> Outcome<Confirmed> {
        Confirmed::load(self.repository.common_dir())
            .context(|| "what was confirmed here".to_owned())
    }

    /// Refuses to seal with a key that is not the one of this repository, or is older than one that was held.
    fn refuse_unfit_key(&self, name: &KeyName) -> Outcome {
        if self.keyring.current(name).is_none() {
            return Ok(());
        }
        // On a branch that is yet to be given '.shroud/' the filter refuses.
        if !self.roster.infos.contains_key(name)
            && !self.roster.malformed.contains_key(name)
            && !name.is_aside()
        {
            return Ok(());
        }
        self.sealing_key(name).map(drop)
    }

    fn key_names(&self) -> String {
        let own = self.keyring.names().into_iter().chain(self.roster.infos.keys());
        let git_crypt = self.git_crypt.files().map(|file| file.name().as_str());
        let names: std::collections::BTreeSet<_> =
            own.map(KeyName::as_str).chain(git_crypt).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn refused_move(path: &[u8], error: &FilterError) -> CommandError {
    CommandError::refused(format!("{}: {error}", show(path))).hint(error.hint().unwrap_or_default())
}

/// Keeps other runs from changing the keys meanwhile, and removes keys that a run which was cut off has left.
#[cfg_attr(not(unix), allow(clippy::let_unit_value))]
fn exclusive(repository: &Repository) -> Outcome<Exclusive> {
    let common_dir = repository.common_dir();
    let waiting = |holder: Holder| {
        let ui = Ui::new(ColorChoice::Auto, false, false);
        ui.status(format!("{holder} is at work in this clone; waiting for it to end"));
    };
    let lock = store::exclusive::exclusive(common_dir, waiting).map_err(GitError::Io)?;
    let lock = lock.map_err(busy)?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// As [`exclusive`], but waits for nobody.
fn exclusive_at_once(repository: &Repository) -> Outcome<Exclusive> {
    let common_dir = repository.common_dir();
    let lock = store::exclusive::try_exclusive(common_dir)
        .context(|| "the repository cannot be locked".to_owned())?;
    let lock = lock.ok_or_else(|| busy(store::exclusive::holder(common_dir)))?;
    remove_left_keys(common_dir)?;
    Ok(lock)
}

/// Another run holds the lock.
fn busy(holder: Holder) -> CommandError {
    let process = holder.pid.map_or_else(|| "PROCESS".to_owned(), |pid| pid.to_string());
    if holder.is_suspended {
        return CommandError::wrong(format!(
            "{holder} is suspended, and was at work in this repository; nothing was done"
        ))
        .hint(format!("let it go on: 'fg' in its terminal, or kill -CONT {process}"))
        .hint(format!("or end it: kill -KILL {process}; the next run puts right what it leaves"));
    }
    CommandError::wrong(format!("{holder} is at work in this repository; nothing was done"))
        .hint("wait until it has ended")
}

/// Removes copies of keys that a run which was cut off has left; says whether there were any.
fn remove_left_keys(common_dir: &Path) -> Outcome<bool> {
    local::remove_unfinished(common_dir).context(|| "unfinished keyrings".to_owned())?;
    Journal::remove_draft(common_dir)
}

/// Refuses what would get into the way of a rotation that was cut off.
fn refuse_rotation(repository: &Repository) -> Outcome {
    if Journal::is_there(repository.common_dir()) {
        return Err(CommandError::wrong("a rotation of keys is under way")
            .hint("git shroud key rotate --continue, or --abort"));
    }
    Ok(())
}

/// Stages files at the top of the worktree, also where a sparse checkout leaves them out.
fn add_to_index(repository: &Repository, paths: &[&str]) -> Outcome {
    let sparse: &[&str] = if repository.is_sparse() { &["--sparse"] } else { &[] };
    let arguments = [&["add", "--force"], sparse, &["--"], paths].concat();
    repository.git.run(arguments)?;
    Ok(())
}

/// The top of the worktree, for commands that cannot do without.
fn top(repository: &Repository) -> Outcome<&Path> {
    repository.worktree.as_deref().ok_or_else(|| {
        CommandError::wrong("this needs a worktree, and there is none here (a bare repository?)")
            .hint("run it in a clone; 'git shroud cat REV:PATH' works in a bare repository too")
    })
}

/// git-crypt's keys in this clone.
fn held_git_crypt_keys(repository: &Repository) -> Outcome<HeldKeys> {
    Ok(store::git_crypt::load(repository.common_dir(), repository.gix.git_dir())?)
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
            StoreError::Text { source: crate::keyring::TextError::GitCrypt, .. } => {
                wrong.hint("'git shroud unlock FILE' takes git-crypt's key files")
            }
            StoreError::Text { source: crate::keyring::TextError::Base64, .. } => {
                wrong.hint("GIT_SHROUD_KEY takes the text of a key file, or its token alone")
            }
            StoreError::Text { .. } => wrong.hint("get the key file anew from whoever exported it"),
            StoreError::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                wrong.hint(REMEDY)
            }
            StoreError::Io(_) => wrong,
        }
    }
}

impl From<ShroudDirError> for CommandError {
    fn from(error: ShroudDirError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ShroudDirError::Malformed { .. } => wrong.hint(RESTORE),
            ShroudDirError::Io(_) => wrong,
        }
    }
}

/// A path for a person to read.
fn show(path: &[u8]) -> String {
    crate::sanitise::path(path)
}
