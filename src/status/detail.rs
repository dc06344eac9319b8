//! What there is to say of a file beside the name of its state.

use super::{FileStatus, GitCryptState, State};
use crate::git_crypt::Name;

impl FileStatus {
    /// What the name of the state does not say, for people.
    pub fn detail(&self) -> Option<String> {
        match &self.state {
            State::Sealed { key, generation } | State::Retired { key, generation } => {
                Some(format!("key {key}, generation {generation}"))
            }
            State::Undescribed { key, generation, .. } => Some(format!(
                "key {key}, generation {generation}, which .shroud/ does not describe here"
            )),
            State::OtherKey { key, wanted } => {
                Some(format!("sealed with key {key}, but its attribute says {wanted}"))
            }
            State::UnknownKey(id) | State::NotTracked(id) => Some(format!("key id {id}")),
            State::Damaged(why)
            | State::Conversion(why)
            | State::Conflict(why)
            | State::BadKeyName(why) => Some(why.clone()),
            State::OfGitCrypt(state) => detail_of_git_crypt(state, self.git_crypt.as_ref()?),
            State::NotHere(file) => Some(format!("{file} is not in this clone")),
            State::Empty
            | State::PlaintextInHead
            | State::PlaintextInIndex
            | State::GitCrypt
            | State::Unmerged
            | State::Missing => None,
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
