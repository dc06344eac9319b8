//! What somebody who knew certain keys can still read: every sealed file of the history, and which of these are secret still.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gix::ObjectId;

use crate::format::{self, Header, Key, KeyId, Sniff};
use crate::git::GitError;
use crate::git::history::RAW_LOG;
use crate::git::objects::{self, Blob};
use crate::git::raw::{Change, Record, records};
use crate::git::repository::Repository;
use crate::git::worktree::Entries;
use crate::keyring::{Entry, Keyring};
use crate::values::{self, Ciphers, Value};

/// A path of the history that these keys open.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExposedPath {
    /// The path, with the name of the value where that alone is sealed.
    pub path: String,
    /// Whether it is a value of a file, and not a file.
    #[serde(skip)]
    pub is_value: bool,
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
    let mut blobs: HashMap<ObjectId, Rc<Vec<Part>>> = HashMap::new();
    let mut missing = BTreeSet::new();
    let mut paths = BTreeMap::<(Vec<u8>, String), Versions>::new();
    let mut commits = BTreeSet::new();
    for Version { commit, path, blob } in history(repository)? {
        let parts = match blobs.get(&blob) {
            Some(parts) => Rc::clone(parts),
            None => {
                let start = objects::read_start(repository, blob)?;
                if start.is_none() {
                    missing.insert(blob);
                }
                let parts = match start {
                    Some(start) => {
                        exposed_parts(repository, keyring, exposed, (&path, blob, &start))?
                    }
                    None => Vec::new(),
                };
                Rc::clone(blobs.entry(blob).or_insert(Rc::new(parts)))
            }
        };
        for part in parts.iter() {
            commits.insert(commit.id.clone());
            let key = (path.clone(), part.name.clone());
            let (exposed, contents) = paths.entry(key).or_insert_with(|| {
                let path = ExposedPath {
                    path: part.place(&path),
                    is_value: !part.name.is_empty(),
                    versions: 0,
                    first: commit.clone(),
                    last: commit.clone(),
                    unchanged_at: Vec::new(),
                };
                (path, BTreeSet::new())
            });
            exposed.first = commit.clone();
            let content = match part.name.as_str() {
                "" => blob.as_bytes().to_vec(),
                _ => part.siv.to_vec(),
            };
            if contents.insert(content) {
                exposed.versions += 1;
                exposed.unchanged_at.extend(current.get(&part.siv).into_iter().flatten().cloned());
            }
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

/// What the exposed keys open of a blob.
struct Part {
    /// The name of a value, of a file that is sealed by value; else empty.
    name: String,
    /// The synthetic IV of the content.
    siv: [u8; 32],
}

impl Part {
    /// Where it is, for people.
    fn place(&self, path: &[u8]) -> String {
        match self.name.as_str() {
            "" => crate::sanitise::path(path),
            name => format!("{}: {name}", crate::sanitise::path(path)),
        }
    }
}

/// The parts of a blob that one of these keys sealed: the whole, or single values.
fn exposed_parts(
    repository: &Repository,
    keyring: &Keyring,
    exposed: &BTreeSet<KeyId>,
    (path, blob, start): (&[u8], ObjectId, &[u8]),
) -> Result<Vec<Part>, GitError> {
    match format::sniff(start) {
        Sniff::Sealed(id) if exposed.contains(&id) => {
            let part = |header: Header| Part { name: String::new(), siv: *header.siv().bytes() };
            Ok(Header::parse(start).ok().map(part).into_iter().collect())
        }
        Sniff::NotSealed => {
            let Blob::Memory(bytes) = objects::read(repository, blob)? else {
                return Ok(Vec::new());
            };
            let format = values::format_of_path(path);
            let values = values::each(format, &bytes, &mut Ciphers::new(keyring)).into_iter();
            let values = values.filter(|value| exposed.contains(&value.key));
            let part = |value: Value| {
                let key = &keyring.by_id(value.key)?.key;
                Some(Part { siv: siv_of(key, &value.raw), name: value.named.name })
            };
            Ok(values.filter_map(part).collect())
        }
        _ => Ok(Vec::new()),
    }
}

fn siv_of(key: &Key, content: &[u8]) -> [u8; 32] {
    let mut siv = key.siv();
    siv.update(content);
    *siv.finish().bytes()
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
        if header.is_none() {
            continue;
        }
        let Blob::Memory(bytes) = objects::read(repository, entry.id)? else { continue };
        let held = |id| keyring.by_id(id).map(|held| &held.key);
        let opened = match format::sniff(&bytes) {
            Sniff::NotSealed => {
                let format = values::format_of_path(&entry.path);
                let values = values::each(format, &bytes, &mut Ciphers::new(keyring)).into_iter();
                values.map(|value| (value.named.name, value.raw)).collect()
            }
            _ => match format::open(held, &bytes) {
                Ok(plaintext) => vec![(String::new(), plaintext)],
                Err(_) => continue,
            },
        };
        for (name, content) in opened {
            for key in &keys {
                let siv = siv_of(&key.key, &content);
                let place = Part { name: name.clone(), siv }.place(&entry.path);
                contents.entry(siv).or_default().push(place);
            }
        }
    }
    Ok(contents)
}

/// A path or a value, and the contents that it had.
type Versions = (ExposedPath, BTreeSet<Vec<u8>>);

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
