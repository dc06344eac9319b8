//! The errors of single files: sealing, showing, merging and changing one, and choosing which are sealed.

use crate::access::backup::ProofError;
use crate::access::index::IndexError;
use crate::access::merge_file::MergeError;
use crate::access::sealed_file::SealedFileError;
use crate::access::set_up::SetUpError;
use crate::access::show::ShowError;
use crate::access::track::TrackError;
use crate::error::CommandError;
use crate::filter::FileError;

const MERGE_AGAIN: &str = "git shroud unlock, then merge again";

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
            SealedFileError::NoAttribute => refused("git shroud track PATTERN"),
        }
    }
}

impl From<ShowError> for CommandError {
    fn from(error: ShowError) -> Self {
        let refused = Self::refused(error.to_string());
        match error {
            ShowError::Clone(error) => error.into(),
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

impl From<ProofError> for CommandError {
    fn from(error: ProofError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            ProofError::Given(error) => error.into(),
            ProofError::Exists(_) => {
                wrong("remove it, or name another file: key files are never overwritten")
            }
            ProofError::NoKey => wrong("git shroud init"),
            ProofError::UnknownName(_) => wrong("git shroud key list"),
            ProofError::Forged(_) => {
                refused("'git log -p -- .shroud' shows who changed it; restore it")
            }
            ProofError::Earlier { .. } => refused(
                "make a new backup with 'git shroud key export', and keep this one for old commits",
            ),
            ProofError::Other { .. } => refused("is it the backup of another repository?"),
            ProofError::Whole(_) => wrong("verify one backup at a time; only shares go together"),
        }
    }
}
