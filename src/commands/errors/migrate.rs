//! The errors of a migration.

use crate::error::CommandError;
use crate::migrate::{Drivers, LeftOut, MigrateError};

impl From<MigrateError> for CommandError {
    fn from(error: MigrateError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            MigrateError::Clone(error) => error.into(),
            MigrateError::Unlock(error) => error.into(),
            MigrateError::SetUp(error) => error.into(),
            MigrateError::Member(error) => error.into(),
            MigrateError::Fresh(error) => error.into(),
            MigrateError::Environment => wrong("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY"),
            MigrateError::Nothing(_)
            | MigrateError::NoCommit
            | MigrateError::NoSuchKey { .. }
            | MigrateError::NotACertificate(_) => Self::wrong(text),
            MigrateError::Uncommitted => refused(
                "commit them, or unstage them with 'git restore --staged', and run this again",
            ),
            MigrateError::Detached => refused("check a branch out, and run this again: git switch BRANCH"),
            MigrateError::Locked { hint, .. } => refused(hint),
            MigrateError::UnderWay => refused("finish or abort it, and run this again: git status"),
            MigrateError::StateDir => wrong("git config --unset git-crypt.repoStateDir"),
            MigrateError::EncryptedAttributes { .. } => refused(
                "add the line '.gitattributes !filter !diff' at the end, commit that, and run this again",
            ),
            MigrateError::TooLarge(_) | MigrateError::InItsPlace(_) => Self::refused(text),
            MigrateError::Untracked { .. } => refused("commit it, or remove it, and run this again"),
            MigrateError::NotAFile { .. } => {
                refused("remove it, commit that, and run this again: git rm PATH")
            }
            MigrateError::NotHeld(_) => {
                refused("give its key file too, or run 'git shroud unlock' first if .git-crypt has it for your OpenPGP key")
                    .hint("or ask somebody who holds all of them to migrate")
            }
            MigrateError::Unnamed { old, .. } => {
                wrong(&format!("choose a name for it: --rename {old}=NAME"))
            }
            MigrateError::Name { old, .. } => {
                wrong(&format!("choose another: --rename {old}=NAME"))
            }
            MigrateError::UnknownName { .. } => {
                wrong("you need every key to migrate: give its key file too, or correct the line")
            }
            MigrateError::OtherFiles { some, local, .. } => {
                let error = some.into_iter().fold(Self::refused(text), Self::hint);
                error.hint(if local {
                    "lines in .git/info/attributes name git-crypt's filter: move them to a .gitattributes"
                } else {
                    "look at 'git check-attr -a PATH', and simplify the lines for these paths"
                })
            }
            MigrateError::Conversion { attribute, .. } => refused(&format!(
                "remove '{attribute}' from this path, commit that, and run this again: git check-attr -a PATH"
            )),
            MigrateError::NoUser { .. } => wrong(
                "'git shroud member add' grants keys to others, once the migration is committed",
            ),
            MigrateError::LeftOut { users, tool } => lose_access(Self::refused(text), &users, tool),
            MigrateError::NotOpened { hint, .. } => match hint {
                Some(hint) => refused(hint),
                None => Self::refused(text),
            },
            MigrateError::Changed { some, .. } => some
                .into_iter()
                .fold(Self::refused(text), Self::hint)
                .hint("commit or stash them, and run this again"),
            MigrateError::Closed(_) => refused(
                "another key encrypted it, or it is damaged: restore it, or commit it again, and run this again",
            ),
            MigrateError::Newer(..) => Self::wrong(text),
            MigrateError::Journal(_) => wrong("nothing depends on it: remove it"),
            MigrateError::Index => {
                refused("is another program at work here? run this again when it has finished")
            }
            MigrateError::Meanwhile(_) => {
                refused("restore it, or move it away, and run this again")
            }
            MigrateError::Staged { .. } => {
                refused("git reset --hard undoes it; please report this")
            }
            MigrateError::Commit(error) => Self::from(error).hint(
                "everything is staged: remove the cause and run this again, or commit it yourself",
            ),
        }
    }
}

fn lose_access(mut error: CommandError, users: &[LeftOut], tool: &str) -> CommandError {
    for LeftOut { fingerprint, keys, why, .. } in users {
        let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        error = error.hint(format!("{fingerprint} ({}): {why}", keys.join(", ")));
    }
    if users.iter().any(|one| one.unproven) {
        error = error.hint("once you have compared the fingerprints with their owners: --trust");
    }
    if tool == Drivers::GIT_CRYPT.tool {
        error = error.hint("if your gpg does not have a certificate: --certificate FILE");
    }
    error.hint("or continue without them: --without-those; later: git shroud member add PUBLIC-KEY --key NAME")
}
