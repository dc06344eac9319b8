//! The errors of a lock.

use crate::access::lock::{LockError, Obstacle};
use crate::error::CommandError;

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            LockError::Clone(error) => error.into(),
            LockError::Left(error) => error.into(),
            LockError::Meanwhile => refused("run 'git shroud lock' again"),
            LockError::Unsealed(_) | LockError::File { .. } | LockError::Trace(_) => {
                Self::incomplete(text)
            }
            LockError::NotHeld { held, .. } => wrong(&format!("keys held: {held}")),
            LockError::Environment(_) => wrong("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY"),
            LockError::OnlyCopy(_) => refused(
                "keep a copy first: git shroud key export -o FILE; or git shroud member add YOUR-KEY",
            ),
            LockError::OnlyGitCryptCopy(name) => {
                let named = if name.is_default() { String::new() } else { format!(" -k {name}") };
                refused(&format!(
                    "'git-crypt export-key{named} FILE', then 'git shroud unlock FILE', which remembers that the copy works"
                ))
            }
            LockError::NamedIndex => wrong("unset GIT_INDEX_FILE"),
            LockError::NoNewWorktree(_) => Self::wrong(text),
            LockError::Absent(_) => refused(
                "if it was moved: git worktree repair NEW-PATH; if it is on another disk, mount that",
            )
            .hint("if it was deleted: git worktree prune, after 'git worktree unlock' where it is locked"),
            LockError::Unmerged(_) => refused("finish or abort the merge, then lock"),
            LockError::Refused(files) => {
                files.keys().fold(Self::refused(text), |error, why| error.hint(way_out(*why)))
            }
            LockError::StillOpen(files) => {
                files.keys().fold(Self::refused(text), |error, why| error.hint(without_key(*why)))
            }
        }
    }
}

fn way_out(why: Obstacle) -> &'static str {
    match why {
        Obstacle::Changed => {
            "'git add' or 'git restore' them; or use --force, which seals them as they are, or --discard, which drops the changes"
        }
        Obstacle::InTheClear => {
            "run 'git shroud status --fix' and commit; or use --force, which seals the files in this clone"
        }
        Obstacle::NotTracked => "track them again (git shroud track PATTERN), or use --force",
        Obstacle::NotAFile | Obstacle::Conflict => "git restore them, or git rm them",
    }
}

/// What to do where no key is held.
fn without_key(why: Obstacle) -> &'static str {
    match why {
        Obstacle::Changed | Obstacle::NotTracked => {
            "unlock with a key and lock again, which loses nothing; or 'git shroud lock --discard', which restores the version in the index"
        }
        Obstacle::InTheClear => "run 'git shroud unlock', then 'git shroud status --fix'",
        Obstacle::NotAFile => "git restore them, or git rm them",
        Obstacle::Conflict => "finish or abort the merge, then lock",
    }
}
