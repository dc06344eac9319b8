//! The proof that values are gone: every one is looked for in every encoding, in all objects and all else that git keeps here.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::Kind;

use super::error::Outcome;
use super::redact::{Needles, Redactor, Value};
use crate::detect::{Seer, View};
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::sanitise;
use crate::scan::Scope;
use crate::scan::walk::seen::OtherText;
use crate::scan::walk::seen::{Seen, Source};

/// Where a value is still found; decides what has to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remains {
    /// In an object that a ref or index leads to.
    InForce,
    /// The same, inside of a gzip file or zip archive.
    Packed,
    /// In an object that nothing leads to but what `--finish` removes.
    Old,
    /// In a reflog, which `--finish` empties.
    Reflog,
    /// In another file of git's own, which is the user's to change.
    GitFile,
}

impl Remains {
    /// What should be done about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::InForce => "check it: the plan keeps it, or it cannot be changed",
            Self::Packed => "open archives too: --archives",
            Self::Old | Self::Reflog => "git shroud scrub --finish removes it",
            Self::GitFile => "a scrub does not change it: change it by hand",
        }
    }
}

/// A place where a value still is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// Where it is.
    pub why: Remains,
    /// Where, fit for a terminal and without any of the values.
    pub place: String,
    /// The value's rule.
    pub rule: String,
}

/// The answer of a search.
#[derive(Debug, Default)]
pub struct Searched {
    /// Objects that were looked at.
    pub objects: u64,
    /// What is left, sorted.
    pub left: Vec<Left>,
    /// Things that could not be read.
    pub unread: u64,
}

impl Searched {
    /// How many places are left for this reason.
    pub fn count(&self, why: Remains) -> u64 {
        self.left.iter().filter(|left| left.why == why).count() as u64
    }

    /// Whether nothing is left in what refs and indexes lead to, and all could be read.
    pub fn is_clean(&self) -> bool {
        self.unread == 0 && self.count(Remains::InForce) == 0 && self.count(Remains::Packed) == 0
    }
}

/// A hit, without the value.
struct Noted {
    source: Source,
    value: usize,
    packed: bool,
}

/// Looks for the values everywhere.
///
/// # Errors
/// git fails, or folders of objects cannot be read.
pub fn search(
    repository: &Repository,
    values: &[Value],
    progress: &dyn Progress,
) -> Outcome<Searched> {
    if values.is_empty() {
        return Ok(Searched::default());
    }
    let needles = Needles::new(values);
    let seer = Seer::new(vec![&needles]);
    let noted = Mutex::new(Vec::new());
    let sink = |seen: &Seen<'_>| {
        let hits = seen.found.iter().map(|found| Noted {
            source: seen.source.clone(),
            value: found.what.hit.rule,
            packed: found.what.views.iter().any(|view| matches!(view, View::Gzip | View::Zip(_))),
        });
        noted.lock().expect("a thread that panicked has said why").extend(hits);
    };
    let meter = progress.meter("searching for what is left");
    let (walked, _) = crate::scan::walk::look(repository, &seer, &Scope::All, None, &sink, &meter)?;
    drop(meter);
    let noted = noted.into_inner().expect("a thread that panicked has said why");
    let in_force = in_force(repository, &noted)?;
    // Names may hold values themselves.
    let redactor = Redactor::new(values, false);
    let mut left = BTreeSet::new();
    for hit in &noted {
        if let Some((why, place)) = describe(hit, &in_force, &redactor) {
            left.insert(Left { why, place, rule: values[hit.value].rule.clone() });
        }
    }
    Ok(Searched {
        objects: walked.objects,
        left: left.into_iter().collect(),
        unread: walked.unread.len() as u64,
    })
}

fn object(source: &Source) -> Option<ObjectId> {
    match source {
        Source::Object { id, .. } => Some(*id),
        Source::Name { tree } => Some(*tree),
        Source::Other(_) => None,
    }
}

/// Of the objects with hits those that refs, `HEAD`s and indexes lead to, each with a path.
fn in_force(repository: &Repository, noted: &[Noted]) -> Outcome<HashMap<ObjectId, Vec<u8>>> {
    let wanted: HashSet<ObjectId> = noted.iter().filter_map(|hit| object(&hit.source)).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let mut heads = Vec::new();
    for worktree in repository.all_worktrees()? {
        if let Some(head) = worktree.git.query(["rev-parse", "-q", "--verify", "HEAD"])? {
            heads.extend(head.as_encoded_bytes());
            heads.push(b'\n');
        }
    }
    let list =
        ["--no-replace-objects", "rev-list", "--objects", "--all", "--indexed-objects", "--stdin"];
    let listed = repository.git.run_with_input(list, &heads)?;
    let mut found = HashMap::new();
    for line in listed.lines() {
        let (id, path) = line.split_once_str(b" ").unwrap_or((line, b""));
        if let Ok(id) = ObjectId::from_hex(id)
            && wanted.contains(&id)
        {
            found.entry(id).or_insert_with(|| path.to_vec());
        }
    }
    // Only the latest stash is named by a ref; the others stand in its reflog, which stays.
    let stashes = match repository.git.query(["rev-parse", "-q", "--verify", "refs/stash"])? {
        Some(_) => repository.git.run(["log", "-g", "--format=%H %T %P", "refs/stash", "--"])?,
        None => Vec::new(),
    };
    let commits: Vec<u8> = stashes.fields().flat_map(|id| [id, b"\n"].concat()).collect();
    if !commits.is_empty() {
        let list = ["--no-replace-objects", "rev-list", "--objects", "--stdin"];
        for line in repository.git.run_with_input(list, &commits)?.lines() {
            let (id, path) = line.split_once_str(b" ").unwrap_or((line, b""));
            if let Ok(id) = ObjectId::from_hex(id)
                && wanted.contains(&id)
            {
                found.entry(id).or_insert_with(|| path.to_vec());
            }
        }
    }
    Ok(found)
}

fn describe(
    hit: &Noted,
    in_force: &HashMap<ObjectId, Vec<u8>>,
    redactor: &Redactor,
) -> Option<(Remains, String)> {
    let show = |name: &[u8]| match redactor.text(name) {
        Ok(shown) => sanitise::path(shown.as_deref().unwrap_or(name)),
        Err(_) => "a name that contains a value".to_owned(),
    };
    let named = |what: &str, id: &ObjectId| {
        let id = id.to_hex_with_len(12);
        match in_force.get(id_of(hit).as_ref()?) {
            Some(path) if !path.is_empty() => Some(format!("{what} {id} ({})", show(path))),
            _ => Some(format!("{what} {id}")),
        }
    };
    match &hit.source {
        Source::Object { id, kind } => {
            let why = match in_force.contains_key(id) {
                false => Remains::Old,
                true if hit.packed => Remains::Packed,
                true => Remains::InForce,
            };
            let what = match kind {
                Kind::Commit => "commit",
                Kind::Tag => "tag",
                Kind::Tree => "tree",
                Kind::Blob => "blob",
            };
            Some((why, named(what, id)?))
        }
        Source::Name { tree } => {
            let why = if in_force.contains_key(tree) { Remains::InForce } else { Remains::Old };
            Some((why, named("a name in tree", tree)?))
        }
        Source::Other(place) => match place {
            OtherText::GitFile(path)
                if path.starts_with(b"logs/") || path.contains_str("/logs/") =>
            {
                Some((Remains::Reflog, format!("reflog {}", show(path))))
            }
            OtherText::GitFile(path) => Some((Remains::GitFile, format!(".git/{}", show(path)))),
            OtherText::Reflog => Some((Remains::Reflog, "a reflog".to_owned())),
            OtherText::RefName => Some((Remains::InForce, "the name of a ref".to_owned())),
            OtherText::StagedPath
            | OtherText::Path
            | OtherText::WorktreePath
            | OtherText::Worktree(_) => {
                Some((Remains::InForce, "the name of a staged file".to_owned()))
            }
        },
    }
}

fn id_of(hit: &Noted) -> Option<ObjectId> {
    object(&hit.source)
}
