//! What becomes of each entry of a tree. Versions of a folder have most entries in common, so answers are remembered by name.

use std::collections::HashMap;

use gix::ObjectId;

use super::context::{Context, Treatment};
use crate::scrub::{Changes, EntryKind, Fate, Folder, PolicyId, ScrubError, TextKind};

/// An entry of a tree.
#[derive(Clone, Copy)]
pub(super) struct TreeEntry<'t> {
    /// Its mode as it is written.
    pub(super) mode: &'t [u8],
    pub(super) name: &'t [u8],
    pub(super) id: ObjectId,
}

impl TreeEntry<'_> {
    pub(super) fn is_folder(&self) -> bool {
        is_folder(self.mode)
    }

    fn kind(&self) -> EntryKind {
        match self.mode {
            b"120000" => EntryKind::Symlink,
            b"160000" => EntryKind::Submodule,
            b"100755" => EntryKind::Executable,
            _ => EntryKind::File,
        }
    }
}

pub(super) fn is_folder(mode: &[u8]) -> bool {
    matches!(mode, b"40000" | b"040000")
}

/// The entries of a tree.
pub(super) fn entries(tree: ObjectId, bytes: &[u8]) -> Result<Vec<TreeEntry<'_>>, ScrubError> {
    let len = tree.kind().len_in_bytes();
    let mut entries = Vec::with_capacity(bytes.len() / (len + 16));
    let mut rest = bytes;
    while !rest.is_empty() {
        let entry = || {
            let zero = memchr::memchr(0, rest)?;
            let blank = memchr::memchr(b' ', &rest[..zero])?;
            let id = rest.get(zero + 1..zero + 1 + len)?;
            let id = ObjectId::try_from(id).ok()?;
            let entry = TreeEntry { mode: &rest[..blank], name: &rest[blank + 1..zero], id };
            Some((entry, &rest[zero + 1 + len..]))
        };
        let (entry, after) = entry().ok_or(ScrubError::Damaged(tree))?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// What becomes of an entry, before its content is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Keep,
    Drop,
    Blob(Treatment),
    /// A folder, by what it is for every path.
    Alike(Fate),
    /// A folder, by its path.
    Path,
}

/// One thread's memory of decisions.
pub(super) struct Decider<'c> {
    changes: &'c dyn Changes,
    /// By context, and by name behind one byte for the kind.
    decided: HashMap<Context, HashMap<Vec<u8>, Decision>>,
    names: HashMap<Vec<u8>, Option<Vec<u8>>>,
    key: Vec<u8>,
}

impl<'c> Decider<'c> {
    pub(super) fn new(changes: &'c dyn Changes) -> Self {
        Self { changes, decided: HashMap::new(), names: HashMap::new(), key: Vec::new() }
    }

    /// Decides on an entry of a tree in this context; `folder` is the tree's path.
    pub(super) fn decide(
        &mut self,
        context: Context,
        folder: &[u8],
        entry: &TreeEntry<'_>,
    ) -> Decision {
        let (scope, _) = match context {
            Context::Alike(what) if entry.is_folder() => return alike(what),
            Context::Alike(what) => return content(what, entry.kind()),
            Context::Path(scope, path) => (scope, path),
        };
        self.key.clear();
        self.key.push(if entry.is_folder() { b'/' } else { entry.kind() as u8 });
        self.key.extend_from_slice(entry.name);
        let decided = self.decided.entry(context).or_default();
        if let Some(known) = decided.get(&self.key) {
            return known.clone();
        }
        let path = joined(folder, entry.name);
        let decision = match entry.is_folder() {
            true => match self.changes.folder(scope, &path) {
                Folder::Untouched => Decision::Keep,
                Folder::Alike(what) => alike(what),
                Folder::ByPath => Decision::Path,
            },
            false => content(self.changes.at(scope, &path, entry.kind()), entry.kind()),
        };
        decided.insert(self.key.clone(), decision.clone());
        decision
    }

    /// The new name of a file or folder, `None` where it stays.
    pub(super) fn renamed(&mut self, name: &[u8]) -> Result<Option<&[u8]>, ScrubError> {
        if !self.names.contains_key(name) {
            let new = self.changes.text(TextKind::FileName, name).filter(|new| new != name);
            if new.as_ref().is_some_and(|new| !is_name(new)) {
                return Err(ScrubError::Name("file"));
            }
            self.names.insert(name.to_vec(), new);
        }
        Ok(self.names[name].as_deref())
    }
}

fn alike(what: Fate) -> Decision {
    match what {
        Fate::Drop => Decision::Drop,
        // Names below may change all the same.
        Fate::Keep | Fate::Content(_) => Decision::Alike(what),
    }
}

fn content(what: Fate, kind: EntryKind) -> Decision {
    match (what, kind) {
        (Fate::Drop, _) => Decision::Drop,
        (Fate::Keep, _) | (_, EntryKind::Submodule) => Decision::Keep,
        (Fate::Content(_), EntryKind::Symlink) => Decision::Blob(Treatment::Target),
        (Fate::Content(PolicyId(policy)), EntryKind::File | EntryKind::Executable) => {
            Decision::Blob(Treatment::Policy(PolicyId(policy)))
        }
    }
}

/// Whether git takes a name in a tree (git fsck, "hasDot", "hasDotgit", "fullPathname").
fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && !name.contains(&b'/')
        && !name.contains(&0)
        && name != b"."
        && name != b".."
        && !name.eq_ignore_ascii_case(b".git")
}

/// The path of what is in a folder.
pub(super) fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match folder {
        b"" => name.to_vec(),
        folder => [folder, b"/", name].concat(),
    }
}
