//! What a repository that another tool was set up in holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::attributes::{NewText, filters};
use super::{Drivers, MigrateError};
use crate::git::GitError;
use crate::git::attributes_file::MAX_LEN;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::scratch::{File, ScratchIndex};
use crate::git_crypt::{HEADER_LEN, Name};

/// Where git-crypt keeps what it shares, where its configuration names no other folder.
const STATE_DIR: &str = ".git-crypt";
/// The attributes that are compared; those before `diff` say what is sealed, the others what git does to a file, and the last
/// how it is sealed.
pub(super) const ATTRIBUTES: [&str; 11] = [
    "filter",
    "shroud-key",
    "diff",
    "merge",
    "text",
    "crlf",
    "eol",
    "ident",
    "working-tree-encoding",
    "delta",
    "shroud-by",
];
/// The places of those that say what git does to a file.
pub(super) const EFFECTS: std::ops::Range<usize> = 2..ATTRIBUTES.len() - 1;
/// The values of [`ATTRIBUTES`], as `git check-attr` writes them.
pub(super) type Values = [Vec<u8>; ATTRIBUTES.len()];

/// A repository with another tool, as its last commit has it.
pub struct Before {
    /// The tool's filters.
    pub drivers: Drivers,
    /// The commit.
    pub head: String,
    /// Every entry of it.
    pub files: Vec<File>,
    /// The tool's folder, relative to the top of the worktree, without a slash at its end; empty where it has none.
    pub state_dir: Vec<u8>,
    /// The files that go with the tool: those in its folder, and others that only it reads.
    pub state_files: Vec<Vec<u8>>,
    /// For each key of git-crypt the fingerprints of its users, in upper case, each with the file that was encrypted to it.
    pub users: BTreeMap<Name, BTreeMap<String, String>>,
    /// The files among git-crypt's wrapped keys that make nobody a user: of an older version of a key, or with another form of name.
    pub passed_over: Vec<Vec<u8>>,
    /// The files to seal, by path: the file as the tool has encrypted it, and the name of its key.
    pub sealed: BTreeMap<Vec<u8>, (File, Name)>,
    /// Those of them that no line of the tool names, or not for their key: they get lines of their own.
    pub added: BTreeSet<Vec<u8>>,
    /// Files besides that should hold another text, or go where that is empty.
    pub lists: Vec<NewText>,
    /// The attributes files with their text.
    pub(super) attributes: Vec<(File, Vec<u8>)>,
    /// The lines of `info/attributes` that name the tool's filters; they are this clone's own and stay.
    pub local_filters: bool,
    /// What the attributes say of every regular file, and of those that are to come.
    pub(super) values: BTreeMap<Vec<u8>, Values>,
}

impl Before {
    /// Reads the last commit of a repository with git-crypt, which the index must be.
    ///
    /// # Errors
    /// There is none, the index holds something else, or attributes are not in the repository as they are here.
    pub fn of_git_crypt(repository: &Repository) -> Result<Self, MigrateError> {
        let state_dir = state_dir(repository)?;
        let mut this = Self::read(repository, Drivers::GIT_CRYPT, state_dir)?;
        let (users, passed_over) = users(&this.files, &this.state_dir);
        (this.users, this.passed_over) = (users, passed_over);
        Ok(this)
    }

    /// Reads the last commit of a repository with a tool of these filters, which the index must be.
    ///
    /// # Errors
    /// There is none, the index holds something else, or attributes are not in the repository as they are here.
    pub fn read(
        repository: &Repository,
        drivers: Drivers,
        state_dir: Vec<u8>,
    ) -> Result<Self, MigrateError> {
        let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?;
        let head = head.ok_or(MigrateError::NoCommit)?;
        if repository.git.query(["diff", "--cached", "--no-ext-diff", "--quiet"])?.is_none() {
            return Err(MigrateError::Uncommitted);
        }
        if repository.gix.state().is_some() {
            return Err(MigrateError::UnderWay);
        }
        let index = ScratchIndex::of(repository, "HEAD", true)?;
        let files = index.files()?;
        let regular = || files.iter().filter(|file| file.is_regular());
        let values = index.attributes(ATTRIBUTES, regular().map(|file| file.path.clone()))?;
        let is_state = |path: &[u8]| is_below(path, &state_dir);
        let mut sealed = BTreeMap::new();
        let mut attributes = Vec::new();
        for file in regular().filter(|file| !is_state(&file.path)) {
            let filter = values.get(&file.path).map_or(&b""[..], |values| &values[0]);
            let is_attributes = file_name(&file.path) == b".gitattributes";
            match drivers.key_of(filter) {
                Some(Ok(_)) if is_attributes => {
                    let path = crate::sanitise::path(&file.path);
                    return Err(MigrateError::EncryptedAttributes { path, tool: drivers.tool });
                }
                Some(Ok(name)) => drop(sealed.insert(file.path.clone(), (file.clone(), name))),
                _ if is_attributes => {
                    attributes.push((file.clone(), read_text(repository, file)?));
                }
                _ => {}
            }
        }
        refuse_untracked(repository, &drivers)?;
        let state_files = || files.iter().filter(|file| is_state(&file.path));
        if let Some(file) = state_files().find(|file| !file.is_regular()) {
            let path = crate::sanitise::path(&file.path);
            return Err(MigrateError::NotAFile { path, tool: drivers.tool });
        }
        Ok(Self {
            drivers,
            head: head.to_string_lossy().into_owned(),
            users: BTreeMap::new(),
            passed_over: Vec::new(),
            state_files: state_files().map(|file| file.path.clone()).collect(),
            state_dir,
            sealed,
            added: BTreeSet::new(),
            lists: Vec::new(),
            attributes,
            local_filters: has_local_filters(repository, &drivers)?,
            values,
            files,
        })
    }

    /// A file of this path in the last commit.
    pub fn file(&self, path: &[u8]) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Says that a path is to be sealed with a key, by a line of its own; the file is as the tool has encrypted it.
    pub fn add(&mut self, path: Vec<u8>, file: File, name: Name) {
        self.added.insert(path.clone());
        self.sealed.insert(path, (file, name));
    }

    /// Reads what the attributes say of the files that are to come.
    ///
    /// # Errors
    /// git fails.
    pub fn read_added(&mut self, repository: &Repository) -> Result<(), MigrateError> {
        let new: Vec<_> =
            self.added.iter().filter(|path| !self.values.contains_key(*path)).cloned().collect();
        let index = ScratchIndex::of(repository, &self.head, true)?;
        self.values.extend(index.attributes(ATTRIBUTES, new.into_iter())?);
        Ok(())
    }

    /// The keys that attributes lines name, also those that match no file.
    pub fn named(&self) -> BTreeSet<Name> {
        let filters = self.attributes.iter().flat_map(|(_, text)| filters(text));
        filters.filter_map(|filter| self.drivers.key_of(&filter)?.ok()).collect()
    }

    /// Whether the worktree holds what is committed, although git says that it differs: git filters no empty file, so one
    /// that git-crypt has encrypted always seems changed, and so does one that should be encrypted and is not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_as_committed(&self, repository: &Repository, path: &[u8]) -> Result<bool, GitError> {
        let Some((file, _)) = self.sealed.get(path) else { return Ok(false) };
        let native = crate::repo_path::to_native(path);
        let here = repository.worktree.as_ref().zip(native).map(|(top, path)| top.join(path));
        let Some((here, metadata)) = here
            .and_then(|path| Some((path.clone(), path.symlink_metadata().ok()?)))
            .filter(|(_, metadata)| metadata.is_file())
        else {
            return Ok(false);
        };
        let blob = repository.gix.try_find_header(file.id).map_err(GitError::read)?;
        let is_empty = blob.is_some_and(|blob| blob.size() == HEADER_LEN as u64);
        if is_empty && metadata.len() == 0 {
            return Ok(true);
        }
        let content = std::fs::File::open(&here).map_err(GitError::Io)?;
        objects::is_blob(repository, content, metadata.len(), file.id)
    }

    /// Whether nothing of the tool is here.
    pub fn is_empty(&self) -> bool {
        self.state_files.is_empty() && self.sealed.is_empty() && self.named().is_empty()
    }
}

fn state_dir(repository: &Repository) -> Result<Vec<u8>, MigrateError> {
    let named = repository.git.query(["config", "--get", "git-crypt.repoStateDir"])?;
    let named = named.map(|name| name.to_string_lossy().into_owned());
    let dir = named.unwrap_or_else(|| STATE_DIR.to_owned());
    let dir = dir.trim_matches('/').trim_start_matches("./").to_owned();
    if dir.is_empty() || dir.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(MigrateError::StateDir);
    }
    Ok(dir.into_bytes())
}

pub(super) fn is_below(path: &[u8], dir: &[u8]) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with(b"/"))
}

pub(super) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// For each key the fingerprints of its users, each with the file that was encrypted to it.
type Users = BTreeMap<Name, BTreeMap<String, String>>;

/// `keys/NAME/VERSION/FINGERPRINT.gpg`; of one name the users of the newest version. The second are the files that are left.
fn users(files: &[File], state_dir: &[u8]) -> (Users, Vec<Vec<u8>>) {
    let mut read = Vec::new();
    let mut passed_over = Vec::new();
    let keys = [state_dir, b"/keys"].concat();
    for file in files.iter().filter(|file| is_below(&file.path, &keys)) {
        match user(&file.path, keys.len() + 1) {
            Some(user) => read.push(user),
            None => passed_over.push(file.path.clone()),
        }
    }
    let mut newest: BTreeMap<Name, u32> = BTreeMap::new();
    for (name, version, ..) in &read {
        let newest = newest.entry(name.clone()).or_default();
        *newest = (*newest).max(*version);
    }
    let (current, older): (Vec<_>, Vec<_>) =
        read.into_iter().partition(|(name, version, ..)| newest[name] == *version);
    let mut users = Users::new();
    for (name, _, fingerprint, path) in current {
        users.entry(name).or_default().insert(fingerprint, path);
    }
    for (name, _, fingerprint, path) in older {
        if !users[&name].contains_key(&fingerprint) {
            passed_over.push(path.into_bytes());
        }
    }
    (users, passed_over)
}

/// Name, version, fingerprint and path of a wrapped key; `start` is where the name is.
fn user(path: &[u8], start: usize) -> Option<(Name, u32, String, String)> {
    let path = path.to_str().ok()?;
    let parts: Vec<&str> = path[start..].split('/').collect();
    let [name, version, message] = parts[..] else { return None };
    let fingerprint = message.strip_suffix(".gpg").filter(|text| {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    })?;
    let fingerprint = fingerprint.to_ascii_uppercase();
    Some((name.parse().ok()?, version.parse().ok()?, fingerprint, path.to_owned()))
}

/// Reads a file that is never large, as attributes are.
///
/// # Errors
/// It is large, or not here.
pub fn read_text(repository: &Repository, file: &File) -> Result<Vec<u8>, MigrateError> {
    match objects::read(repository, file.id)? {
        Blob::Memory(bytes) => Ok(bytes),
        Blob::Large => Err(MigrateError::TooLarge(crate::sanitise::path(&file.path))),
        Blob::Missing => Err(GitError::NotHere(crate::sanitise::path(&file.path)).into()),
    }
}

/// What is only in the worktree says nothing to others, and would say something else than what is committed.
fn refuse_untracked(repository: &Repository, drivers: &Drivers) -> Result<(), MigrateError> {
    let Some(top) = &repository.worktree else { return Ok(()) };
    let pathspec = ":(top,glob)**/.gitattributes";
    let listed = repository.git.run(["ls-files", "-z", "--others", "--", pathspec])?;
    for path in listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()) {
        let Some(native) = crate::repo_path::to_native(path) else { continue };
        if names_any(drivers, &top.join(native))? {
            let path = crate::sanitise::path(path);
            return Err(MigrateError::Untracked { path, tool: drivers.tool });
        }
    }
    Ok(())
}

fn has_local_filters(repository: &Repository, drivers: &Drivers) -> Result<bool, GitError> {
    names_any(drivers, &repository.common_dir().join("info/attributes"))
}

fn names_any(drivers: &Drivers, path: &Path) -> Result<bool, GitError> {
    let text = match crate::fs::read_bounded(path, MAX_LEN) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(GitError::Io)?,
    };
    Ok(filters(&text).iter().any(|filter| drivers.key_of(filter).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_known_by_the_names_of_files() {
        let file = |path: &str| File {
            mode: "100644".to_owned(),
            id: gix::ObjectId::null(gix::hash::Kind::Sha1),
            path: path.into(),
        };
        let (a, b) = ("A".repeat(40), "b".repeat(40));
        let files = [
            file(&format!(".git-crypt/keys/default/0/{a}.gpg")),
            file(&format!(".git-crypt/keys/default/0/{b}.gpg")),
            file(&format!(".git-crypt/keys/default/1/{b}.gpg")),
            file(&format!(".git-crypt/keys/ops/0/{a}.gpg")),
            file(&format!(".git-crypt/keys/o:ps/0/{a}.gpg")),
            file(&format!(".git-crypt/keys/ops/0/{a}.txt")),
            file(&format!(".git-crypt/keys/ops/x/{a}.gpg")),
            file(".git-crypt/keys/ops/0/../../x.gpg"),
            file(".git-crypt/.gitattributes"),
            file(&format!("x/.git-crypt/keys/ops/0/{a}.gpg")),
        ];
        let (found, passed_over) = users(&files, b".git-crypt");
        let of = |name: &str| found[&name.parse().unwrap()].keys().cloned().collect::<Vec<_>>();
        assert_eq!(of("default"), [b.to_uppercase()]);
        assert_eq!(of("ops"), [a.as_str()]);
        assert_eq!(found.len(), 2);
        // Nobody is left out without a word: Alice has a key of the older version only.
        assert_eq!(passed_over.len(), 5);
        assert!(passed_over.contains(&format!(".git-crypt/keys/default/0/{a}.gpg").into_bytes()));
    }
}
