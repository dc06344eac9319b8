//! What there is to say of a file beside the name of its state.

use super::{ByValue, FileStatus, GitCryptState, State, describe_clear};
use crate::error::count;
use crate::git_crypt::Name;
use crate::keyring::KeyName;

impl FileStatus {
    /// The name of the state for people.
    pub fn state_name(&self) -> &'static str {
        match (&self.state, &self.by_value) {
            (State::Sealed { .. }, Some(ByValue::Sealed { .. })) => "sealed by value",
            (state, _) => state.name(),
        }
    }

    /// What is said of a key and its generation in this file.
    fn detail_of_key(&self, key: &KeyName, generation: u32) -> String {
        match &self.by_value {
            Some(ByValue::Sealed { values, to_public, exempt }) => {
                let values = count(*values as u64, "value");
                let without = match to_public {
                    0 => String::new(),
                    some => format!(", {some} set without the key"),
                };
                let exempt = match exempt {
                    0 => String::new(),
                    some => format!(", {some} exempt by now"),
                };
                format!("key {key}, {values}{without}{exempt}, generation {generation}")
            }
            Some(ByValue::Whole(Some(why))) => {
                format!("key {key}, generation {generation}, sealed whole ({why})")
            }
            Some(ByValue::Whole(None)) => {
                format!("key {key}, generation {generation}, sealed whole")
            }
            _ => format!("key {key}, generation {generation}"),
        }
    }

    /// What is said of plaintext in this file.
    fn detail_of_plaintext(&self) -> Option<String> {
        match self.by_value.as_ref()? {
            ByValue::Clear { lines, values } => Some(describe_clear(lines, *values)),
            ByValue::Unread(why) => Some(why.clone()),
            _ => None,
        }
    }
}

impl FileStatus {
    /// What the name of the state does not say, for people.
    pub fn detail(&self) -> Option<String> {
        match &self.state {
            State::Sealed { key, generation } | State::Retired { key, generation } => {
                Some(self.detail_of_key(key, *generation))
            }
            State::Undescribed { key, generation, .. } => Some(format!(
                "key {key}, generation {generation}, which .shroud/ does not describe here"
            )),
            State::OtherKey { key, wanted } => {
                Some(format!("sealed with key {key}, but its attribute says {wanted}"))
            }
            State::UnknownKey(id) | State::NotTracked(id) => Some(format!("key id {id}")),
            State::Damaged(why)
            | State::Newer(why)
            | State::Conversion(why)
            | State::Conflict(why)
            | State::BadKeyName(why) => Some(why.clone()),
            State::OfGitCrypt(state) => detail_of_git_crypt(state, self.git_crypt.as_ref()?),
            State::NotHere(file) => Some(format!("{file} is not in this clone")),
            State::PlaintextInHead | State::PlaintextInIndex => self.detail_of_plaintext(),
            State::Empty | State::GitCrypt | State::Unmerged | State::Missing => None,
        }
    }
}

fn detail_of_git_crypt(state: &GitCryptState, name: &Name) -> Option<String> {
    Some(match state {
        GitCryptState::Encrypted { opened: true } => format!("git-crypt key {name}"),
        GitCryptState::Encrypted { opened: false } => {
            format!("git-crypt key {name}, not held here")
        }
        GitCryptState::Twice => format!("git-crypt key {name}; its content is encrypted again"),
        GitCryptState::Damaged => {
            format!("git-crypt key {name} opens other files but not this one: it was changed")
        }
        GitCryptState::WrongKey => {
            format!("the held git-crypt key {name} opens no file here: it is the wrong key")
        }
        GitCryptState::OtherKey(key) => {
            format!("encrypted with git-crypt key {key}, but its attribute says {name}")
        }
        GitCryptState::Plaintext { .. } | GitCryptState::BadName => return None,
    })
}
