//! The errors of a clone as a whole.

use crate::clone::{CloneError, RESTORE};
use crate::error::CommandError;
use crate::store::exclusive::Holder;

impl From<CloneError> for CommandError {
    fn from(error: CloneError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            CloneError::Git(error) => error.into(),
            CloneError::Store(error) => error.into(),
            CloneError::GitCrypt(error) => error.into(),
            CloneError::ShroudDir(error) => error.into(),
            CloneError::About(error) => error.into(),
            CloneError::NoWorktree => wrong(
                "run it in a clone; 'git shroud cat REV:PATH' works in a bare repository too",
            ),
            CloneError::UnknownWorktree(_) => refused(
                "name it: git --git-dir=REPOSITORY --work-tree=FOLDER shroud COMMAND; or run the command in it",
            ),
            CloneError::GitCryptAlone => wrong(
                "git-crypt's own commands still manage its keys: git-crypt add-gpg-user, git-crypt export-key",
            )
            .hint("'git shroud migrate git-crypt' moves the repository to git-shroud"),
            CloneError::NoKey => wrong("git shroud init makes one"),
            CloneError::SeveralKeys(names) => wrong(&format!("name one with --key: {names}")),
            CloneError::OneKey(names) => wrong(&format!("name it with --name: {names}")),
            CloneError::NotHeld(_) => wrong("git shroud key list"),
            CloneError::NoneHeld => wrong("git shroud unlock"),
            CloneError::LockedWorktree => {
                refused("run this in another worktree, or 'git shroud unlock' in this one")
            }
            CloneError::SetAside(_) => Self::refused(text),
            CloneError::Sealing(error) => error.into(),
            CloneError::Malformed(_) => wrong(RESTORE),
            CloneError::TooLarge(_) | CloneError::Outside(_) | CloneError::NoSuchName(_) => {
                Self::wrong(text)
            }
            CloneError::TakenOver { .. } => refused(RESTORE),
            CloneError::IncompleteHistory { .. } => Self::incomplete(text),
            CloneError::Busy(_) => wrong("wait until it has finished"),
            CloneError::Suspended(holder) => {
                let process = process(holder);
                wrong(&format!("continue it: 'fg' in its terminal, or kill -CONT {process}"))
                    .hint(format!("or end it: kill -KILL {process}; the next run cleans up"))
            }
            CloneError::RotationUnderWay => wrong("git shroud key rotate --continue, or --abort"),
            CloneError::NoMember(_) => wrong("git shroud member list"),
            CloneError::SeveralMembers { places, .. } => {
                let error = places.into_iter().fold(Self::wrong(text), Self::hint);
                error.hint("name one by its recipient")
            }
        }
    }
}

fn process(holder: Holder) -> String {
    holder.pid.map_or_else(|| "PROCESS".to_owned(), |pid| pid.to_string())
}
