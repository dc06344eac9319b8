//! The errors of encrypted remotes.

use crate::error::CommandError;
use crate::remote::RemoteError;
use crate::remote::verdict::Verdict;

const ASK: &str = "ask a colleague what they see: git shroud remote status NAME";

impl From<RemoteError> for CommandError {
    fn from(error: RemoteError) -> Self {
        let text = error.to_string();
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        match error {
            RemoteError::Git(error) => error.into(),
            RemoteError::Keyring(error) => error.into(),
            RemoteError::Io(_) | RemoteError::Member(_) | RemoteError::Protocol(_) => {
                Self::wrong(text)
            }
            RemoteError::Identity(_) => Self::wrong(text),
            RemoteError::Address(_) => wrong("git takes URLs, host:path and whole paths"),
            RemoteError::Unreachable(_) => {
                wrong("nothing was changed here or there; try again when the host answers")
            }
            RemoteError::NoKey(_) => wrong("git shroud key list"),
            RemoteError::Declined => wrong("--yes agrees to it beforehand"),
            RemoteError::NoStore => wrong("to make one: git shroud remote init NAME URL"),
            RemoteError::Gone => refused(
                "somebody has deleted it, or the host has lost it; nothing was changed here. If you want a new one: git shroud remote init --again",
            ),
            RemoteError::Exists => wrong("clone it: git clone shroud::URL"),
            RemoteError::NotAStore(_) => wrong("use an address that has no branch 'shroud'"),
            RemoteError::Newer(_) => Self::wrong(text),
            RemoteError::Damaged(_) | RemoteError::Incomplete(_) => refused(
                "nothing was changed here; whoever has a clone can make the repository anew and push to it",
            )
            .hint(ASK),
            RemoteError::Locked { tried, .. } => {
                let locked = wrong(
                    "ask a member to add your key; or name your identity in GIT_SHROUD_IDENTITY, or a key file in GIT_SHROUD_KEYRING",
                );
                tried.into_iter().fold(locked, |locked, tried| locked.hint(format!("tried {tried}")))
            }
            RemoteError::NotBelieved(verdict) => {
                let id = verdict.id().to_owned();
                let why = match verdict {
                    Verdict::Stale { .. } => {
                        "the host has lost pushes (a restored backup?), or hides them"
                    }
                    Verdict::Forked { .. } => {
                        "somebody has rewritten it (who?), or the host shows different states to different people"
                    }
                    Verdict::Replaced { .. } => {
                        "somebody has made it anew (who?), or the address leads elsewhere"
                    }
                };
                refused(&format!("nothing was changed here; {why}"))
                    .hint(ASK)
                    .hint(format!("to believe it all the same: git shroud remote accept NAME {id}"))
            }
            RemoteError::OtherState { .. } => refused(ASK),
            RemoteError::ObjectFormat { .. } => {
                wrong("make the repository with the other format: git init --object-format")
            }
            RemoteError::Shallow => wrong("git fetch --unshallow"),
            RemoteError::Contended(_) => wrong("try again"),
            RemoteError::Refused(_) => {
                wrong("may you push to the branch 'shroud' of the host's repository? To begin it anew (compact, --repack) you must be allowed to force")
            }
            RemoteError::Unknown(_) => wrong("'git fetch' shows it when the host answers again"),
            RemoteError::Busy(_) => wrong("try again when it has finished"),
            RemoteError::NoRemote(_) => {
                wrong("'git remote -v' lists them: the address of an encrypted one begins with shroud::")
            }
            RemoteError::RemoteTaken(_) => wrong("choose another name"),
        }
    }
}
