//! Who changed the value of a property, and when; no value is kept.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::content::open;
use super::{FilesError, Loaded, past};
use crate::environments::check::reuse::mac;
use crate::environments::environment::{Content, Environment, File};
use crate::format::{KeyId, ScanKey};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::objects::{self, Blob};
use crate::git::raw;
use crate::git::repository::Repository;
use crate::secret::WipedVec;
use crate::values::Token;

/// Between the parts of such a record.
const PART: char = '\u{2}';

/// What a commit did to a property in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is set since: which of the values, counted from 0 for the oldest; `None` where it is sealed and its key is not held.
    Set(Option<usize>),
    /// It has another value since, or was set anew to one that is not known here.
    Changed(Option<usize>),
    /// It is not set any more.
    Removed,
    /// The file cannot be read as it was before or is since.
    Unknown,
}

/// A commit that changed a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its whole id, in hexadecimal.
    pub commit: String,
    /// The day on which it was written, `2026-01-31`.
    pub date: String,
    /// Who wrote it, with the address.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// The file, from the top of the repository.
    pub path: String,
    /// What it did.
    pub action: Action,
}

/// How a property is in a version of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Absent,
    Value([u8; 32]),
    /// Sealed by value: its token, and the key that is not held.
    Sealed([u8; 32], KeyId),
    Unknown,
}

/// All commits of `HEAD` that changed a property of an environment, the newest first. A merge is named only where its value is
/// that of no parent.
///
/// # Errors
/// git fails, or an object is damaged.
pub fn changes(loaded: &Loaded, environment: &str, name: &str) -> Result<Vec<Change>, FilesError> {
    let repository = &loaded.opened.repository;
    let database = Database::open(repository)?;
    let mut places = past::places(&database, environment)?;
    places.extend(loaded.location(environment).iter().flat_map(|one| one.paths.iter().cloned()));
    let key = loaded.scan_key()?;
    let mut looker = Looker { loaded, name, key: &key, seen: BTreeMap::new() };
    let mut found: Vec<(Change, Seen, Seen)> = Vec::new();
    for record in log(repository, &places)? {
        let now = looker.look(record.after, &record.path)?;
        let mut before = Vec::new();
        for blob in &record.befores {
            before.push(looker.look(*blob, &record.path)?);
        }
        // In a parent that is not named here the file is the same.
        if before.len() < record.commit.parents || before.contains(&now) {
            continue;
        }
        let first = before.first().copied().unwrap_or(Seen::Absent);
        found.push((record.into_change(), first, now));
    }
    let mut values: Vec<[u8; 32]> = Vec::new();
    let mut changes = Vec::new();
    for (change, before, now) in found.into_iter().rev() {
        let mut number = |value| {
            values.iter().position(|known| *known == value).unwrap_or_else(|| {
                values.push(value);
                values.len() - 1
            })
        };
        let action = match (before, now) {
            (Seen::Absent, Seen::Value(value)) => Action::Set(Some(number(value))),
            (Seen::Value(_), Seen::Value(value)) => Action::Changed(Some(number(value))),
            (Seen::Value(_) | Seen::Sealed(..), Seen::Absent) => Action::Removed,
            (Seen::Absent, Seen::Sealed(..)) => Action::Set(None),
            // With another key it may be the same value.
            (Seen::Sealed(_, before), Seen::Sealed(_, now)) if before == now => {
                Action::Changed(None)
            }
            _ => Action::Unknown,
        };
        changes.push(Change { action, ..change });
    }
    changes.reverse();
    Ok(changes)
}

struct Looker<'l> {
    loaded: &'l Loaded,
    name: &'l str,
    key: &'l ScanKey,
    seen: BTreeMap<(ObjectId, String), Seen>,
}

impl Looker<'_> {
    fn look(&mut self, blob: Option<ObjectId>, path: &str) -> Result<Seen, GitError> {
        let (Some(blob), Some(format)) = (blob, self.loaded.file_names.format(path)) else {
            return Ok(Seen::Absent);
        };
        if let Some(seen) = self.seen.get(&(blob, path.to_owned())) {
            return Ok(*seen);
        }
        let opened = &self.loaded.opened;
        let content = match objects::read(&opened.repository, blob)? {
            Blob::Memory(mut bytes) => {
                let mut wiped = WipedVec::default();
                std::mem::swap(&mut *wiped, &mut bytes);
                open(opened, Some(format), wiped)
            }
            Blob::Large | Blob::Missing => Content::Locked(String::new()),
        };
        let file = File {
            path: path.to_owned(),
            format,
            sealed: true,
            layer: 0,
            exempt: BTreeSet::new(),
            content,
        };
        let read = Environment::read("", vec![file]);
        let seen = match read.setting(self.name) {
            Some(setting) => Seen::Value(mac(self.key, &setting.value.text)),
            None if read.is_unset(self.name) => Seen::Absent,
            None => read.sealed_value(self.name).map_or(Seen::Unknown, |sealed| {
                let token = Token::parse(sealed.text.as_bytes()).ok();
                let key = token.map(|token| token.key());
                key.map_or(Seen::Unknown, |key| Seen::Sealed(mac(self.key, &sealed.text), key))
            }),
        };
        self.seen.insert((blob, path.to_owned()), seen);
        Ok(seen)
    }
}

/// A commit, safe to show.
#[derive(Clone)]
struct Commit {
    id: String,
    parents: usize,
    date: String,
    author: String,
    subject: String,
}

impl Commit {
    /// Id, parents, date, author, subject.
    const FORMAT: &'static str = "--format=%x01%H%x02%P%x02%ad%x02%an <%ae>%x02%s";

    fn parse(described: &[u8]) -> Self {
        let text = String::from_utf8_lossy(described);
        let mut parts = text.splitn(5, PART);
        let mut part = || crate::sanitise::line(parts.next().unwrap_or_default());
        let id = part();
        let parents = part().split_whitespace().count();
        Self { id, parents, date: part(), author: part(), subject: part() }
    }
}

/// What a commit did to a file.
struct Record {
    commit: Commit,
    path: String,
    /// As it was in each parent that has another version.
    befores: Vec<Option<ObjectId>>,
    after: Option<ObjectId>,
}

impl Record {
    fn into_change(self) -> Change {
        let Commit { id: commit, date, author, subject, .. } = self.commit;
        Change { commit, date, author, subject, path: self.path, action: Action::Unknown }
    }
}

/// What the commits of `HEAD` changed at these places, the newest first; the versions of all parents of a merge are together.
fn log(repository: &Repository, places: &BTreeSet<String>) -> Result<Vec<Record>, GitError> {
    let log = past::raw_log(repository, Commit::FORMAT, places)?;
    let mut all: Vec<Record> = Vec::new();
    let mut commit = Commit::parse(b"");
    for record in raw::records(&log) {
        let change = match record? {
            raw::Record::Commit(described) => {
                commit = Commit::parse(described);
                continue;
            }
            raw::Record::Change(change) => change,
        };
        let Ok(path) = String::from_utf8(change.path.to_vec()) else { continue };
        let before = change.before.first().and_then(raw::Side::id);
        let after = change.after.id();
        let mut known = all.iter_mut().rev().take_while(|record| record.commit.id == commit.id);
        match known.find(|record| record.path == path) {
            Some(record) => record.befores.push(before),
            None => {
                let commit = commit.clone();
                all.push(Record { commit, path, befores: vec![before], after });
            }
        }
    }
    Ok(all)
}
