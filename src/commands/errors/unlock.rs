//! The errors of an unlock, and of keys that are given.

use crate::access::given::GivenError;
use crate::access::unlock::UnlockError;
use crate::access::worktree::left::LeftError;
use crate::clone::RESTORE;
use crate::clone::roster::FETCH;
use crate::error::CommandError;
use crate::format::KeyId;
use crate::keyring::InsertError;
use crate::recipient::identities::IdentityError;

/// What to do where only a colleague can tell if a key is the right one.
fn trust(id: KeyId) -> String {
    format!(
        "if a colleague confirms the id, but not through this repository: git shroud unlock --trust-key {id}"
    )
}

const WHICH_REPOSITORY: &str =
    "is this the right repository? 'git rev-parse --show-toplevel' shows it";
const ASK_AGAIN: &str = "nothing was changed; ask for the key file of this repository";
const FETCH_ALL: &str = "git fetch --refetch --no-filter";

impl From<GivenError> for CommandError {
    fn from(error: GivenError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            GivenError::Clone(error) => error.into(),
            GivenError::Backup(error) => error.into(),
            GivenError::OfGitCrypt => wrong(
                "'git shroud unlock FILE' reads it, and opens the files that git-crypt encrypts",
            ),
            GivenError::Terminal => wrong("give a file, or pipe the key in"),
            GivenError::Held { source: InsertError::Conflict { .. }, .. } => wrong(
                "is this the key file of another repository? 'git shroud lock' removes the keys held here",
            ),
            GivenError::Held { .. } | GivenError::Aside(_) => Self::wrong(text),
            GivenError::Foreign { .. } => wrong(ASK_AGAIN),
            GivenError::Unproven { id, .. } => refused(WHICH_REPOSITORY)
                .hint("a new repository needs its own keys: git shroud init")
                .hint(format!("to take it anyway: git shroud unlock --trust-key {id} KEYFILE")),
            GivenError::Forged(_) => refused(RESTORE),
            GivenError::Retired { .. } | GivenError::Described { .. } => Self::refused(text),
            GivenError::Rollback { id, .. } => refused(
                "check out a branch with the newer key and unlock there: it opens older commits too",
            )
            .hint(trust(id)),
            GivenError::Swapped { name, id, shallow, .. } => {
                let error =
                    refused(&format!("see who changed it: git log -p -- .shroud/{name}/key.toml"))
                        .hint(trust(id));
                if !shallow {
                    return error;
                }
                error.hint(
                    "this clone is shallow; the whole history may tell more: git fetch --unshallow",
                )
            }
            GivenError::Unexpected { name, .. } => refused(
                "ask a colleague for the id, but not through this repository: 'git shroud key list' shows it",
            )
            .hint(format!("see who changed it: git log -p -- .shroud/{name}/key.toml")),
            GivenError::VersionsMissing { .. } => refused(&format!("fetch them: {FETCH_ALL}")),
            GivenError::FileMissing { .. } => refused(&format!("fetch it: {FETCH_ALL}")),
            GivenError::Descent { id, source } => Self::from(*source).hint(trust(id)),
        }
    }
}

impl From<UnlockError> for CommandError {
    fn from(error: UnlockError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            UnlockError::Given(error) => error.into(),
            UnlockError::Identity(error) => error.into(),
            UnlockError::Left(error) => error.into(),
            UnlockError::Malformed(_) => Self::incomplete(text),
            UnlockError::NoRemote => wrong("git remote add origin URL"),
            UnlockError::Behind(_) => Self::incomplete(text)
                .hint("the key was rotated: ask for the new key file (git shroud key export), or ask a member to grant you the key (git shroud member add)")
                .hint("in CI, store the new key file in GIT_SHROUD_KEY; a job that is a member needs no new one (GIT_SHROUD_IDENTITY)"),
            UnlockError::NotHere(_) => Self::incomplete(text).hint(FETCH),
            UnlockError::UnknownName(_) => wrong("git shroud key list"),
            UnlockError::NoGitCryptKey => wrong(
                "git shroud unlock KEYFILE, with a file that a colleague made with 'git-crypt export-key'",
            )
            .hint("or ask a colleague to run 'git-crypt add-gpg-user YOUR-KEY', and pull"),
            UnlockError::NoKey(_) => wrong(
                "ask a member to grant you the key: git shroud member add YOUR-KEY (OpenPGP, age or SSH)",
            )
            .hint("if you are a member and your key is in another file: git shroud unlock --identity FILE (age, SSH), or --secret-key FILE (OpenPGP)")
            .hint("or git shroud unlock KEYFILE, with a file that a colleague made with 'git shroud key export'")
            .hint("in CI, set GIT_SHROUD_KEY to the file's text, or GIT_SHROUD_KEYRING to its path"),
            UnlockError::OpensNothing { .. } => wrong(ASK_AGAIN),
            UnlockError::Differs { id, .. } => refused(&trust(id)),
            UnlockError::Closed { id, in_repository, .. } => refused(if in_repository {
                "see who changed the key: git log --stat -- .git-crypt"
            } else {
                "see who changed the files: git log --stat -- PATH"
            })
            .hint(trust(id)),
            UnlockError::FileMissing { .. } => refused(&format!("fetch it: {FETCH_ALL}")),
            UnlockError::Proof { id, source } => Self::from(*source).hint(trust(id)),
            UnlockError::Foreign { id, .. } => refused(WHICH_REPOSITORY)
                .hint(format!("to take it anyway, repeat the command with --trust-key {id}")),
        }
    }
}

impl From<LeftError> for CommandError {
    fn from(error: LeftError) -> Self {
        Self::incomplete(error.to_string()).hint("remove the cause and run the command again")
    }
}

impl From<IdentityError> for CommandError {
    fn from(error: IdentityError) -> Self {
        Self::wrong(error.to_string())
    }
}
