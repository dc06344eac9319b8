//! Bringing refs, indexes and worktrees to where a record says; every step may have been done before.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::error::{Context as _, Outcome, ScrubError};
use super::record::{Head, Name, Record, Ref};
use crate::git::GitError;
use crate::git::command::os_line;
use crate::git::repository::Repository;
use crate::git::stash_log::{self, STASH};
use crate::repo_path;

/// What is in reflogs.
const REASON: &str = "git-shroud scrub";

/// How many refs are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// As they were.
    pub old: usize,
    /// As they should be.
    pub new: usize,
    /// Neither: somebody moved them since.
    pub other: usize,
}

/// Every ref with what it names.
fn refs(repository: &Repository) -> Result<BTreeMap<Vec<u8>, ObjectId>, GitError> {
    let listed = repository.git.run(["for-each-ref", "--format=%(objectname) %(refname)"])?;
    let one = |line: &[u8]| {
        let (id, name) = line.split_once_str(b" ")?;
        Some((name.to_vec(), ObjectId::from_hex(id).ok()?))
    };
    Ok(listed.lines().filter_map(one).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Old,
    New,
    Other,
}

/// The refs as they are, and what a record says of the stash where git keeps refs in a reftable.
struct Refs {
    ids: BTreeMap<Vec<u8>, ObjectId>,
    stashes: Option<Vec<ObjectId>>,
}

impl Refs {
    fn read(repository: &Repository, record: &Record) -> Result<Self, GitError> {
        let log = record.stash_log.as_ref().filter(|_| repository.has_reftable());
        let stashes = log.map(|log| stash_log::stashes(&log.0).collect());
        Ok(Self { ids: refs(repository)?, stashes })
    }

    /// Whether a run was cut off while it made the stash anew.
    fn is_stash_between(&self, change: &Ref) -> bool {
        change.name.0 == STASH.as_bytes()
            && self.stashes.as_ref().is_some_and(|stashes| {
                self.ids.get(STASH.as_bytes()).is_none_or(|id| stashes.contains(id))
            })
    }
}

fn place(refs: &Refs, change: &Ref) -> Where {
    let at = |name: &Name| refs.ids.get(&name.0).copied();
    let (old, new) = (change.old.map(|id| id.0), change.new.map(|id| id.0));
    let moved = change.name != change.new_name;
    let is_old = at(&change.name) == old && (!moved || at(&change.new_name).is_none());
    let is_new = at(&change.new_name) == new && (!moved || at(&change.name).is_none());
    // A ref that only leads to another one is never in the way.
    match (is_new || change.symbolic.is_some(), is_old) {
        (true, _) => Where::New,
        (false, true) => Where::Old,
        (false, false) if refs.is_stash_between(change) => Where::New,
        (false, false) => Where::Other,
    }
}

/// How far a record is carried out.
///
/// # Errors
/// git fails.
pub fn stand(repository: &Repository, record: &Record) -> Outcome<Stand> {
    let refs = Refs::read(repository, record)?;
    let mut stand = Stand::default();
    for change in record.refs.iter().filter(|change| change.symbolic.is_none()) {
        match place(&refs, change) {
            Where::Old => stand.old += 1,
            Where::New => stand.new += 1,
            Where::Other => stand.other += 1,
        }
    }
    Ok(stand)
}

/// Brings all refs, indexes and worktrees to where the record says. A worktree with work in it is refused where nothing of it
/// was done yet; where a run was cut off, only what is neither the old nor the new content counts as work.
///
/// # Errors
/// Somebody moved a ref, or changed a file, since the record was made; or git fails. It can be run again.
pub fn bring(repository: &Repository, record: &Record) -> Outcome {
    move_refs(repository, record)?;
    if let Some(log) = &record.stash_log {
        // It goes with the stash; in a reftable a run that was cut off may have left none.
        let is_there = repository.git.query(["rev-parse", "-q", "--verify", STASH])?.is_some();
        if is_there || repository.has_reftable() {
            stash_log::write(repository, &log.0)?;
        }
    }
    for head in &record.heads {
        bring_head(&head.open(repository)?, head)?;
    }
    Ok(())
}

/// All at once: git takes every lock before it changes any ref (git-update-ref, "--stdin").
fn move_refs(repository: &Repository, record: &Record) -> Outcome {
    let refs = Refs::read(repository, record)?;
    let mut input = Vec::new();
    let mut put = |parts: &[&[u8]]| {
        input.extend(parts.join(&0));
        input.push(0);
    };
    for change in record.refs.iter().filter(|change| change.symbolic.is_none()) {
        match place(&refs, change) {
            Where::New => continue,
            Where::Other => {
                return Err(ScrubError::RefMoved(crate::sanitise::path(&change.name.0)));
            }
            Where::Old => {}
        }
        let id = |id: Option<super::record::Id>| id.map(|id| id.0.to_string().into_bytes());
        let named = |verb: &str, name: &Name| [verb.as_bytes(), b" ", &name.0].concat();
        match (id(change.old), id(change.new)) {
            (Some(old), Some(new)) if change.name == change.new_name => {
                put(&[&named("update", &change.name), &new, &old]);
            }
            (old, new) => {
                if let Some(old) = old {
                    put(&[&named("delete", &change.name), &old]);
                }
                if let Some(new) = new {
                    put(&[&named("create", &change.new_name), &new]);
                }
            }
        }
    }
    if !input.is_empty() {
        let update = ["update-ref", "--no-deref", "-m", REASON, "-z", "--stdin"];
        repository.git.run_with_input(update, &input)?;
    }
    for change in &record.refs {
        let Some((_, new)) = &change.symbolic else { continue };
        let (name, new) = (os(&change.new_name), os(new));
        if change.name != change.new_name {
            repository.git.query([
                OsStr::new("symbolic-ref"),
                "-q".as_ref(),
                "-d".as_ref(),
                &os(&change.name),
            ])?;
        }
        repository.git.run([OsStr::new("symbolic-ref"), &name, &new])?;
    }
    Ok(())
}

fn os(name: &Name) -> OsString {
    os_line([&name.0[..], b"\n"].concat())
}

/// `HEAD`, index and files of one worktree.
fn bring_head(repository: &Repository, head: &Head) -> Outcome {
    let git = &repository.git;
    if let Some((_, new)) = &head.branch {
        let now = git.query(["symbolic-ref", "-q", "HEAD"])?;
        if now.as_deref() != Some(&os(new)) {
            git.run([
                OsStr::new("symbolic-ref"),
                "-m".as_ref(),
                REASON.as_ref(),
                "HEAD".as_ref(),
                &os(new),
            ])?;
        }
    }
    let Some((old, new)) = head.commit else { return Ok(()) };
    let (old, new) = (old.0.to_string(), new.0.to_string());
    if head.branch.is_none() {
        let now = git.query(["rev-parse", "-q", "--verify", "HEAD"])?;
        if now.as_deref() != Some(OsStr::new(&new)) {
            git.run(["update-ref", "--no-deref", "-m", REASON, "HEAD", &new, &old])?;
        }
    }
    let Some(top) = repository.worktree.as_deref() else { return Ok(()) };
    // After a step that was cut off the index is that of one side, and files may be of either.
    let tree = |commit: &str| format!("{commit}^{{tree}}");
    let is = |commit: &str| -> Outcome<bool> {
        let compare =
            ["diff-index", "--cached", "--quiet", "--ignore-submodules", &tree(commit), "--"];
        Ok(git.query(compare)?.is_some())
    };
    if !is(&new)? && !is(&old)? {
        return Err(work(top, "its index holds changes of its own"));
    }
    // What stat alone says is not enough: an unchanged file may have been touched.
    git.query(["update-index", "-q", "--refresh", "--ignore-submodules"])?;
    let changed = git.run(["diff-files", "-z", "--name-only", "--ignore-submodules"])?;
    let mut at_stake: Vec<_> =
        changed.split_str(b"\0").filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
    let added =
        ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", &old, &new];
    let added = git.run(added)?;
    at_stake.extend(added.split_str(b"\0").filter(|path| !path.is_empty()).map(<[u8]>::to_vec));
    refuse_other_content(repository, top, &new, &at_stake)?;
    let checkout = ["read-tree", "--no-recurse-submodules", "--reset", "-u", &tree(&new)];
    git.run(checkout)?;
    Ok(())
}

/// Each of these files must be as the new commit says; one that it adds may also be missing. One run of git lists the commit,
/// one makes the files' ids.
fn refuse_other_content(
    repository: &Repository,
    top: &Path,
    new: &str,
    paths: &[Vec<u8>],
) -> Outcome {
    let is_there = |path: &[u8]| {
        let file = top.join(repo_path::to_native(path)?);
        fs::symlink_metadata(&file).is_ok().then_some(file)
    };
    // What is not there yet cannot be lost.
    let there: BTreeMap<&[u8], _> =
        paths.iter().filter_map(|path| Some((&path[..], is_there(path)?))).collect();
    if there.is_empty() {
        return Ok(());
    }
    let listed = repository.git.run(["ls-tree", "-r", "-z", "--full-tree", new])?;
    // `MODE TYPE ID TAB PATH`.
    let entry = |record: &[u8]| {
        let (told, path) = record.split_once_str(b"\t")?;
        let (path, _) = there.get_key_value(path)?;
        Some((*path, ObjectId::from_hex(told.rsplit(|&byte| byte == b' ').next()?).ok()?))
    };
    let wanted: BTreeMap<&[u8], ObjectId> = listed.split_str(b"\0").filter_map(entry).collect();
    let changed = |path: &[u8]| work(top, &format!("{} is changed", crate::sanitise::path(path)));
    let (mut files, mut input) = (Vec::new(), Vec::new());
    for (path, file) in &there {
        if file.is_symlink() {
            let target = fs::read_link(file).context(|| crate::sanitise::path(path))?;
            let target = repo_path::argument_bytes(target.as_os_str()).unwrap_or_default();
            let hash = repository.gix.object_hash();
            let id = gix::objs::compute_hash(hash, gix::objs::Kind::Blob, target);
            let id = id.map_err(GitError::read)?;
            if wanted.get(path) != Some(&id) {
                return Err(changed(path));
            }
        } else if file.is_file() {
            files.push(*path);
            input.extend(quoted(path));
        } else {
            return Err(changed(path));
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    let hashed = repository.git.run_with_input(["hash-object", "--stdin-paths"], &input)?;
    let ids: Vec<_> = hashed.lines().map(ObjectId::from_hex).collect();
    for (at, path) in files.iter().enumerate() {
        let has = ids.get(at).and_then(|id| id.as_ref().ok());
        if has.is_none() || wanted.get(path) != has {
            return Err(changed(path));
        }
    }
    Ok(())
}

/// A line with a path in quotes, as `git hash-object --stdin-paths` reads it.
fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = b"\"".to_vec();
    for &byte in path {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            0..0x20 | 0x7f => line.extend(format!("\\{byte:03o}").bytes()),
            _ => line.push(byte),
        }
    }
    line.extend(b"\"\n");
    line
}

fn work(top: &Path, what: &str) -> ScrubError {
    ScrubError::Work { top: crate::sanitise::native(top), what: what.to_owned() }
}
