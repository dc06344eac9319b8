//! Which keys opened files, and which files another key should have sealed.

use std::collections::BTreeMap;

use crate::clone::Roster;
use crate::filter::Files;
use crate::format::KeyId;
use crate::git::repository::Repository;
use crate::keyring::{KeyName, Keyring};

/// Files that were opened, by the key that sealed them and the one that their attribute names.
#[derive(Debug, Default)]
pub(super) struct OpenedWith(BTreeMap<(KeyId, KeyName), Files>);

impl OpenedWith {
    pub(super) fn note(&mut self, id: KeyId, wanted: &KeyName, path: &[u8]) {
        self.0.entry((id, wanted.clone())).or_default().note(path);
    }

    pub(super) fn absorb(&mut self, other: Self) {
        for (key, files) in other.0 {
            self.0.entry(key).or_default().absorb(files);
        }
    }

    /// The files that are sealed with an earlier generation than this worktree describes, and those that are sealed with a
    /// key of another name than their attribute says: as the summary of a checkout counts them.
    pub(super) fn judge(self, repository: &Repository, keyring: &Keyring) -> (Files, Files) {
        let (mut retired, mut of_other_key) = (Files::default(), Files::default());
        let held = |id: KeyId| keyring.by_id(id).map_or(0, |held| held.generation);
        let is_newest = |id: KeyId, wanted: &KeyName| {
            keyring.current(wanted).is_some_and(|current| current.key.id() == id)
        };
        if self.0.keys().all(|(id, wanted)| is_newest(*id, wanted)) {
            return (retired, of_other_key);
        }
        // What cannot be read has been named before.
        let roster = Roster::read(repository).unwrap_or_default();
        for ((id, wanted), files) in self.0 {
            let described = roster.infos.get(&wanted);
            if keyring.of_other_name(id, &wanted).is_some() {
                of_other_key.absorb(files);
            } else if described.is_some_and(|info| info.id != id && info.generation > held(id)) {
                retired.absorb(files);
            }
        }
        (retired, of_other_key)
    }
}
