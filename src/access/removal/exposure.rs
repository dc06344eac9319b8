//! What somebody who knew certain keys can still read: every sealed file of the history, and which of these are secret still.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use crate::format::{self, Header, KeyId, Siv, Sniff};
use crate::git::GitError;
use crate::git::history::RAW_LOG;
use crate::git::objects::{self, Blob};
use crate::git::raw::{Change, Record, records};
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::keyring::{Entry, Keyring};

/// A path of the history that these keys open.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExposedPath {
    /// The path.
    pub path: String,
    /// Different contents that were sealed there.
    pub versions: u64,
    /// The first commit that holds one, in the order of the log, and its date.
    pub first: ExposedCommit,
    /// The last one.
    pub last: ExposedCommit,
    /// Paths at which the index holds one of these contents today, unchanged: they should be changed first.
    pub unchanged_at: Vec<String>,
}

/// A commit, for people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExposedCommit {
    /// Its id.
    pub id: String,
    /// `2026-01-02`.
    pub date: String,
}

/// Everything that certain keys open.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Exposure {
    /// Commits that brought a sealed version that these keys open.
    pub commits: u64,
    /// The paths, those that hold an unchanged content first.
    pub paths: Vec<ExposedPath>,
    /// Blobs that are not in this clone, so that nothing is known of them.
    pub missing: u64,
}

/// Looks through the history of every ref.
///
/// # Errors
/// git or the object database fails.
pub fn find_exposed(
    repository: &Repository,
    keyring: &Keyring,
    exposed: &BTreeSet<KeyId>,
) -> Result<Exposure, GitError> {
    let mut exposure = Exposure::default();
    let current = current_contents(repository, keyring, exposed)?;
    let mut headers: HashMap<ObjectId, Option<[u8; 32]>> = HashMap::new();
    let mut missing = BTreeSet::new();
    let mut paths: BTreeMap<Vec<u8>, (ExposedPath, BTreeSet<ObjectId>)> = BTreeMap::new();
    let mut commits = BTreeSet::new();
    for Version { commit, path, blob } in history(repository)? {
        let siv = match headers.get(&blob) {
            Some(siv) => *siv,
            None => {
                let start = objects::read_start(repository, blob)?;
                if start.is_none() {
                    missing.insert(blob);
                }
                let siv = start.and_then(|start| exposed_siv(&start, exposed));
                headers.insert(blob, siv);
                siv
            }
        };
        let Some(siv) = siv else { continue };
        commits.insert(commit.id.clone());
        let (exposed, blobs) = paths.entry(path.clone()).or_insert_with(|| {
            let path = ExposedPath {
                path: crate::sanitise::path(&path),
                versions: 0,
                first: commit.clone(),
                last: commit.clone(),
                unchanged_at: Vec::new(),
            };
            (path, BTreeSet::new())
        });
        exposed.first = commit;
        if blobs.insert(blob) {
            exposed.versions += 1;
            exposed.unchanged_at.extend(current.get(&siv).into_iter().flatten().cloned());
        }
    }
    exposure.commits = commits.len() as u64;
    exposure.missing = missing.len() as u64;
    exposure.paths = paths.into_values().map(|(path, _)| path).collect();
    for path in &mut exposure.paths {
        path.unchanged_at.sort();
        path.unchanged_at.dedup();
    }
    exposure.paths.sort_by_key(|path| path.unchanged_at.is_empty());
    Ok(exposure)
}

/// The synthetic IV in a blob's header, if one of these keys sealed it.
fn exposed_siv(start: &[u8], exposed: &BTreeSet<KeyId>) -> Option<[u8; 32]> {
    match format::sniff(start) {
        Sniff::Sealed(id) if exposed.contains(&id) => {
            Some(*Header::parse(start).ok()?.siv().bytes())
        }
        _ => None,
    }
}

/// What the index holds today, by the synthetic IVs that the exposed keys would give it.
fn current_contents(
    repository: &Repository,
    keyring: &Keyring,
    exposed: &BTreeSet<KeyId>,
) -> Result<HashMap<[u8; 32], Vec<String>>, GitError> {
    let keys: Vec<&Entry> = exposed.iter().filter_map(|id| keyring.by_id(*id)).collect();
    let mut contents: HashMap<[u8; 32], Vec<String>> = HashMap::new();
    for entry in Entries::read_all(repository)?.files {
        let header = repository.gix.try_find_header(entry.id).map_err(GitError::read)?;
        // What is too large for memory is no password; it is listed all the same, as not known to be unchanged.
        if !header.is_some_and(|header| format::may_be_sealed(header.size())) {
            continue;
        }
        let Blob::Memory(bytes) = objects::read(repository, entry.id)? else { continue };
        let held = |id| keyring.by_id(id).map(|held| &held.key);
        let Ok(plaintext) = format::open(held, &bytes) else { continue };
        for key in &keys {
            let mut siv = key.key.siv();
            siv.update(&plaintext);
            let siv: Siv = siv.finish();
            contents.entry(*siv.bytes()).or_default().push(crate::sanitise::path(&entry.path));
        }
    }
    Ok(contents)
}

struct Version {
    commit: ExposedCommit,
    path: Vec<u8>,
    blob: ObjectId,
}

/// Every version of every path, of all refs, the newest commit first.
fn history(repository: &Repository) -> Result<Vec<Version>, GitError> {
    let log = [&RAW_LOG[..], &["--format=%x01%H %as", "--all"]].concat();
    let log = repository.git.run(log)?;
    let mut versions = Vec::new();
    let mut commit = None;
    for record in records(&log) {
        match record? {
            Record::Commit(head) => {
                let text = String::from_utf8_lossy(head.trim_ascii());
                let (id, date) = text.split_once(' ').unwrap_or((&text, ""));
                commit = Some(ExposedCommit { id: id.to_owned(), date: date.to_owned() });
            }
            Record::Change(Change { path, after, .. }) if after.is_file() => {
                if let (Some(commit), Some(blob)) = (&commit, after.id()) {
                    versions.push(Version { commit: commit.clone(), path: path.to_vec(), blob });
                }
            }
            Record::Change(_) => {}
        }
    }
    Ok(versions)
}
