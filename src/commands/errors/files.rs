//! The errors of single files: sealing, showing, merging and changing one, and choosing which are sealed.

use crate::access::edit_file::EditError;
use crate::access::index::IndexError;
use crate::access::merge_file::MergeError;
use crate::access::sealed_file::SealedFileError;
use crate::access::set_up::SetUpError;
use crate::access::show::ShowError;
use crate::access::track::TrackError;
use crate::error::CommandError;
use crate::filter::FileError;

const MERGE_AGAIN: &str = "git shroud unlock now, as a new key came with this merge; then 'git merge --abort' (or 'git rebase --abort'), and merge again";

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        let refused = Self::refused(error.to_string());
        error.source.hint().into_iter().fold(refused, Self::hint)
    }
}

impl From<IndexError> for CommandError {
    fn from(error: IndexError) -> Self {
        let refused = Self::refused(error.to_string());
        match error {
            IndexError::Clone(error) => error.into(),
            IndexError::Sealing(error) => error.source.hint().into_iter().fold(refused, Self::hint),
        }
    }
}

impl From<SetUpError> for CommandError {
    fn from(error: SetUpError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            SetUpError::Clone(error) => error.into(),
            SetUpError::Held => wrong.hint("add another key with 'git shroud key new NAME'"),
            SetUpError::NotHeld => wrong
                .hint("run 'git shroud unlock', as a member or with a key file from a colleague"),
            SetUpError::NotPortable(_) => wrong.hint("choose another name"),
            SetUpError::NotSetUp(name) => wrong.hint(format!("git shroud init --key {name}")),
            SetUpError::Described(_) => wrong.hint("git shroud key list"),
            SetUpError::Reserved(_) | SetUpError::Taken(_) => wrong,
        }
    }
}

impl From<TrackError> for CommandError {
    fn from(error: TrackError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            TrackError::Index(error) => error.into(),
            TrackError::Place(refusal) => wrong.hint(refusal.hint),
            TrackError::Pattern(_) | TrackError::Exemption(_) => wrong,
            TrackError::NotHeld { described: true, .. } => {
                wrong.hint("run 'git shroud unlock' first")
            }
            TrackError::NotHeld { known, .. } if known.is_empty() => {
                wrong.hint("run 'git shroud init' first")
            }
            TrackError::NotHeld { key, known, .. } => wrong.hint(format!(
                "keys here are: {known}; make another with 'git shroud key new {key}'"
            )),
            TrackError::NotTracked { .. } => wrong.hint(
                "'git shroud track' lists the patterns and their files; run this in the directory of that file",
            ),
        }
    }
}

impl From<SealedFileError> for CommandError {
    fn from(error: SealedFileError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            SealedFileError::Clone(error) => error.into(),
            SealedFileError::Name(_) | SealedFileError::Link(_) | SealedFileError::NotAFile(_) => {
                Self::wrong(text)
            }
            SealedFileError::NotHeld(_)
            | SealedFileError::SealedWhole
            | SealedFileError::Open(_)
            | SealedFileError::GitCrypt(_) => refused("git shroud unlock"),
            SealedFileError::OtherRepository(_) => {
                wrong("change into it, and run the command there")
            }
            SealedFileError::Absent(_) => {
                wrong("'git restore PATH' or 'git sparse-checkout add' restores it")
            }
            SealedFileError::Damaged | SealedFileError::OpenValues(_) => {
                refused("'git shroud status' says how")
            }
            SealedFileError::Changed | SealedFileError::SealValues(_) => Self::refused(text),
            SealedFileError::Comparable(_) => {
                refused("correct the line, or seal it by value: git shroud track --values PATTERN")
            }
            SealedFileError::NoAttribute => refused("git shroud track PATTERN"),
        }
    }
}

impl From<EditError> for CommandError {
    fn from(error: EditError) -> Self {
        let text = error.to_string();
        match error {
            EditError::Clone(error) => error.into(),
            EditError::File(error) => error.into(),
            EditError::NotSealed(_) => {
                Self::wrong(text).hint("'git shroud track PATTERN' seals it")
            }
            EditError::Folder(error) => error.into(),
            EditError::Editor(error) => error.into(),
            EditError::NotWritten { source, kept } => {
                let kept = kept.map(|folder| {
                    format!(
                        "your version is in {}, only in memory; copy it, and delete that folder",
                        crate::sanitise::native(&folder)
                    )
                });
                kept.into_iter().fold(Self::from(*source), Self::hint)
            }
        }
    }
}

impl From<ShowError> for CommandError {
    fn from(error: ShowError) -> Self {
        let text = error.to_string();
        let refused = Self::refused(text.clone());
        match error {
            ShowError::Clone(error) => error.into(),
            ShowError::NoFile(_) => Self::wrong(text)
                .hint("to read it from a commit, write REV:PATH, for example HEAD:PATH"),
            ShowError::NoName(_) => Self::wrong(text).hint(
                "paths in REV:PATH start at the top of the repository; REV:./PATH starts here",
            ),
            ShowError::NotHere(_) => Self::incomplete(text)
                .hint("'git checkout' or 'git fetch --refetch --no-filter' fetches it"),
            ShowError::Revisions(error) => {
                Self::from(error).hint("put revisions first, and paths after '--': REV REV -- PATH")
            }
            ShowError::NotHeld(_) => refused.hint("git shroud unlock"),
            ShowError::NoGitCryptKey => refused.hint("git shroud unlock KEYFILE"),
            ShowError::Filter(_) => refused,
            ShowError::Found => Self::found(),
            ShowError::Git => Self::wrong(""),
        }
    }
}

impl From<MergeError> for CommandError {
    fn from(error: MergeError) -> Self {
        let text = error.to_string();
        let refused = Self::refused(text.clone());
        match error {
            MergeError::Clone(error) => error.into(),
            MergeError::Repository(_) => Self::wrong(text),
            MergeError::NoKey(_)
            | MergeError::GitCrypt { .. }
            | MergeError::NoGitCryptKey(_) => refused.hint(MERGE_AGAIN),
            MergeError::Filter(_) | MergeError::Binary(_) | MergeError::TooLarge(_) => refused,
            MergeError::Theirs { .. } => refused.hint(
                "look at both sides with 'git shroud cat :2:PATH' and ':3:PATH', and resolve it by hand",
            ),
            MergeError::Moved(error) => Self::from(error).hint(
                "then merge it again with 'git checkout -m -- PATH', or resolve it by hand and add it",
            ),
        }
    }
}
