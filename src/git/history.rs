//! Which commits a range, a push or all refs hold: git itself knows every way to name them (git-rev-list).

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::GitError;
use super::raw::{Record, records};
use super::repository::Repository;

/// Bytes of the file that names where a shallow clone ends, at most.
const MAX_SHALLOW: usize = 64 << 20;
/// Parents before children, and no replacement that somebody could have pushed.
const LIST: [&str; 5] =
    ["--no-replace-objects", "rev-list", "--parents", "--topo-order", "--reverse"];

/// `git log` without what the user's own settings, or a replacement that somebody could have pushed, would hide or add.
pub const PLAIN_LOG: [&str; 8] = [
    "--no-replace-objects",
    "-c",
    "log.diffMerges=separate",
    "-c",
    "log.showSignature=false",
    "-c",
    "log.showRoot=true",
    "log",
];

/// [`PLAIN_LOG`] with each change against each parent, in the form that [`super::raw`] reads.
pub const RAW_LOG: [&str; 14] = [
    PLAIN_LOG[0],
    PLAIN_LOG[1],
    PLAIN_LOG[2],
    PLAIN_LOG[3],
    PLAIN_LOG[4],
    PLAIN_LOG[5],
    PLAIN_LOG[6],
    PLAIN_LOG[7],
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "-m",
    "-z",
    "--full-history",
];

/// A commit with its parents, none where a shallow clone ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Their ids.
    pub parents: Vec<ObjectId>,
}

/// One line that git gives a hook: a ref is to lead from one object to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// What the ref led to; null where it is new.
    pub old: ObjectId,
    /// What it is to lead to; null where it is deleted.
    pub new: ObjectId,
}

/// The commits that these revisions name, as `git log` takes them; parents before their children.
///
/// # Errors
/// A revision names nothing.
pub fn in_range(repository: &Repository, revisions: &[OsString]) -> Result<Vec<Commit>, GitError> {
    let fixed = LIST.iter().chain(&["--end-of-options"]).map(OsString::from);
    let arguments = fixed.chain(revisions.iter().cloned()).chain(["--".into()]);
    parse(&repository.git.run(arguments)?)
}

/// The commits that any ref or `HEAD` leads to.
///
/// # Errors
/// git fails.
pub fn everywhere(repository: &Repository) -> Result<Vec<Commit>, GitError> {
    parse(&repository.git.run(LIST.iter().chain(&["--all"]))?)
}

/// The commits that any ref, `HEAD` or reflog leads to.
///
/// # Errors
/// git fails.
pub fn kept(repository: &Repository) -> Result<Vec<Commit>, GitError> {
    parse(&repository.git.run(LIST.iter().chain(&["--all", "--reflog"]))?)
}

/// What every ref leads to, each once.
///
/// # Errors
/// git fails.
pub fn ref_targets(repository: &Repository) -> Result<Vec<ObjectId>, GitError> {
    let listed = repository.git.run(["for-each-ref", "--format=%(objectname)"])?;
    let mut ids: Vec<_> = listed.lines().map(id).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The commits that these lead to and no ref does.
///
/// # Errors
/// git fails, as where an object is missing.
pub fn new_to_refs(repository: &Repository, tips: &[ObjectId]) -> Result<Vec<Commit>, GitError> {
    excluding(repository, tips, &[], "--all")
}

/// The commits that these lead to, and neither what the remote has by its own word (`known`) nor its tracking refs do.
///
/// # Errors
/// git fails.
pub fn new_to_remote(
    repository: &Repository,
    tips: &[ObjectId],
    known: &[ObjectId],
    remote: &str,
) -> Result<Vec<Commit>, GitError> {
    excluding(repository, tips, known, &format!("--remotes={remote}"))
}

fn excluding(
    repository: &Repository,
    tips: &[ObjectId],
    known: &[ObjectId],
    refs: &str,
) -> Result<Vec<Commit>, GitError> {
    if tips.is_empty() {
        return Ok(Vec::new());
    }
    let tips = tips.iter().map(|id| format!("{id}\n"));
    let lines: String = tips.chain(known.iter().map(|id| format!("^{id}\n"))).collect();
    // '--not' behind '--stdin', as what was before it would turn round in older versions.
    let arguments = [&LIST[..], &["--stdin", "--not", refs]].concat();
    parse(&repository.git.run_with_input(arguments, lines.as_bytes())?)
}

/// The commits reachable from these that changed anything below a path.
///
/// # Errors
/// git fails.
pub fn that_changed(
    repository: &Repository,
    tips: &[ObjectId],
    path: &str,
) -> Result<Vec<Commit>, GitError> {
    if tips.is_empty() {
        return Ok(Vec::new());
    }
    let lines: String = tips.iter().map(|id| format!("{id}\n")).collect();
    // Without '--full-history' git follows one side of a merge alone.
    let arguments = [&LIST[..], &["--full-history", "--stdin", "--", path]].concat();
    parse(&repository.git.run_with_input(arguments, lines.as_bytes())?)
}

/// A version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// Its blob; `None` where the commit took the file away.
    pub blob: Option<ObjectId>,
}

/// The versions of a file that `HEAD` and its first parents brought, the newest first: what came by a merge is of the merge.
///
/// # Errors
/// git fails.
pub fn versions(repository: &Repository, path: &[u8]) -> Result<Vec<Version>, GitError> {
    let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
    let Some(native) = head.and_then(|_| crate::repo_path::to_native(path)) else {
        return Ok(Vec::new());
    };
    let mut literal = OsString::from(":(top,literal)");
    literal.push(native);
    let fixed = ["-c", "log.follow=false"].iter().chain(&PLAIN_LOG);
    let wanted =
        ["--first-parent", "-m", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=%x01%ct"];
    let arguments = fixed.chain(&wanted).chain(&["--"]).map(OsString::from).chain([literal]);
    let listed = repository.git.run(arguments)?;
    let wrong = || GitError::read("git listed a version in an unknown form");
    let mut versions = Vec::new();
    let mut time = 0;
    for record in records(&listed) {
        match record? {
            Record::Commit(text) => {
                let text = std::str::from_utf8(text).map_err(|_| wrong())?;
                time = text.trim().parse().map_err(|_| wrong())?;
            }
            Record::Change(change) => versions.push(Version { time, blob: change.after.id() }),
        }
    }
    Ok(versions)
}

/// The commits whose parents a shallow clone does not have.
///
/// # Errors
/// The list cannot be read.
pub fn shallow_boundary(repository: &Repository) -> Result<HashSet<ObjectId>, GitError> {
    let path = repository.common_dir().join("shallow");
    if !fs::exists(&path)? {
        return Ok(HashSet::new());
    }
    crate::fs::read_bounded(&path, MAX_SHALLOW)?.lines().map(id).collect()
}

/// `HEAD`, and what is being merged into it: the parents of the next commit.
///
/// While it asks the hook pre-merge-commit, git has not written `MERGE_HEAD` yet, and names what it merges by variables
/// such as `GITHEAD_0123abcd…` (git-merge-recursive).
///
/// # Errors
/// git fails.
pub fn next_parents(repository: &Repository) -> Result<Vec<ObjectId>, GitError> {
    let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])?;
    let Some(head) = head else { return Ok(Vec::new()) };
    let mut parents = vec![id(head.as_encoded_bytes())?];
    let merged = repository.gix.git_dir().join("MERGE_HEAD");
    if fs::exists(&merged)? {
        for line in crate::fs::read_bounded(&merged, MAX_SHALLOW)?.lines() {
            parents.push(id(line)?);
        }
    }
    if parents.len() == 1 {
        parents.extend(std::env::vars_os().filter_map(|(name, _)| {
            ObjectId::from_hex(name.to_str()?.strip_prefix("GITHEAD_")?.as_bytes()).ok()
        }));
    }
    Ok(parents)
}

/// The index as a tree, as the next commit will hold it. git writes what of it is not stored yet.
///
/// # Errors
/// A path has a conflict, or the repository cannot be written.
pub fn index_tree(repository: &Repository) -> Result<ObjectId, GitError> {
    id(repository.git.run(["write-tree", "--missing-ok"])?.trim_ascii())
}

/// Reads the lines `OLD NEW` that git gives a post-rewrite hook (githooks): the new commits, in the order in which they
/// were made.
///
/// # Errors
/// A line is none of these.
pub fn rewritten(lines: &[u8]) -> Result<Vec<ObjectId>, GitError> {
    let updates = updates(lines, |fields| match fields {
        [old, new, ..] => Some((*old, *new)),
        _ => None,
    })?;
    let mut seen = HashSet::new();
    Ok(updates.into_iter().map(|update| update.new).filter(|id| seen.insert(*id)).collect())
}

/// These commits and no others, in this order.
///
/// # Errors
/// git fails, as where one is missing.
pub fn these(repository: &Repository, ids: &[ObjectId]) -> Result<Vec<Commit>, GitError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let list = ["--no-replace-objects", "rev-list", "--parents", "--no-walk=unsorted", "--stdin"];
    parse(&repository.git.run_with_input(list, lines.as_bytes())?)
}

/// Reads the lines `OLD NEW REF` that git gives a pre-receive hook (githooks).
///
/// # Errors
/// A line is none of these.
pub fn received(lines: &[u8]) -> Result<Vec<RefUpdate>, GitError> {
    updates(lines, |fields| match fields {
        [old, new, _, ..] => Some((*old, *new)),
        _ => None,
    })
}

/// Reads the lines `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID` that git gives a pre-push hook (githooks).
///
/// # Errors
/// A line is none of these.
pub fn pushed(lines: &[u8]) -> Result<Vec<RefUpdate>, GitError> {
    updates(lines, |fields| match fields {
        // What is before may be an expression with blanks.
        [.., new, _, old] if fields.len() >= 4 => Some((*old, *new)),
        _ => None,
    })
}

fn updates<'l>(
    lines: &'l [u8],
    pick: impl Fn(&[&'l [u8]]) -> Option<(&'l [u8], &'l [u8])>,
) -> Result<Vec<RefUpdate>, GitError> {
    let lines = lines.lines().filter(|line| !line.is_empty());
    let update = |line: &'l [u8]| {
        let fields: Vec<_> = line.split(|&byte| byte == b' ').collect();
        let (old, new) = pick(&fields)?;
        Some(RefUpdate { old: id(old).ok()?, new: id(new).ok()? })
    };
    let wrong = || GitError::Read("standard input is not what git passes to this hook".to_owned());
    lines.map(|line| update(line).ok_or_else(wrong)).collect()
}

fn parse(listed: &[u8]) -> Result<Vec<Commit>, GitError> {
    let commit = |line: &[u8]| {
        let mut ids = line.fields().map(id);
        let first = ids.next().unwrap_or_else(|| Err(GitError::read("git listed no commit")))?;
        Ok(Commit { id: first, parents: ids.collect::<Result<_, _>>()? })
    };
    listed.lines().map(commit).collect()
}

fn id(hex: &[u8]) -> Result<ObjectId, GitError> {
    ObjectId::from_hex(hex).map_err(GitError::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_hooks_are_read_and_others_refused() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let expected = [RefUpdate {
            old: ObjectId::from_hex(one.as_bytes()).unwrap(),
            new: ObjectId::from_hex(two.as_bytes()).unwrap(),
        }];
        let line = format!("{one} {two} refs/heads/main\n");
        assert_eq!(received(line.as_bytes()).unwrap(), expected);
        let line = format!("HEAD@{{1 day ago}} {two} refs/heads/main {one}\n\n");
        assert_eq!(pushed(line.as_bytes()).unwrap(), expected);
        assert!(received(b"").unwrap().is_empty());
        for wrong in ["x\n", &format!("{one} {two}\n"), &format!("{one} zz ref\n")] {
            assert!(received(wrong.as_bytes()).is_err(), "{wrong}");
            assert!(pushed(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
