//! One file of the index.

use gix::ObjectId;

use super::State;
use super::by_value::ByValue;
use crate::format::Form;
use crate::git::worktree::IndexedFile;
use crate::git_crypt::Name;
use crate::keyring::KeyName;

/// One file and how it stands.
#[derive(Clone, Debug)]
pub struct FileStatus {
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// How it stands.
    pub state: State,
    /// The key that its attribute says; `default` where it says none.
    pub key: KeyName,
    /// The key of git-crypt that its attribute says.
    pub git_crypt: Option<Name>,
    /// The blob in the index.
    pub id: ObjectId,
    /// Whether its mode is 100755.
    pub executable: bool,
    /// How it is laid out, where that is known: the key is held.
    pub form: Option<Form>,
    /// Whether it is laid out otherwise than this version, or its attributes, would have it. That is no fault.
    pub is_of_another_form: bool,
    /// What is so of its values, where it is sealed by value or should be.
    pub by_value: Option<ByValue>,
    /// Whether its attributes ask for records, in which git finds what two versions have in common.
    pub wants_delta: bool,
}

impl FileStatus {
    pub(super) fn new(entry: &IndexedFile, state: State, key: KeyName) -> Self {
        Self {
            path: entry.path.clone(),
            state,
            key,
            git_crypt: None,
            id: entry.id,
            executable: entry.executable,
            form: None,
            is_of_another_form: false,
            by_value: None,
            wants_delta: false,
        }
    }

    /// Whether sealing the blob again gives it the form that its attributes ask for.
    pub fn can_change_form(&self) -> bool {
        self.is_of_another_form && matches!(self.state, State::Sealed { .. })
    }

    /// Whether values in it are sealed whose names are exempt by now.
    pub fn can_open_values(&self) -> bool {
        let has_exempt = matches!(self.by_value, Some(ByValue::Sealed { exempt: 1.., .. }));
        has_exempt && matches!(self.state, State::Sealed { .. })
    }
}
