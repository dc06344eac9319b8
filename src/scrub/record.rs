//! What a scrub remembers, so that it can be ended, undone and proved: `<common dir>/git-shroud/scrub/<n>/`.
//!
//! `record.json` says what becomes of every ref and worktree, `backup.bundle` holds everything as it was, `logs/` the
//! reflogs, `values` what was replaced, `plan.toml` the plan. `commit-map`, `ref-map` and `first-changed` are for people and
//! other programs. All of it is on disk before the folder gets its name; from then on the scrub is under way.

use std::fs;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::error::{Context as _, Outcome, ScrubError};
use crate::fs::replace;
use crate::fs::{Access, create_private_dir, read_bounded, with_path, write_atomic};
use crate::git::repository::Repository;
use crate::newer::Newer;
use crate::store::local;

/// Bytes of the longest file that is read.
const MAX_LEN: usize = 1 << 30;
const RECORD: &str = "record.json";
const VERSION: u32 = 1;
/// The bundle with everything as it was.
pub const BUNDLE: &str = "backup.bundle";
/// The folder with the reflogs as they were.
pub const LOGS: &str = "logs";
/// What was replaced, for the search afterwards.
pub const VALUES: &str = "values";

/// How far a scrub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Refs, index and worktree are being set to the new history.
    Moving,
    /// All is set; the proof is not done.
    Moved,
    /// The new history is in force.
    Done,
    /// Everything is being set back.
    Undoing,
}

/// Bytes of a name, in JSON as hexadecimal digits: it need not be text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub Vec<u8>);

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::hex::lower(&self.0))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
        bytes.map(Name).ok_or_else(|| serde::de::Error::custom("no name"))
    }
}

/// An object's id, in JSON as git writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub ObjectId);

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        ObjectId::from_hex(digits.as_bytes()).map(Id).map_err(serde::de::Error::custom)
    }
}

/// A ref that changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ref {
    /// Its name.
    pub name: Name,
    /// Its new name.
    pub new_name: Name,
    /// What it names; `None` where it comes.
    pub old: Option<Id>,
    /// What it is to name; `None` where it goes.
    pub new: Option<Id>,
    /// What a symbolic ref leads to, before and after.
    pub symbolic: Option<(Name, Name)>,
    /// The first changed commits on the way to it, by their old ids.
    pub first_changed: Vec<Id>,
}

/// A worktree, or a bare repository, with its `HEAD`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The name of a linked worktree, as git has it; `None` for the clone itself, wherever that may be moved to.
    pub linked: Option<Name>,
    /// The branch that `HEAD` leads to, before and after; `None` where it is detached.
    pub branch: Option<(Name, Name)>,
    /// The commit, before and after; `None` where there is none yet.
    pub commit: Option<(Id, Id)>,
}

/// What a scrub does to refs and worktrees.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    version: u32,
    /// How far it is.
    pub state: State,
    /// The refs that change.
    pub refs: Vec<Ref>,
    /// Every worktree.
    pub heads: Vec<Head>,
    /// The new reflog of the stash, if it changes.
    pub stash_log: Option<Name>,
    /// Signatures that were stripped.
    pub signatures: u64,
    /// Whether it follows somebody else's scrub.
    pub follows: bool,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    #[serde(skip)]
    folder: PathBuf,
}

/// What a record of any version has.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl Head {
    /// The name of a linked worktree; `None` for the clone itself.
    pub fn name_of(repository: &Repository) -> Option<Name> {
        let git_dir = repository.gix.git_dir();
        let parent = git_dir.parent().and_then(Path::file_name);
        let name = git_dir.file_name().and_then(crate::repo_path::argument_bytes);
        let is_linked =
            git_dir != repository.common_dir() && parent.is_some_and(|name| name == "worktrees");
        name.filter(|_| is_linked).map(|name| Name(name.to_vec()))
    }

    /// The worktree; that of a bare repository is itself.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn open(&self, repository: &Repository) -> Outcome<Repository> {
        let all = repository.all_worktrees()?;
        match all.into_iter().find(|worktree| Self::name_of(worktree) == self.linked) {
            Some(worktree) => Ok(worktree),
            None if self.linked.is_none() => Ok(repository.reopen()?),
            None => Err(ScrubError::WorktreeGone),
        }
    }
}

/// Where all scrubs of a repository are remembered.
pub fn top(common_dir: &Path) -> PathBuf {
    local::dir(common_dir).join("scrub")
}

fn doing() -> String {
    "the record of the scrub".to_owned()
}

impl Record {
    /// One that is to begin.
    pub fn new(
        refs: Vec<Ref>,
        heads: Vec<Head>,
        stash_log: Option<Vec<u8>>,
        signatures: u64,
        made: i64,
    ) -> Self {
        let stash_log = stash_log.map(Name);
        let folder = PathBuf::new();
        Self {
            version: VERSION,
            state: State::Moving,
            refs,
            heads,
            stash_log,
            signatures,
            follows: false,
            made,
            folder,
        }
    }

    /// The same as one that follows somebody else's scrub.
    #[must_use]
    pub fn following(self) -> Self {
        Self { follows: true, ..self }
    }

    /// All that are remembered, the earliest first.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn all(common_dir: &Path) -> Outcome<Vec<Self>> {
        let top = top(common_dir);
        let listed = match fs::read_dir(&top) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(with_path(&top, &error)).context(doing),
        };
        let mut numbers = Vec::new();
        for entry in listed {
            let name = entry.context(doing)?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        numbers.iter().map(|number| Self::load(&top.join(number.to_string()))).collect()
    }

    fn load(folder: &Path) -> Outcome<Self> {
        let bytes = read_bounded(&folder.join(RECORD), MAX_LEN).context(doing)?;
        let path = folder.join(RECORD);
        let version: Option<Versioned> = serde_json::from_slice(&bytes).ok();
        let newer =
            version.and_then(|it| Newer::than("scrub's record", VERSION.into(), it.version));
        if let Some(newer) = newer {
            return Err(ScrubError::Newer(crate::sanitise::native(&path), newer));
        }
        let record: Option<Self> = serde_json::from_slice(&bytes).ok();
        let record = record.filter(|record| record.version == VERSION);
        record
            .map(|record| Self { folder: folder.to_owned(), ..record })
            .ok_or_else(|| ScrubError::NoRecord(crate::sanitise::native(&path)))
    }

    /// A new folder without a name that counts; what an earlier run left there that was cut off is gone. `true` where there was
    /// any.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn draft(common_dir: &Path) -> Outcome<(PathBuf, bool)> {
        let draft = top(common_dir).join("draft");
        let was_there = draft.exists();
        remove_all(&draft)?;
        create_private_dir(&top(common_dir)).context(doing)?;
        create_private_dir(&draft).context(doing)?;
        Ok((draft, was_there))
    }

    /// Begins: writes itself into the draft, and gives the draft its name.
    ///
    /// # Errors
    /// It cannot be written; then nothing has begun.
    pub fn begin(mut self, common_dir: &Path, draft: &Path) -> Outcome<Self> {
        self.folder = draft.to_owned();
        self.write()?;
        sync(draft).context(doing)?;
        let last = Self::all(common_dir)?.iter().filter_map(Self::number).max().unwrap_or(0);
        let folder = top(common_dir).join((last + 1).to_string());
        replace::rename(draft, &folder)
            .map_err(|error| with_path(&folder, &error))
            .context(doing)?;
        sync(&top(common_dir)).context(doing)?;
        self.folder = folder;
        Ok(self)
    }

    /// Notes how far it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set(&mut self, state: State) -> Outcome {
        self.state = state;
        self.write()
    }

    fn write(&self) -> Outcome {
        let text = serde_json::to_vec_pretty(self).context(doing)?;
        write_atomic(&self.folder.join(RECORD), &text, Access::Private).context(doing)
    }

    /// Where it is remembered.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its number.
    pub fn number(&self) -> Option<u32> {
        self.folder.file_name()?.to_str()?.parse().ok()
    }

    /// The same the other way round.
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        let turn = |(old, new): &(Name, Name)| (new.clone(), old.clone());
        for (back, of) in reversed.refs.iter_mut().zip(&self.refs) {
            back.name = of.new_name.clone();
            back.new_name = of.name.clone();
            (back.old, back.new) = (of.new, of.old);
            back.symbolic = of.symbolic.as_ref().map(turn);
        }
        for (back, of) in reversed.heads.iter_mut().zip(&self.heads) {
            back.branch = of.branch.as_ref().map(turn);
            back.commit = of.commit.map(|(old, new)| (new, old));
        }
        reversed
    }

    /// Forgets it, with the backup.
    ///
    /// # Errors
    /// A file cannot be deleted.
    pub fn remove(self) -> Outcome {
        remove_all(&self.folder)
    }
}

/// Deletes a folder with all in it, under another name first, so that no half of it is taken for the whole.
fn remove_all(folder: &Path) -> Outcome {
    let gone = folder.with_extension("gone");
    for (from, to) in [(&gone, &gone), (&folder.to_owned(), &gone)] {
        let deleted = replace::rename(from, to).and_then(|()| replace::remove_tree(to));
        if let Err(error) = deleted
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(with_path(folder, &error)).context(doing);
        }
    }
    Ok(())
}

fn sync(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let id = |digit: &str| Id(ObjectId::from_hex(digit.repeat(40).as_bytes()).unwrap());
        let name = |name: &[u8]| Name(name.to_vec());
        let one = Ref {
            name: name(b"refs/heads/a\xff"),
            new_name: name(b"refs/heads/b"),
            old: Some(id("1")),
            new: Some(id("2")),
            symbolic: None,
            first_changed: vec![id("1")],
        };
        let head = Head {
            linked: Some(name(b"other")),
            branch: Some((name(b"refs/heads/a"), name(b"refs/heads/b"))),
            commit: Some((id("1"), id("2"))),
        };
        Record::new(vec![one], vec![head], Some(b"log".to_vec()), 3, 7)
    }

    #[test]
    fn a_record_is_written_and_read_and_has_a_number() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Record::all(dir.path()).unwrap().is_empty());
        for number in 1..=2 {
            let (draft, was_there) = Record::draft(dir.path()).unwrap();
            assert!(!was_there);
            let mut begun = record().begin(dir.path(), &draft).unwrap();
            assert_eq!(begun.number(), Some(number));
            begun.set(State::Done).unwrap();
            let mut all = Record::all(dir.path()).unwrap();
            assert_eq!(all.pop(), Some(begun));
        }
        // What was cut off before it began is not one.
        drop(Record::draft(dir.path()).unwrap());
        assert!(Record::draft(dir.path()).unwrap().1);
        let all = Record::all(dir.path()).unwrap();
        assert_eq!(all.len(), 2);
        all.into_iter().for_each(|record| record.remove().unwrap());
        assert!(Record::all(dir.path()).unwrap().is_empty());
    }

    #[test]
    fn the_other_way_round_twice_is_itself() {
        assert_eq!(record().reversed().reversed(), record());
        assert_ne!(record().reversed(), record());
    }
}
