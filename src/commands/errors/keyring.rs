//! Errors of the local keyring, and of the places where it can lie.

use crate::error::CommandError;
use crate::keyring::TextError;
use crate::store::agent::AgentError;
use crate::store::keychain::KeychainError;
use crate::store::local::StoreError;
use crate::store::place::PlaceError;
use crate::store::unreadable::REMEDY;

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            StoreError::Text { source: TextError::GitCrypt, .. } => {
                wrong.hint("'git shroud unlock FILE' reads git-crypt's key files")
            }
            StoreError::Text { source: TextError::Base64, .. } => {
                wrong.hint("GIT_SHROUD_KEY holds the text of a key file, or only its token")
            }
            StoreError::Text { .. } => {
                wrong.hint("get the key file again from the person who exported it")
            }
            StoreError::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                wrong.hint(REMEDY)
            }
            StoreError::Io(_) => wrong,
            StoreError::Place(error) => error.into(),
            StoreError::Agent(error) => error.into(),
            StoreError::Keychain(error) => error.into(),
            StoreError::Elsewhere { held, .. } => wrong
                .hint("move them there: git shroud unlock")
                .hint(format!("or leave them where they are: git config shroud.keyring {}", held.name())),
            StoreError::OnlyInAgent(_) => Self::refused(wrong.message())
                .hint("git config shroud.keyring file")
                .hint("then make the key, and a copy: git shroud key export -o FILE; or git shroud member add YOUR-KEY")
                .hint("then set it back, and 'git shroud unlock' moves the key"),
            StoreError::Differ { .. } => wrong
                .hint("'git shroud agent --stop' wipes those of the agent; the key file is .git/git-shroud/keyring"),
            StoreError::NoTime(_) => wrong.hint("git config shroud.keyring agent"),
        }
    }
}

impl From<PlaceError> for CommandError {
    fn from(error: PlaceError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            PlaceError::Unknown(_) => wrong
                .hint("the usual place: git config shroud.keyring file")
                .hint("see who set it: git config --show-origin --get-all shroud.keyring"),
            PlaceError::CommandLine => wrong.hint("git config shroud.keyring PLACE"),
            PlaceError::Config(_) => wrong.hint("git config --list --show-origin"),
            PlaceError::Mark(_) => wrong.hint("remove it, then run 'git shroud unlock'"),
            PlaceError::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                wrong.hint(REMEDY)
            }
            PlaceError::Io(_) => wrong,
        }
    }
}

impl From<AgentError> for CommandError {
    fn from(error: AgentError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            AgentError::Unsupported => wrong.hint("git config shroud.keyring keychain"),
            AgentError::Folder(_) => {
                wrong.hint("remove it; or set XDG_RUNTIME_DIR to a folder that is yours alone")
            }
            AgentError::Hung | AgentError::Version | AgentError::Damaged => {
                wrong.hint("end the process 'git-shroud agent', then run 'git shroud unlock'")
            }
            AgentError::Full => wrong.hint("git shroud agent --stop"),
            AgentError::Running => wrong.hint("git shroud agent --list"),
            AgentError::Stranger | AgentError::Start(_) | AgentError::Io(_) => wrong,
        }
    }
}

impl From<KeychainError> for CommandError {
    fn from(error: KeychainError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            KeychainError::Absent(_) => wrong
                .hint("run it in your desktop session; or keep the keys elsewhere: git config shroud.keyring file, or agent"),
            KeychainError::Locked | KeychainError::Hung => {
                wrong.hint("open the keychain of your desktop, and try again")
            }
            KeychainError::TooLong(_) => wrong.hint("git config shroud.keyring file"),
            KeychainError::Failed(_) => wrong,
        }
    }
}
