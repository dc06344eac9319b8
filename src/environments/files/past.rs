//! With which keys files were sealed in the commits of this branch.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use crate::environments::schema::{self, Schema};
use crate::environments::{FOLDER, SCHEMA_FILE};
use crate::format::{self, HEADER_LEN, Header, Sniff};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::history::RAW_LOG;
use crate::git::objects::fetch_missing;
use crate::git::raw::{Record, Side, records};
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};
use crate::values::{self, MAX_SEALED};

/// Digits of a commit's id that are shown.
const ID_DIGITS: usize = 10;

/// A commit changed a file, seen from one of its parents.
pub(super) struct Change {
    path: Vec<u8>,
    /// The held key that sealed it before, and the one that seals it since.
    before: Option<KeyName>,
    after: Option<KeyName>,
    /// The commit, for people to read.
    commit: String,
}

/// All changes of the files at some places, the newest first.
pub(super) struct Past(Vec<Change>);

/// The past cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// git fails, or an object is damaged.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A partial clone lacks earlier versions, and where it came from does not give them.
    #[error(
        "earlier versions of it are not in this clone and could not be fetched, so git-shroud cannot tell if somebody moved it to another key; fetch them: git fetch --refetch --no-filter"
    )]
    NotHere,
}

impl Past {
    /// Reads the history of `HEAD` at these files and folders. What a partial clone lacks is brought here, as git would.
    ///
    /// # Errors
    /// [`PastError`].
    pub(super) fn read(
        database: &Database<'_>,
        keyring: &Keyring,
        places: &BTreeSet<String>,
    ) -> Result<Self, PastError> {
        let repository = database.repository();
        let raw = log(repository, places)?;
        let blobs: BTreeSet<ObjectId> =
            raw.iter().flat_map(|change| [change.before, change.after]).flatten().collect();
        let mut names = BTreeMap::new();
        let mut missing = BTreeSet::new();
        for blob in blobs {
            match key_of(database, keyring, blob)? {
                Some(name) => drop(names.insert(blob, name)),
                None => drop(missing.insert(blob)),
            }
        }
        if !missing.is_empty() {
            fetch_missing(repository, &missing)?;
            let fetched = Database::open(repository)?;
            for blob in missing {
                let name = key_of(&fetched, keyring, blob)?.ok_or(PastError::NotHere)?;
                names.insert(blob, name);
            }
        }
        let name = |blob: Option<ObjectId>| blob.and_then(|blob| names.get(&blob)?.clone());
        let changes = raw.into_iter().map(|change| Change {
            before: name(change.before),
            after: name(change.after),
            path: change.path,
            commit: change.commit,
        });
        Ok(Self(changes.collect()))
    }

    /// The held keys that ever sealed a file that `is_meant` accepts.
    pub(super) fn keys(&self, is_meant: impl Fn(&[u8]) -> bool) -> BTreeSet<&KeyName> {
        let meant = self.0.iter().filter(|change| is_meant(&change.path));
        meant.flat_map(|change| [&change.before, &change.after]).flatten().collect()
    }

    /// The last commit that took a file away from a key, or, where none is named, that sealed it with one: for people.
    pub(super) fn who(&self, path: &[u8], from: Option<&KeyName>) -> Option<String> {
        let is_it = |change: &&Change| match from {
            Some(from) => {
                change.before.as_ref() == Some(from) && change.after.as_ref() != Some(from)
            }
            None => change.before.is_none() && change.after.is_some(),
        };
        let mut changes = self.0.iter().filter(|change| change.path == path);
        changes.find(is_it).map(|change| change.commit.clone())
    }
}

/// The name of the held key that sealed a blob; `None` in it where no held key did, and outside it where it is not here.
fn key_of(
    database: &Database<'_>,
    keyring: &Keyring,
    blob: ObjectId,
) -> Result<Option<Option<KeyName>>, GitError> {
    let Some(start) = database.start(blob, HEADER_LEN)? else { return Ok(None) };
    let mut held =
        Header::parse(&start.bytes).ok().and_then(|header| keyring.by_id(header.key_id()));
    if format::sniff(&start.bytes) == Sniff::NotSealed
        && start.len <= MAX_SEALED as u64
        && let Some(bytes) = database.file(blob, MAX_SEALED as u64)?
    {
        held = values::named_keys(&bytes).into_iter().find_map(|id| keyring.by_id(id));
    }
    Ok(Some(held.map(|held| held.name.clone())))
}

/// The files and folders that an environment ever had in the commits of this branch: by what its schema said, and the
/// folder that it has where none says anything.
///
/// # Errors
/// git fails, or an object is damaged.
pub(super) fn places(
    database: &Database<'_>,
    environment: &str,
) -> Result<BTreeSet<String>, GitError> {
    let mut places = BTreeSet::from([format!("{FOLDER}/{environment}")]);
    let own = BTreeSet::from([SCHEMA_FILE.to_owned()]);
    let versions: BTreeSet<ObjectId> =
        log(database.repository(), &own)?.into_iter().filter_map(|change| change.after).collect();
    fetch_missing_of(database, &versions)?;
    let database = Database::open(database.repository())?;
    for version in versions {
        let limit = schema::MAX_LEN as u64;
        let fits = database.header(version)?.is_some_and(|(_, len)| len <= limit);
        let bytes = if fits { database.file(version, limit)? } else { None };
        let Some(schema) = bytes.and_then(|bytes| Schema::parse(&bytes).ok()) else { continue };
        let own = schema.environments.into_iter().filter(|location| location.name == environment);
        places.extend(own.flat_map(|location| location.paths));
    }
    Ok(places)
}

fn fetch_missing_of(database: &Database<'_>, blobs: &BTreeSet<ObjectId>) -> Result<(), GitError> {
    let mut missing = Vec::new();
    for blob in blobs {
        if database.header(*blob)?.is_none() {
            missing.push(*blob);
        }
    }
    if !missing.is_empty() {
        fetch_missing(database.repository(), &missing)?;
    }
    Ok(())
}

/// A change with the blobs as git names them.
struct RawChange {
    path: Vec<u8>,
    before: Option<ObjectId>,
    after: Option<ObjectId>,
    commit: String,
}

/// git's raw log of `HEAD` at these places, the newest commit first, each described by this format; empty where there is no commit.
pub(super) fn raw_log(
    repository: &Repository,
    format: &str,
    places: &BTreeSet<String>,
) -> Result<Vec<u8>, GitError> {
    if repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?.is_none() {
        return Ok(Vec::new());
    }
    let options = [&RAW_LOG[..], &["--date=short", format, "--stdin"]].concat();
    let mut input = "HEAD\n--\n".to_owned();
    for place in places.iter().filter(|place| !place.contains('\n')) {
        input.push_str(&format!(":(top,literal){}\n", place.trim_end_matches('/')));
    }
    repository.git.run_with_input(options, input.as_bytes())
}

/// What the commits of `HEAD` changed at these places, the newest first.
fn log(repository: &Repository, places: &BTreeSet<String>) -> Result<Vec<RawChange>, GitError> {
    let log = raw_log(repository, "--format=%x01%H of %ad by %an <%ae>: %s", places)?;
    let mut changes = Vec::new();
    let mut commit = String::new();
    for record in records(&log) {
        match record? {
            Record::Commit(described) => {
                let text = crate::sanitise::text(&String::from_utf8_lossy(described));
                let (id, rest) = text.split_once(' ').unwrap_or((&text, ""));
                commit = format!("{} {rest}", id.get(..ID_DIGITS).unwrap_or(id));
            }
            Record::Change(change) => {
                let before = change.before.first().and_then(Side::id);
                let (path, after) = (change.path.to_vec(), change.after.id());
                changes.push(RawChange { path, before, after, commit: commit.clone() });
            }
        }
    }
    Ok(changes)
}
