//! What a filter remembers of values that were set without the key, and of the files that hold them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use crate::fs::identity::{Identity, identity};
use crate::git::locate::Location;
use crate::store::received::{self, Received};
use crate::values::Place;

/// What this clone remembers; read once.
#[derive(Default)]
pub(super) struct Memory {
    /// `None` before it was read.
    read: Option<Option<Received>>,
    /// The blob that was opened last, if it matters at its path.
    pub(super) opened_last: Option<ObjectId>,
    /// What was opened for git, and may have become the file at its path.
    smudged: HashMap<Vec<u8>, Smudged>,
    /// What its user should know.
    warning: Option<String>,
}

/// What was opened for git. git asks for that also to show a version, or to pack it; a file that it checks out it writes after it was asked.
struct Smudged {
    /// The file that was there.
    before: Option<Identity>,
    /// What was opened; `None` where it is of no file in which this matters.
    blob: Option<String>,
    /// What the file that was there before was checked out from.
    previous: Option<String>,
}

impl Memory {
    fn read(&mut self, common_dir: &Path) -> &mut Option<Received> {
        self.read.get_or_insert_with(|| Received::load(common_dir))
    }

    pub(super) fn get(&mut self, common_dir: &Path) -> Option<&Received> {
        self.read(common_dir).as_ref()
    }

    /// Remembers values that are opened at a path, and says whether any was ever opened there.
    pub(super) fn receive(
        &mut self,
        common_dir: &Path,
        path: &[u8],
        values: &[(Place, String)],
    ) -> bool {
        let received = self.read(common_dir);
        let mut remembered = Ok(false);
        if !values.is_empty() {
            let values = values.iter().map(|(place, token)| (place.names(), token.as_str()));
            remembered = Received::remember(received, common_dir, path, values);
        }
        let is_known = received.as_ref().is_some_and(|received| received.knows_path(path));
        let warning = match remembered {
            Ok(false) => None,
            Ok(true) => Some(received::FULL.to_owned()),
            Err(error) => Some(received::not_remembered(&error)),
        };
        self.warning = self.warning.take().or(warning);
        is_known
    }

    /// Remembers that the file at a path may become the blob that was opened last, or one that does not matter.
    pub(super) fn smudged(&mut self, location: &Location, path: &[u8]) {
        let blob = self.opened_last.take().map(|id| id.to_string());
        let Some(file) = file(location, path) else { return };
        if !self.knows_path(&location.common_dir, path) {
            return;
        }
        self.settle(location, path);
        let previous = self.read(&location.common_dir).as_ref();
        let previous = previous.and_then(|all| all.origin(&location.git_dir, path, None));
        let (previous, before) = (previous.map(str::to_owned), identity(&file));
        // As git removes what it replaces first. This run may be over before git writes.
        if before.is_none() {
            self.set_origin(location, path, blob.as_deref(), 0);
        }
        self.smudged.insert(path.to_vec(), Smudged { before, blob, previous });
    }

    /// Remembers the files that git has written by now.
    pub(super) fn served(&mut self, location: &Location) {
        let paths: Vec<Vec<u8>> = self.smudged.keys().cloned().collect();
        paths.iter().for_each(|path| self.settle(location, path));
    }

    fn settle(&mut self, location: &Location, path: &[u8]) {
        let Some(Smudged { before, blob, previous }) = self.smudged.remove(path) else { return };
        match file(location, path).and_then(|file| identity(&file)) {
            // It was shown, and is still gone.
            None if before.is_none() => self.set_origin(location, path, previous.as_deref(), 0),
            Some(now) if Some(&now) != before.as_ref() => {
                self.set_origin(location, path, blob.as_deref(), now.written());
            }
            _ => {}
        }
    }

    fn set_origin(&mut self, location: &Location, path: &[u8], blob: Option<&str>, written: u128) {
        if let Some(received) = self.read(&location.common_dir).as_mut() {
            let _ = received.set_origin(&location.git_dir, path, blob, written);
        }
    }

    pub(super) fn knows_path(&mut self, common_dir: &Path, path: &[u8]) -> bool {
        self.read(common_dir).as_ref().is_some_and(|received| received.knows_path(path))
    }

    /// The blob that the file at a path was checked out from.
    pub(super) fn origin(&mut self, location: &Location, path: &[u8]) -> Option<String> {
        self.settle(location, path);
        let now = file(location, path).and_then(|file| identity(&file));
        let received = self.read(&location.common_dir).as_ref()?;
        let blob = received.origin(&location.git_dir, path, now.map(|now| now.written()))?;
        Some(blob.to_owned())
    }

    /// What its user should know, once.
    pub(super) fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }
}

fn file(location: &Location, path: &[u8]) -> Option<PathBuf> {
    let native = crate::repo_path::to_native(path)?;
    Some(location.worktree.as_ref()?.join(native)).filter(|_| !path.is_empty())
}
