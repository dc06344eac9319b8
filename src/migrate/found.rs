//! What a repository that git-crypt was set up in holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gix::bstr::ByteSlice as _;

use super::attributes::filters;
use crate::error::{CommandError, Outcome};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::repository::Repository;
use crate::git::scratch::{File, ScratchIndex};
use crate::git_crypt::{HEADER_LEN, Name};

/// Where git-crypt keeps what it shares, where its configuration names no other folder.
const STATE_DIR: &str = ".git-crypt";
/// The attributes that are compared; those before `diff` say what is sealed, the others what git does to a file.
pub(super) const ATTRIBUTES: [&str; 10] = [
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
];
/// The values of [`ATTRIBUTES`], as `git check-attr` writes them.
pub(super) type Values = [Vec<u8>; ATTRIBUTES.len()];

/// A repository with git-crypt, as its last commit has it.
pub struct Found {
    /// The commit.
    pub head: String,
    /// git-crypt's folder, relative to the top of the worktree, without a slash at its end.
    pub state_dir: Vec<u8>,
    /// The files in it.
    pub state_files: Vec<Vec<u8>>,
    /// For each key the fingerprints of its users, in upper case, each with the file that was encrypted to it.
    pub users: BTreeMap<Name, BTreeMap<String, String>>,
    /// The files whose filter is git-crypt's, with the name of their key.
    pub sealed: BTreeMap<Vec<u8>, (File, Name)>,
    /// The attributes files with their text.
    pub(super) attributes: Vec<(File, Vec<u8>)>,
    /// The lines of `info/attributes` that name git-crypt's filters; they are this clone's own and stay.
    pub local_filters: bool,
    /// What the attributes say of every regular file.
    pub(super) values: BTreeMap<Vec<u8>, Values>,
}

impl Found {
    /// Reads the last commit, which the index must be.
    ///
    /// # Errors
    /// There is none, the index holds something else, or attributes are not in the repository as they are here.
    pub fn read(repository: &Repository) -> Outcome<Self> {
        let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?;
        let head = head.ok_or_else(|| CommandError::wrong("there is no commit yet"))?;
        if repository.git.query(["diff", "--cached", "--quiet"])?.is_none() {
            return Err(CommandError::refused("the index holds changes that are not committed")
                .hint(
                    "commit them, or take them out with 'git restore --staged', and run this again",
                ));
        }
        let state_dir = state_dir(repository)?;
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
            match Name::from_driver(filter) {
                Some(Ok(_)) if is_attributes => return Err(encrypted_attributes(&file.path)),
                Some(Ok(name)) => drop(sealed.insert(file.path.clone(), (file.clone(), name))),
                _ if is_attributes => {
                    attributes.push((file.clone(), read_text(repository, file)?));
                }
                _ => {}
            }
        }
        refuse_untracked(repository)?;
        Ok(Self {
            head: head.to_string_lossy().into_owned(),
            users: users(&files, &state_dir),
            state_files: files
                .iter()
                .map(|file| file.path.clone())
                .filter(|path| is_state(path))
                .collect(),
            state_dir,
            sealed,
            attributes,
            local_filters: has_local_filters(repository)?,
            values,
        })
    }

    /// The keys that attributes lines name, also those that match no file.
    pub fn named(&self) -> BTreeSet<Name> {
        let filters = self.attributes.iter().flat_map(|(_, text)| filters(text));
        filters.filter_map(|filter| Name::from_driver(&filter)?.ok()).collect()
    }

    /// Whether the worktree holds what is committed, although git says that it differs: git filters no empty file, so one
    /// that git-crypt has encrypted always seems changed, and so does one that should be encrypted and is not.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn is_as_committed(&self, repository: &Repository, path: &[u8]) -> Outcome<bool> {
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
        Ok(objects::is_blob(repository, content, metadata.len(), file.id)?)
    }

    /// Whether nothing of git-crypt is here.
    pub fn is_empty(&self) -> bool {
        self.state_files.is_empty() && self.sealed.is_empty() && self.named().is_empty()
    }
}

fn state_dir(repository: &Repository) -> Outcome<Vec<u8>> {
    let named = repository.git.query(["config", "--get", "git-crypt.repoStateDir"])?;
    let named = named.map(|name| name.to_string_lossy().into_owned());
    let dir = named.unwrap_or_else(|| STATE_DIR.to_owned());
    let dir = dir.trim_matches('/').trim_start_matches("./").to_owned();
    if dir.is_empty() || dir.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(CommandError::wrong(
            "git-crypt.repoStateDir does not name a folder of the repository",
        )
        .hint("git config --unset git-crypt.repoStateDir"));
    }
    Ok(dir.into_bytes())
}

pub(super) fn is_below(path: &[u8], dir: &[u8]) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with(b"/"))
}

pub(super) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// `keys/NAME/VERSION/FINGERPRINT.gpg`; of one name the users of the newest version.
fn users(files: &[File], state_dir: &[u8]) -> BTreeMap<Name, BTreeMap<String, String>> {
    let mut users: BTreeMap<Name, (u32, BTreeMap<String, String>)> = BTreeMap::new();
    for file in files.iter().filter(|file| is_below(&file.path, state_dir)) {
        let Ok(path) = file.path.to_str() else { continue };
        let parts: Vec<&str> = path[state_dir.len() + 1..].split('/').collect();
        let ["keys", name, version, message] = parts[..] else { continue };
        let fingerprint = message.strip_suffix(".gpg").filter(|text| {
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let (Ok(name), Ok(version), Some(fingerprint)) =
            (name.parse(), version.parse(), fingerprint)
        else {
            continue;
        };
        let (newest, of_name) = users.entry(name).or_default();
        if version > *newest {
            (*newest, *of_name) = (version, BTreeMap::new());
        }
        if version == *newest {
            of_name.insert(fingerprint.to_ascii_uppercase(), path.to_owned());
        }
    }
    users.into_iter().map(|(name, (_, users))| (name, users)).collect()
}

fn encrypted_attributes(path: &[u8]) -> CommandError {
    CommandError::refused(format!(
        "{} is itself under git-crypt's filter, so git cannot read it in a clone",
        crate::sanitise::path(path)
    ))
    .hint("add the line '.gitattributes !filter !diff' behind the others, commit that, and run this again")
}

/// Reads a file that is never large: attributes.
fn read_text(repository: &Repository, file: &File) -> Outcome<Vec<u8>> {
    match objects::read(repository, file.id)? {
        Blob::Memory(bytes) => Ok(bytes),
        Blob::Large => Err(CommandError::refused(format!(
            "{} is too large for an attributes file",
            crate::sanitise::path(&file.path)
        ))),
        Blob::Missing => Err(GitError::NotHere(crate::sanitise::path(&file.path)).into()),
    }
}

/// What is only in the worktree says nothing to others, and would say something else than what is committed.
fn refuse_untracked(repository: &Repository) -> Outcome {
    let Some(top) = &repository.worktree else { return Ok(()) };
    let pathspec = ":(top,glob)**/.gitattributes";
    let listed = repository.git.run(["ls-files", "-z", "--others", "--", pathspec])?;
    for path in listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()) {
        let Some(native) = crate::repo_path::to_native(path) else { continue };
        if names_git_crypt(&top.join(native))? {
            return Err(CommandError::refused(format!(
                "{} names git-crypt's filter and is not in the repository",
                crate::sanitise::path(path)
            ))
            .hint("commit it, or remove it, and run this again"));
        }
    }
    Ok(())
}

fn has_local_filters(repository: &Repository) -> Outcome<bool> {
    names_git_crypt(&repository.common_dir().join("info/attributes"))
}

fn names_git_crypt(path: &Path) -> Outcome<bool> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(|error| GitError::Io(crate::fs::with_path(path, &error)))?,
    };
    Ok(filters(&text).iter().any(|filter| Name::from_driver(filter).is_some()))
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
            file(&format!(".git-crypt/keys/default/1/{b}.gpg")),
            file(&format!(".git-crypt/keys/ops/0/{a}.gpg")),
            file(&format!(".git-crypt/keys/o:ps/0/{a}.gpg")),
            file(&format!(".git-crypt/keys/ops/0/{a}.txt")),
            file(&format!(".git-crypt/keys/ops/x/{a}.gpg")),
            file(".git-crypt/keys/ops/0/../../x.gpg"),
            file(".git-crypt/.gitattributes"),
            file(&format!("x/.git-crypt/keys/ops/0/{a}.gpg")),
        ];
        let found = users(&files, b".git-crypt");
        let of = |name: &str| found[&name.parse().unwrap()].keys().cloned().collect::<Vec<_>>();
        assert_eq!(of("default"), [b.to_uppercase()]);
        assert_eq!(of("ops"), [a]);
        assert_eq!(found.len(), 2);
    }
}
