//! What `.shroud/` says of keys and members, and how far it should be believed.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::CloneError;
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::staging;
use crate::keyring::{KeyName, Keyring};
use crate::store::shroud_dir::{self, File, KeyInfo, Label, Member, ShroudDirError};

/// The folder `.shroud/` as the worktree has it, or, where a sparse checkout leaves it out, the index.
#[derive(Default)]
pub struct Roster {
    /// Every key that is described.
    pub infos: BTreeMap<KeyName, KeyInfo>,
    /// Keys whose description cannot be read, and why.
    pub malformed: BTreeMap<KeyName, String>,
    /// A file that is in neither, as its blob was not fetched.
    pub missing: Option<String>,
    files: BTreeMap<File, Source>,
}

#[derive(Clone, Copy)]
enum Source {
    Worktree,
    Blob(ObjectId),
}

/// A member's file, which may not be one.
pub struct MemberFile {
    /// Its place.
    pub file: File,
    /// The name of the file without `.toml`: the label, if it is sound.
    pub stem: String,
    /// What it says, or why it cannot be read.
    pub member: Result<Member, String>,
    /// Whether its blob is not in this clone, as after a partial clone with a sparse checkout.
    pub is_missing: bool,
    /// Whether a newer program wrote it.
    pub is_newer: bool,
}

/// Whether a member's file is of the key that is described now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Can open the current key.
    Current,
    /// Can open an earlier generation only, as a merge of a grant and a rotation leaves it.
    OutOfDate,
    /// The mac fails: the file was written by somebody who did not hold the key.
    MacFails,
    /// The key is not held here, so nothing can be verified.
    NotVerified,
    /// It is no member file.
    Malformed,
    /// A newer program wrote it.
    Newer,
    /// Its blob is not in this clone, so nothing is known of it.
    NotHere,
}

impl Standing {
    /// For people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::OutOfDate => "out of date",
            Self::MacFails => "mac fails",
            Self::NotVerified => "not verified",
            Self::Malformed => "malformed",
            Self::Newer => "a newer git-shroud wrote this",
            Self::NotHere => "not in this clone",
        }
    }

    /// Whether a holder of the key must do something.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Current | Self::NotVerified)
    }
}

impl MemberFile {
    /// Whether the writer of this held the key that it says, and that key is held here.
    pub fn is_verified(&self, keyring: &Keyring) -> bool {
        let (Ok(member), File::Member(name, _)) = (&self.member, &self.file) else { return false };
        keyring.by_id(member.key_id).is_some_and(|held| {
            held.name == *name
                && held.generation == member.generation
                && member.is_authentic(&held.key)
        })
    }

    /// Whether the file is of the key that is described now.
    pub fn standing(&self, info: Option<&KeyInfo>, keyring: &Keyring) -> Standing {
        if self.is_missing {
            return Standing::NotHere;
        }
        if self.is_newer {
            return Standing::Newer;
        }
        let Ok(member) = &self.member else { return Standing::Malformed };
        let File::Member(name, _) = &self.file else { return Standing::Malformed };
        let is_current = info.is_some_and(|info| info.id == member.key_id);
        if keyring.current(name).is_none() {
            return match info {
                Some(info) if !is_current && member.generation < info.generation => {
                    Standing::OutOfDate
                }
                _ => Standing::NotVerified,
            };
        }
        // An id that is not held can be of any key, so nothing speaks for the file.
        match (self.is_verified(keyring), is_current) {
            (true, true) => Standing::Current,
            (true, false) => Standing::OutOfDate,
            (false, true) if keyring.by_id(member.key_id).is_none() => Standing::NotVerified,
            (false, _) => Standing::MacFails,
        }
    }
}

/// The path of a file, for people.
pub(crate) fn show(file: &File) -> String {
    crate::sanitise::path(file.path().as_bytes())
}

/// What to do where a partial clone with a sparse checkout has no `.shroud/`.
pub const FETCH: &str =
    "a sparse checkout leaves .shroud out of this partial clone: git sparse-checkout add .shroud";

/// What to do about a description that somebody has damaged.
pub const RESTORE: &str = "'git log -p -- .shroud' shows who changed it; restore it";

/// The command that takes one member's file away. A file whose name is no label is named by its path, in quotes, and a
/// name that no shell can be given in one line is left to git.
pub(crate) fn take_away(file: &File) -> String {
    let File::Member(key, stem) = file else { return RESTORE.to_owned() };
    if stem.parse::<Label>().is_ok() {
        return format!("git shroud member remove {stem} --key {key} --no-rotate");
    }
    match crate::sanitise::word(file.path().as_bytes()) {
        Some(path) => format!("git shroud member remove {path} --no-rotate"),
        None => format!("remove it from .shroud/{key}/members by hand"),
    }
}

/// A grant that a holder of the key must look at.
pub struct GrantProblem {
    /// The key.
    pub key: KeyName,
    /// The member's file.
    pub file: File,
    /// The member's label, safe for a terminal.
    pub label: String,
    /// How it stands.
    pub standing: Standing,
}

impl GrantProblem {
    /// What is wrong.
    pub fn describe(&self) -> String {
        format!("member '{}' of key '{}': {}", self.label, self.key, self.standing.describe())
    }

    /// What to do.
    pub fn remedy(&self) -> String {
        let Self { key, label, standing, .. } = self;
        if *standing == Standing::NotHere {
            return FETCH.to_owned();
        }
        if *standing == Standing::Newer {
            return crate::newer::remedy();
        }
        let remove = take_away(&self.file);
        if *standing == Standing::OutOfDate {
            format!(
                "if this grant is right: git shroud member renew {label} --key {key}; if not: {remove}"
            )
        } else {
            format!("restore {} with git, or remove it: {remove}", show(&self.file))
        }
    }
}

impl Roster {
    /// Every grant that is out of date, forged or malformed.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn problems(
        &self,
        repository: &Repository,
        keyring: &Keyring,
    ) -> Result<Vec<GrantProblem>, CloneError> {
        let mut problems = Vec::new();
        for key in self.names() {
            for file in self.members(repository, key)? {
                let standing = file.standing(self.infos.get(key), keyring);
                if standing.is_bad() {
                    problems.push(GrantProblem {
                        key: key.clone(),
                        label: crate::sanitise::line(&file.stem),
                        file: file.file,
                        standing,
                    });
                }
            }
        }
        Ok(problems)
    }

    /// Refuses where a key's description cannot be read, for commands that need all of them.
    ///
    /// # Errors
    /// The first such description.
    pub fn refuse_malformed(&self) -> Result<(), CloneError> {
        match self.malformed.values().next() {
            None => Ok(()),
            Some(why) => Err(CloneError::Malformed(why.clone())),
        }
    }

    /// Reads what is said of keys; members are read when they are asked for.
    ///
    /// # Errors
    /// The folder or the index cannot be read. A description that is malformed is none.
    pub fn read(repository: &Repository) -> Result<Self, CloneError> {
        let mut roster = Self::default();
        let Some(top) = &repository.worktree else { return Ok(roster) };
        let listed = shroud_dir::list(top).map_err(ShroudDirError::Io)?;
        roster.files.extend(listed.into_iter().map(|file| (file, Source::Worktree)));
        if !top.join(shroud_dir::NAME).exists() || repository.is_sparse() {
            roster.add_from_index(repository)?;
        }
        for file in roster.files.keys().cloned().collect::<Vec<_>>() {
            let File::Key(name) = &file else { continue };
            let parsed = match roster.content(repository, &file) {
                Ok(None) => {
                    roster.missing = Some(file.path());
                    continue;
                }
                Ok(Some(bytes)) => KeyInfo::parse(&bytes, name).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match parsed {
                Ok(info) => drop(roster.infos.insert(name.clone(), info)),
                Err(why) => drop(roster.malformed.insert(name.clone(), why)),
            }
        }
        Ok(roster)
    }

    fn add_from_index(&mut self, repository: &Repository) -> Result<(), GitError> {
        let listed = repository.git.run(["ls-files", "--stage", "-z", "--", ":(top).shroud"])?;
        for line in listed.split(|&byte| byte == 0) {
            let Some((fields, path)) = line.split_once_str("\t") else { continue };
            let file = path.to_str().ok().and_then(File::recognise);
            // A link is no file, wherever it leads.
            let Some(file) = file.filter(|_| fields.starts_with(b"100")) else { continue };
            let id = fields.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
            let id = ObjectId::from_hex(id).map_err(GitError::read)?;
            self.files.entry(file).or_insert(Source::Blob(id));
        }
        Ok(())
    }

    fn content(&self, repository: &Repository, file: &File) -> Result<Option<Vec<u8>>, CloneError> {
        match (self.files[file], &repository.worktree) {
            (Source::Worktree, Some(top)) => Ok(Some(shroud_dir::read(top, file)?)),
            (Source::Worktree, None) => Ok(None),
            (Source::Blob(id), _) => match objects::read(repository, id)? {
                Blob::Memory(bytes) => Ok(Some(bytes)),
                Blob::Large => Err(CloneError::TooLarge(file.path())),
                Blob::Missing => Ok(None),
            },
        }
    }

    /// Every member file of a key, by name.
    ///
    /// # Errors
    /// A file cannot be read. One that is malformed is in the list, with the reason.
    pub fn members(
        &self,
        repository: &Repository,
        key: &KeyName,
    ) -> Result<Vec<MemberFile>, CloneError> {
        Ok(self.each_member(repository, key).collect())
    }

    /// The same, each file read when it is asked for.
    pub fn each_member<'r>(
        &'r self,
        repository: &'r Repository,
        key: &'r KeyName,
    ) -> impl Iterator<Item = MemberFile> + 'r {
        let first = File::Member(key.clone(), String::new());
        let of_key = move |file: &'r File| match file {
            File::Member(of, stem) if of == key => Some((file, stem)),
            _ => None,
        };
        let files = self.files.range(first..).map(|(file, _)| file).map_while(of_key);
        files.map(move |(file, stem)| {
            let content = self.content(repository, file);
            let is_missing = matches!(content, Ok(None));
            let is_newer = matches!(&content, Ok(Some(bytes)) if Member::is_newer(bytes));
            let member = match content {
                Ok(Some(bytes)) => {
                    Member::parse(&bytes, key, stem).map_err(|error| error.to_string())
                }
                Ok(None) => Err(format!("{} is not in this clone", show(file))),
                Err(error) => Err(error.to_string()),
            };
            MemberFile { file: file.clone(), stem: stem.clone(), member, is_missing, is_newer }
        })
    }

    /// The files of these keys, and these besides, as they are; without those that are not in this clone.
    ///
    /// # Errors
    /// A file cannot be read, and is not one of those besides, which are on their way out.
    pub(crate) fn contents(
        &self,
        repository: &Repository,
        names: &BTreeSet<KeyName>,
        besides: &[File],
    ) -> Result<Vec<(File, Vec<u8>)>, CloneError> {
        let mut contents = Vec::new();
        for file in self.files.keys() {
            let (File::Key(name) | File::Member(name, _)) = file;
            let is_leaving = besides.contains(file);
            if !names.contains(name) && !is_leaving {
                continue;
            }
            match self.content(repository, file) {
                Ok(bytes) => contents.extend(bytes.map(|bytes| (file.clone(), bytes))),
                Err(_) if is_leaving => {}
                Err(error) => return Err(error),
            }
        }
        Ok(contents)
    }

    /// The names of all keys that have a folder with a member or a description.
    pub fn names(&self) -> impl Iterator<Item = &KeyName> {
        let mut names: Vec<_> = self
            .files
            .keys()
            .map(|file| match file {
                File::Key(name) | File::Member(name, _) => name,
            })
            .collect();
        names.sort();
        names.dedup();
        names.into_iter()
    }
}

/// All but what a run left that was killed while it wrote a file.
const LEFT_OVER: &str = ":(top,exclude,glob).shroud/**/.git-shroud-*";

/// Stages the whole of `.shroud/`, also what was removed, and also where a sparse checkout leaves it out.
///
/// # Errors
/// git fails.
pub fn stage_shroud_dir(repository: &Repository) -> Result<(), GitError> {
    let is_there = |top: &std::path::Path| top.join(shroud_dir::NAME).exists();
    if repository.is_sparse() && !repository.worktree.as_deref().is_some_and(is_there) {
        return Ok(());
    }
    let sparse = staging::beyond_sparse(repository)?;
    let add = [&["add", "--force", "--all"], sparse, &["--", shroud_dir::NAME, LEFT_OVER]].concat();
    repository.git.run(add).map(drop)
}

/// Takes files of `.shroud/` out of the worktree, and out of the index also where a sparse checkout leaves them out: what
/// is not in the worktree there is not deleted in git's eyes.
///
/// # Errors
/// A file cannot be removed, or git fails.
pub fn remove_from_shroud_dir(repository: &Repository, files: &[File]) -> Result<(), CloneError> {
    let Some(top) = &repository.worktree else { return Ok(()) };
    let mut paths = Vec::new();
    for file in files {
        shroud_dir::remove(top, file)?;
        paths.extend_from_slice(file.path().as_bytes());
        paths.push(0);
    }
    let update = ["-c", "index.sparse=false", "update-index", "--force-remove", "-z", "--stdin"];
    repository.git.run_with_input(update, &paths)?;
    Ok(stage_shroud_dir(repository)?)
}
