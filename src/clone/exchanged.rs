//! A public key in `.shroud/` that is not that of its key, as a holder of the key sees: somebody who can push has put it there.

use std::fmt;

use super::Roster;
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::progress::Progress;
use crate::store::shroud_dir::{File, KeyInfo};

/// Commits that changed a description and are looked at, at most.
const MAX_COMMITS: &str = "--max-count=100";
/// Bytes of the longest `key.toml` that is read.
const MAX_LEN: usize = 4 << 20;

/// What somebody without the key has done to its public key, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    name: KeyName,
    /// Whether there is none any more.
    is_gone: bool,
    /// A commit that has the true one.
    commit: Option<String>,
}

impl fmt::Display for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, is_gone, commit } = self;
        let path = File::Key(name.clone()).path();
        match is_gone {
            false => write!(
                f,
                "the public key in {path} is not that of the key '{name}': whoever put it there can read what people without the key set; "
            )?,
            true => write!(
                f,
                "somebody without the key '{name}' has taken its public key out of {path}, so that nobody else can set values; "
            )?,
        }
        match commit {
            Some(commit) => write!(f, "put it back: git checkout {commit} -- {path}"),
            None => write!(f, "'git log -p -- {path}' shows who changed it; restore it"),
        }
    }
}

/// The keys that are held, and whose public key is not the one in `.shroud/`.
pub fn find(repository: &Repository, roster: &Roster, keyring: &Keyring) -> Vec<Exchanged> {
    let mut found = Vec::new();
    for info in roster.infos.values() {
        let Some(held) = keyring.by_id(info.id) else { continue };
        let is_gone = match info.public {
            Some(public) if public == held.key.public() => continue,
            Some(_) => false,
            None if info.lacks_public_key_of(&held.key) => true,
            None => continue,
        };
        let is_true = |info: &KeyInfo| info.id == held.key.id() && info.is_authentic(&held.key);
        let commit = commit_with(repository, &info.name, is_true);
        found.push(Exchanged { name: info.name.clone(), is_gone, commit });
    }
    found
}

/// The last commit of the branch whose description of a key is the true one. What cannot be read has none.
fn commit_with(
    repository: &Repository,
    name: &KeyName,
    is_true: impl Fn(&KeyInfo) -> bool,
) -> Option<String> {
    commit_of("HEAD", repository, name, is_true)
}

/// The last of these commits whose description of a key is the true one: those of a branch, or, with `--reflog`, all that this clone has checked out.
pub(super) fn commit_of(
    which: &str,
    repository: &Repository,
    name: &KeyName,
    is_true: impl Fn(&KeyInfo) -> bool,
) -> Option<String> {
    let path = File::Key(name.clone()).path();
    let pathspec = format!(":(top,literal){path}");
    let log = ["log", MAX_COMMITS, "--format=%h", which, "--", &pathspec];
    let commits = repository.git.run(log).ok()?;
    let commits = String::from_utf8(commits).ok()?;
    commits.lines().find_map(|commit| {
        let file = repository.git.run(["cat-file", "blob", &format!("{commit}:{path}")]).ok()?;
        let info = KeyInfo::parse(&file[..file.len().min(MAX_LEN)], name).ok()?;
        is_true(&info).then(|| commit.to_owned())
    })
}

/// Says of each what was done and how it is put right.
pub fn warn(progress: &dyn Progress, repository: &Repository, roster: &Roster, keyring: &Keyring) {
    for exchanged in find(repository, roster, keyring) {
        progress.warning(&exchanged.to_string());
    }
}
