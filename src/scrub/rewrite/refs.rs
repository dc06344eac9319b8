//! Refs and the stash's reflog: what they name, and what they are to name.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::headers::person;
use crate::git::GitError;
use crate::git::repository::Repository;
use crate::git::stash_log;
use crate::scrub::{Changes, ScrubError, TextKind};

/// Refs that hold notes.
const NOTES: &[u8] = b"refs/notes/";
/// Refs whose names hold the id of the object that they replace.
const REPLACE: &[u8] = b"refs/replace/";
/// A ref as it is.
pub(super) struct Ref {
    pub(super) name: Vec<u8>,
    pub(super) id: ObjectId,
    /// What a symbolic one leads to.
    pub(super) symbolic: Option<Vec<u8>>,
}

impl Ref {
    pub(super) fn is_of_notes(&self) -> bool {
        self.name.starts_with(NOTES)
    }

    /// The object that a ref replaces.
    pub(super) fn replaces(&self) -> Option<ObjectId> {
        ObjectId::from_hex(self.name.strip_prefix(REPLACE)?).ok()
    }
}

/// Refuses what makes git see another history than that which is stored.
pub(super) fn refuse_views(repository: &Repository) -> Result<(), ScrubError> {
    let there = |name: &str| {
        let metadata = std::fs::metadata(repository.common_dir().join(name));
        metadata.is_ok_and(|metadata| metadata.len() > 0)
    };
    if there("info/grafts") {
        return Err(ScrubError::Grafts);
    }
    if there("shallow") { Err(ScrubError::Shallow) } else { Ok(()) }
}

/// All refs, and `HEAD` where it is detached; sorted by name.
pub(super) fn all(repository: &Repository) -> Result<Vec<Ref>, ScrubError> {
    let format = "--format=%(objectname) %(refname) %(symref)";
    let listed = repository.git.run(["for-each-ref", format])?;
    let mut refs = Vec::new();
    for line in listed.lines() {
        let mut fields = line.splitn(3, |&byte| byte == b' ');
        let (Some(id), Some(name)) = (fields.next(), fields.next()) else { continue };
        let symbolic = fields.next().filter(|target| !target.is_empty());
        refs.push(Ref {
            name: name.to_vec(),
            id: ObjectId::from_hex(id).map_err(GitError::read)?,
            symbolic: symbolic.map(<[u8]>::to_vec),
        });
    }
    if repository.git.query(["symbolic-ref", "-q", "HEAD"])?.is_none() {
        let head = repository.git.query(["rev-parse", "-q", "--verify", "HEAD"])?;
        if let Some(head) = head {
            let id = ObjectId::from_hex(head.as_encoded_bytes()).map_err(GitError::read)?;
            refs.push(Ref { name: b"HEAD".to_vec(), id, symbolic: None });
        }
    }
    refs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(refs)
}

/// Commits that reflogs lead to and no ref does.
pub(super) fn only_in_reflogs(repository: &Repository) -> Result<Vec<ObjectId>, ScrubError> {
    let list = ["--no-replace-objects", "rev-list", "--reflog", "--not", "--all"];
    let listed = repository.git.run(list)?;
    let ids = listed.lines().map(|id| ObjectId::from_hex(id).map_err(GitError::read));
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The new name of a ref.
pub(super) fn renamed(changes: &dyn Changes, name: &[u8]) -> Result<Vec<u8>, ScrubError> {
    if name == b"HEAD" {
        return Ok(name.to_vec());
    }
    match changes.text(TextKind::RefName, name) {
        Some(new)
            if !new.starts_with(b"refs/")
                || gix::validate::reference::name(new.as_bstr()).is_err() =>
        {
            Err(ScrubError::Name("ref"))
        }
        Some(new) => Ok(new),
        None => Ok(name.to_vec()),
    }
}

/// Refuses two refs of one name.
pub(super) fn refuse_same<'r>(names: impl Iterator<Item = &'r [u8]>) -> Result<(), ScrubError> {
    let mut known = HashSet::new();
    for name in names {
        if !known.insert(name) {
            return Err(ScrubError::SameRef(crate::sanitise::line(&name.to_str_lossy())));
        }
    }
    Ok(())
}

/// The stash's reflog, in which all stashes but the latest stand.
pub(super) struct StashLog {
    lines: Vec<Vec<u8>>,
    digits: usize,
}

impl StashLog {
    pub(super) fn read(repository: &Repository) -> Result<Self, ScrubError> {
        let digits = repository.gix.object_hash().len_in_hex();
        let text = stash_log::read(repository)?;
        Ok(Self { lines: text.lines().map(<[u8]>::to_vec).collect(), digits })
    }

    /// The stashes, the latest last.
    pub(super) fn stashes(&self) -> Vec<ObjectId> {
        self.lines.iter().filter_map(|line| self.id(line)).collect()
    }

    /// What a line says the ref came to: `OLD NEW NAME <MAIL> TIME ZONE TAB MESSAGE`.
    fn id(&self, line: &[u8]) -> Option<ObjectId> {
        ObjectId::from_hex(line.get(self.digits + 1..2 * self.digits + 1)?).ok()
    }

    /// The log of the new stashes, `None` where it stays. Each line names that before it, as after `git stash drop`: else the
    /// log would hold old objects back.
    pub(super) fn rewritten(
        &self,
        changes: &dyn Changes,
        new: impl Fn(ObjectId) -> Option<ObjectId>,
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let mut log = Vec::new();
        let mut same = true;
        let mut before: Option<ObjectId> = None;
        for line in &self.lines {
            let Some(id) = self.id(line) else { continue };
            let Some(new) = new(id) else {
                same = false;
                continue;
            };
            let rest = &line[2 * self.digits + 1..];
            let tab = memchr::memchr(b'\t', rest).unwrap_or(rest.len());
            let (who, message) = rest.split_at(tab);
            let who = who.strip_prefix(b" ").unwrap_or(who);
            let changed = person(who, changes)?.filter(|changed| changed != who);
            let message = message.strip_prefix(b"\t").unwrap_or(message);
            let told = match message {
                [] => None,
                message => changes.text(TextKind::Reflog, message),
            };
            let told = told.map(|told| told.replace("\n", " ")).filter(|told| told != message);
            same &= new == id && changed.is_none() && told.is_none();
            let null = ObjectId::null(id.kind());
            log.extend_from_slice(format!("{} {new} ", before.unwrap_or(null)).as_bytes());
            log.extend_from_slice(changed.as_deref().unwrap_or(who));
            log.push(b'\t');
            log.extend_from_slice(told.as_deref().unwrap_or(message));
            log.push(b'\n');
            before = Some(new);
        }
        Ok((!same).then_some(log))
    }
}
