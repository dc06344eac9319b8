//! The errors of a rotation.

use crate::access::rotate::RotateError;
use crate::error::CommandError;

impl From<RotateError> for CommandError {
    fn from(error: RotateError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            RotateError::Hooks(error) => error.into(),
            RotateError::Clone(error) => error.into(),
            RotateError::Member(error) => error.into(),
            RotateError::Given(error) => error.into(),
            RotateError::Sealing(_) => Self::refused(text),
            RotateError::NoGeneration
            | RotateError::Journal(_)
            | RotateError::Newer(..)
            | RotateError::List(_)
            | RotateError::NoneUnderWay => Self::wrong(text),
            RotateError::NotGranted { label, source } => {
                let source = Self::from(*source);
                let hints = source.hints().iter();
                hints
                    .fold(Self::wrong(text), Self::hint)
                    .hint("nothing was changed; run 'git shroud member add' with the newer certificate")
                    .hint(format!("or remove the member: git shroud member remove {label}"))
                    .hint(format!("or rotate without them for now: --without {label}"))
            }
            RotateError::Forgotten(_) => wrong("git shroud unlock; then git shroud key rotate --continue, or --abort; then unlock again"),
            RotateError::AddedAgain { .. } => refused("run it again"),
            RotateError::OutOfDate { label, name } => refused(&format!(
                "if this grant is right: git shroud member renew {label} --key {name}"
            ))
            .hint(format!("if not: git shroud member remove {label} --key {name} --no-rotate"))
            .hint(format!("or decide later: --without {label}")),
            RotateError::NotHere(_) => Self::incomplete(text)
                .hint("fetch it first: git checkout, or git fetch --refetch --no-filter"),
            RotateError::Unfit { is_damaged: true, .. } => refused(
                "'git log -- PATH' shows who changed it: take an earlier version (git checkout COMMIT -- PATH), set the value again (git shroud config set ENV NAME) or take its line out; commit that, and run this again",
            ),
            RotateError::Unfit { .. } => refused("git shroud status says what is wrong with it"),
            RotateError::Test { .. } => {
                refused("'git shroud key rotate --abort' undoes the rotation")
            }
            RotateError::Uncommitted(_) => refused("run 'git commit', then this command again"),
            RotateError::OtherWorktree(_) => wrong("run this there"),
            RotateError::Environment => {
                wrong("unset GIT_SHROUD_KEYRING and GIT_SHROUD_KEY, and unlock this clone")
            }
            RotateError::CutOff(source) => Self::from(*source)
                .hint("the rotation is not finished: remove the cause, then run git shroud key rotate --continue")
                .hint("or undo it: git shroud key rotate --abort"),
        }
    }
}
