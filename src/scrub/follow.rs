//! Moving the branches of another clone over to a history that somebody else has rewritten.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::error::{Outcome, ScrubError};
use super::record::{Id, Name, Ref};
use crate::git::GitError;
use crate::git::command::os_line;
use crate::git::repository::Repository;

/// What became of old commits and tags; `None` where it was left out.
pub type Map = HashMap<ObjectId, Option<ObjectId>>;

/// What should be moved.
#[derive(Debug, Default)]
pub struct Following {
    /// Refs that move.
    pub refs: Vec<Ref>,
    /// Commits of this clone alone that were made again on the new history.
    pub replayed: u64,
    /// Refs that cannot be moved by themselves, each with what to do; fit for a terminal.
    pub stuck: Vec<(String, String)>,
}

/// Finds out what becomes of every branch and tag, and makes the commits of this clone alone again. No ref moves.
///
/// # Errors
/// The new history is not here yet, or git fails.
pub fn follow(repository: &Repository, map: &Map) -> Outcome<Following> {
    let mut following = Following::default();
    let mut replay = Replay { repository, map, done: HashMap::new() };
    let listed =
        repository.git.run(["for-each-ref", "--format=%(objectname) %(symref) %(refname)"])?;
    for line in listed.lines() {
        let mut fields = line.splitn(3, |&byte| byte == b' ');
        let (Some(id), Some(symbolic), Some(name)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        // What a remote has is the next fetch's to say.
        if !symbolic.is_empty() || name.starts_with(b"refs/remotes/") {
            continue;
        }
        let old = ObjectId::from_hex(id).map_err(GitError::read)?;
        let new = match map.get(&old) {
            Some(&Some(new)) => Ok(new),
            Some(None) => Err("the commit it names was left out: delete it".to_owned()),
            None if name == b"refs/stash" && replay.is_on_old(old)? => {
                Err("stashes of the old history: apply them, or drop them".to_owned())
            }
            None => replay.tip(old)?,
        };
        match new {
            Ok(new) if new != old => following.refs.push(Ref {
                name: Name(name.to_vec()),
                new_name: Name(name.to_vec()),
                old: Some(Id(old)),
                new: Some(Id(new)),
                symbolic: None,
                first_changed: Vec::new(),
            }),
            Ok(_) => {}
            Err(why) => {
                let name = crate::sanitise::path(name);
                let branch = name.strip_prefix("refs/heads/").unwrap_or(&name);
                let why = why.replace("BRANCH", branch);
                following.stuck.push((name, why));
            }
        }
    }
    following.replayed = replay.done.iter().filter(|(old, new)| old != new).count() as u64;
    let needed: BTreeSet<_> = following.refs.iter().filter_map(|change| change.new).collect();
    let lines: String = needed.iter().map(|Id(id)| format!("{id}\n")).collect();
    let said = repository.git.run_with_input(["cat-file", "--batch-check"], lines.as_bytes())?;
    if said.contains_str(" missing") {
        return Err(ScrubError::NotFetched);
    }
    Ok(following)
}

/// Old commits of the map that refs still lead to.
///
/// # Errors
/// git fails.
pub fn still_named(repository: &Repository, map: &Map) -> Outcome<Vec<String>> {
    let mut named = Vec::new();
    let listed = repository.git.run(["for-each-ref", "--format=%(refname)"])?;
    for name in listed.lines() {
        let spec = os_line([name, b"\n"].concat());
        let list = ["rev-list", "--ignore-missing"].map(OsStr::new);
        let commits = repository.git.run(list.iter().chain(&[&*spec, OsStr::new("--")]))?;
        let is_old = |line: &[u8]| ObjectId::from_hex(line).is_ok_and(|id| map.contains_key(&id));
        if commits.lines().any(is_old) {
            named.push(crate::sanitise::path(name));
        }
    }
    Ok(named)
}

struct Replay<'a> {
    repository: &'a Repository,
    map: &'a Map,
    /// Commits of this clone alone, each with what it became.
    done: HashMap<ObjectId, ObjectId>,
}

impl Replay<'_> {
    /// The commits that a tip has beyond the old and the new history, parents first; each with its parents.
    fn own(&self, tip: ObjectId) -> Result<Vec<(ObjectId, Vec<ObjectId>)>, GitError> {
        let mut input = format!("{tip}\n").into_bytes();
        for old in self.map.keys() {
            input.extend(format!("^{old}\n").bytes());
        }
        let list = ["--no-replace-objects", "rev-list", "--topo-order", "--reverse", "--parents"];
        let list = list.iter().chain(&["--ignore-missing", "--stdin"]);
        let listed = self.repository.git.run_with_input(list, &input)?;
        let mut own = Vec::new();
        for line in listed.lines() {
            let ids: Result<Vec<_>, _> = line.fields().map(ObjectId::from_hex).collect();
            let mut ids = ids.map_err(GitError::read)?.into_iter();
            own.extend(ids.next().map(|id| (id, ids.collect())));
        }
        Ok(own)
    }

    /// Whether a tip leads to the old history.
    fn is_on_old(&self, tip: ObjectId) -> Result<bool, GitError> {
        let own = self.own(tip)?;
        Ok(own.iter().flat_map(|(_, parents)| parents).any(|parent| self.map.contains_key(parent)))
    }

    /// The new tip, or why there is none.
    fn tip(&mut self, tip: ObjectId) -> Outcome<Result<ObjectId, String>> {
        let peeled = self.repository.git.query([
            "rev-parse",
            "-q",
            "--verify",
            &format!("{tip}^{{commit}}"),
        ])?;
        // A tag of this clone alone, or of a file, stays.
        if peeled.is_none_or(|commit| commit != OsStr::new(&tip.to_string())) {
            return Ok(Ok(tip));
        }
        for (id, parents) in self.own(tip)? {
            if self.done.contains_key(&id) {
                continue;
            }
            let mut new_parents = Vec::new();
            for parent in &parents {
                let new = match (self.done.get(parent), self.map.get(parent)) {
                    (Some(&new), _) | (None, Some(&Some(new))) => new,
                    (None, Some(None)) => return self.rebase(*parent).map(Err),
                    (None, None) => *parent,
                };
                new_parents.push(new);
            }
            let new = match new_parents == parents {
                true => id,
                false => match self.commit(id, parents[0], &new_parents)? {
                    Some(new) => new,
                    None => return self.rebase(parents[0]).map(Err),
                },
            };
            self.done.insert(id, new);
        }
        Ok(Ok(self.done.get(&tip).copied().unwrap_or(tip)))
    }

    /// What to do with commits that do not apply on what has become of `old`, by hand.
    fn rebase(&self, old: ObjectId) -> Outcome<String> {
        let list = ["--no-replace-objects", "rev-list", "--first-parent"];
        let name = old.to_string();
        let before = self.repository.git.run(list.iter().copied().chain([&name[..]]))?;
        let became = |line: &[u8]| {
            let id = ObjectId::from_hex(line).ok()?;
            match self.map.get(&id) {
                Some(new) => *new,
                None => self.done.get(&id).copied().or(Some(id)),
            }
        };
        let old = old.to_hex_with_len(12);
        Ok(match before.lines().find_map(became) {
            Some(new) => {
                let new = new.to_hex_with_len(12);
                format!(
                    "its own commits do not apply automatically: git rebase --onto {new} {old} BRANCH"
                )
            }
            None => format!(
                "its own commits do not apply automatically, and nothing is left of the history before them: git cherry-pick {old}..BRANCH"
            ),
        })
    }

    /// The commit on its new parents; `None` where what it changes does not fit there.
    fn commit(
        &self,
        id: ObjectId,
        parent: ObjectId,
        parents: &[ObjectId],
    ) -> Result<Option<ObjectId>, GitError> {
        let git = &self.repository.git;
        let base = format!("--merge-base={parent}");
        let (ours, theirs) = (parents[0].to_string(), id.to_string());
        let merged = git.query(["merge-tree", "--write-tree", &base, &ours, &theirs]);
        // An older git, which knows no such option, leaves it to a person.
        let Ok(Some(tree)) = merged else { return Ok(None) };
        let commit = git.run(["cat-file", "commit", &theirs])?;
        let head = commit.find(b"\n\n").unwrap_or(commit.len());
        let mut new = [b"tree ", tree.as_encoded_bytes(), b"\n"].concat();
        for parent in parents {
            new.extend(format!("parent {parent}\n").bytes());
        }
        let mut is_left_out = false;
        for line in commit[..head].split_str(b"\n") {
            // A signature is of the old commit, and goes on in lines that begin with a blank.
            let left_out: [&[u8]; 4] = [b"tree ", b"parent ", b"gpgsig ", b"gpgsig-sha256 "];
            is_left_out = match line.starts_with(b" ") {
                true => is_left_out,
                false => left_out.iter().any(|name| line.starts_with(name)),
            };
            if !is_left_out {
                new.extend([line, b"\n"].concat());
            }
        }
        new.extend(&commit[(head + 1).min(commit.len())..]);
        let written = git.run_with_input(["hash-object", "-t", "commit", "-w", "--stdin"], &new)?;
        ObjectId::from_hex(written.trim_ascii_end()).map(Some).map_err(GitError::read)
    }
}

/// The map without what stays, and without what the new history has too.
pub fn map(pairs: Vec<(ObjectId, Option<ObjectId>)>) -> Map {
    let new: HashSet<ObjectId> = pairs.iter().filter_map(|(_, new)| *new).collect();
    pairs.into_iter().filter(|(old, _)| !new.contains(old)).collect()
}
