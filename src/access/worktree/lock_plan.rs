//! What a lock should do with the files of a worktree.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::KeyId;
use crate::git::attributes::PathAttributes;
use crate::git_crypt::Name;
use crate::keyring::{KeyName, Keyring};

/// Which keys should be given up, and what becomes of files with local changes.
pub struct LockPlan {
    /// Files of these keys are sealed; those of other keys stay open.
    pub names: BTreeSet<KeyName>,
    /// Files of these keys of git-crypt are encrypted.
    pub git_crypt: BTreeSet<Name>,
    /// Whether that should be all; files of keys that are not held are then this lock's as well.
    pub everything: bool,
    /// What becomes of changes that the index does not have.
    pub changes: Changes,
    /// What changes are sealed with: by its name, the key that seals here.
    pub sealing: BTreeMap<KeyName, KeyId>,
}

impl LockPlan {
    /// Whether a path is this lock's by its attributes.
    pub(super) fn concerns(&self, keyring: &Keyring, attributes: &PathAttributes) -> bool {
        let Ok(name) = &attributes.key else { return self.everything };
        self.names.contains(name) || self.everything && keyring.current(name).is_none()
    }
}

/// What a lock does with changes that the index does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// It leaves them, and says so.
    Keep,
    /// It seals them as they are.
    Seal,
    /// It puts back what the index names.
    Discard,
}
