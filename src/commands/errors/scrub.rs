//! The errors of a scrub.

use crate::check::banned::BannedError;
use crate::error::CommandError;
use crate::scrub::error::{ScrubError, Unfit};

impl From<ScrubError> for CommandError {
    fn from(error: ScrubError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            ScrubError::Scan(error) => error.into(),
            ScrubError::Clone(error) => error.into(),
            ScrubError::Given(error) => error.into(),
            ScrubError::Banned(error) => error.into(),
            ScrubError::Unfit(error) => error.into(),
            ScrubError::Signing(_) => refused("see that 'git commit -S' works here, or scrub without --sign"),
            ScrubError::Missing(_) => wrong("fetch what is missing: git fetch --refetch"),
            ScrubError::Shallow => refused("fetch the rest: git fetch --unshallow"),
            ScrubError::Idle => refused("correct it, leave it out, or allow it: --allow-empty"),
            ScrubError::Grafts => refused("make them replacements: git replace --convert-graft-file"),
            ScrubError::Damaged(_) => wrong("look at the output of git fsck --full"),
            ScrubError::Value(..) => wrong(
                "'git log --all --find-object=ID' shows where it is; scrub without --rekey leaves such a value as it is, or drop its path",
            ),
            ScrubError::TooLarge { .. } => refused("drop its path, or keep it"),
            ScrubError::SameRef(_) => refused("rename or delete one of them first"),
            ScrubError::Locked(_) => refused(
                "run 'git shroud unlock'; to leave a path as it is, add [[keep]] to the plan",
            ),
            ScrubError::NotGone(_) => refused("drop its path, or give the rule another name"),
            ScrubError::Newer(..) => Self::wrong(text),
            ScrubError::NoRecord(_) => wrong("the bundle beside it holds the old history"),
            ScrubError::WorktreeGone => {
                wrong("restore it: 'git worktree list' shows the worktrees")
            }
            ScrubError::NotFetched => refused("git fetch --all --tags --force, and run this again"),
            ScrubError::RefMoved(_) => {
                refused("move it back to where it was, or delete it, and run this again")
            }
            ScrubError::Work { .. } => refused(
                "copy it elsewhere, undo it with 'git restore', and run 'git shroud scrub --continue'",
            ),
            ScrubError::Nothing => wrong("write a plan: git shroud scan --plan FILE").hint(
                "or use options: --seal, --redact FINDINGS, --value-file FILE, --drop PATH, --rekey",
            ),
            ScrubError::NoKey => refused("run 'git shroud unlock' or 'git shroud init'"),
            ScrubError::HeadLeftOut => {
                refused("check another one out first, or scrub without --prune-empty")
            }
            ScrubError::UnknownNames => {
                refused("run 'git shroud unlock', or write a new plan: git shroud scan --plan FILE")
            }
            ScrubError::ShortValue { .. } => {
                refused("drop its file, or remove the entry from the plan")
            }
            ScrubError::ShortLine { .. } => wrong("give a longer part of the text around it"),
            ScrubError::PlanFile { .. } => wrong("docs/scrub.md describes plans"),
            ScrubError::NoReport(_) => wrong("write one: git shroud scan --format json -o FILE"),
            ScrubError::CutOff(Some(_)) => refused("finish it: git shroud scrub --continue")
                .hint("or undo it: git shroud scrub --undo"),
            ScrubError::CutOff(None) => refused("finish it first: git shroud scrub --continue"),
            ScrubError::NoneCutOff => wrong("'git shroud scrub PLAN' starts one"),
            ScrubError::NoStashLog(_) => wrong("the bundle there holds every old commit"),
            ScrubError::Name(_)
            | ScrubError::Pack(_)
            | ScrubError::Pattern(_)
            | ScrubError::Plan(_)
            | ScrubError::File { .. }
            | ScrubError::DamagedFile(_)
            | ScrubError::NoMap(_)
            | ScrubError::NoValues
            | ScrubError::LongInput
            | ScrubError::NoneToUndo
            | ScrubError::NoneToFinish => Self::wrong(text),
        }
    }
}

impl From<BannedError> for CommandError {
    fn from(error: BannedError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            BannedError::Store(error) => error.into(),
            BannedError::About(_) => wrong,
            BannedError::Line(_) => {
                wrong.hint("write one id on each line, or copy the commit-map of a scrub")
            }
        }
    }
}

impl From<Unfit> for CommandError {
    fn from(error: Unfit) -> Self {
        Self::refused(error.to_string()).hint(match error {
            Unfit::Rotation => "git shroud key rotate --continue, or --abort",
            Unfit::Migration => "finish it: git shroud migrate git-crypt",
            Unfit::Shallow => "fetch the rest first: git fetch --unshallow",
            Unfit::Partial => "make a full clone (git clone URL), and scrub there",
            Unfit::Absent(_) => "restore it, or remove its record: git worktree prune",
            Unfit::InTheWay(_) => "move it elsewhere, or add and commit it",
            Unfit::UnderWay(_) => "finish or abort it, and run this again: git status",
            Unfit::Dirty { .. } => "commit or stash them: git stash",
            Unfit::Hidden { .. } => {
                "look at them again: git update-index --no-assume-unchanged FILE, or --no-skip-worktree FILE; then commit or stash them"
            }
        })
    }
}
