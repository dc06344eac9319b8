//! The errors of services as this program says them: in words, with what to do, and with an exit status.

mod backup;
mod clone;
mod environments;
mod files;
mod git;
mod import;
mod keyring;
mod lock;
mod members;
mod migrate;
mod remote;
mod rotate;
mod scrub;
mod unlock;

use crate::check::RangeError;
use crate::check::run::CheckError;
use crate::clone::RESTORE;
use crate::demo::DemoError;
use crate::error::{About, CommandError};
use crate::fs::plaintext_folder::FolderError;
use crate::git::editor::EditorError;
use crate::git::guards::GuardError;
use crate::git::hooks::HooksError;
use crate::git::user_config::UserConfigError;
use crate::git_crypt::KeyFileError;
use crate::scan::error::ScanError;
use crate::store::git_crypt;
use crate::store::shroud_dir::ShroudDirError;

impl From<About> for CommandError {
    fn from(error: About) -> Self {
        Self::wrong(error.to_string())
    }
}

impl From<ShroudDirError> for CommandError {
    fn from(error: ShroudDirError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ShroudDirError::Malformed { .. } => wrong.hint(RESTORE),
            ShroudDirError::Io(_) => wrong,
        }
    }
}

impl From<HooksError> for CommandError {
    fn from(error: HooksError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            HooksError::Shared(_) => wrong.hint(
                "let these hooks run 'git-shroud check --staged' (pre-commit, pre-merge-commit, pre-applypatch), \
                 'git-shroud scan --staged' (pre-commit), 'git-shroud check --post-rewrite' (post-rewrite), and \
                 'git-shroud check --pre-push \"$1\"' and 'git-shroud scan --pre-push \"$1\"' with the same lines on \
                 standard input (pre-push); or use this repository's own hooks: git config core.hooksPath .git/hooks",
            ),
            HooksError::TooOld => wrong.hint("run 'git shroud hooks install' in each clone"),
            HooksError::Folder(_) => wrong.hint("move it elsewhere, and try again"),
            HooksError::Git(error) => error.into(),
            HooksError::Io(_) => wrong,
        }
    }
}

impl From<GuardError> for CommandError {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Git(error) => error.into(),
            error => Self::wrong(error.to_string()),
        }
    }
}

impl From<UserConfigError> for CommandError {
    fn from(error: UserConfigError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            UserConfigError::Foreign(name) => wrong
                .hint(format!("remove it, and try again: git config --global --unset-all {name}")),
            UserConfigError::Git(error) => error.into(),
        }
    }
}

impl From<FolderError> for CommandError {
    fn from(error: FolderError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            FolderError::NoMemory => {
                wrong.hint("--on-disk stores it in the temporary folder while you edit")
            }
            FolderError::Io(_) => wrong,
        }
    }
}

impl From<EditorError> for CommandError {
    fn from(error: EditorError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            EditorError::Unknown => wrong.hint("set GIT_EDITOR"),
            EditorError::Failed => wrong.hint("set GIT_EDITOR to another"),
            EditorError::Io(..) => wrong,
        }
    }
}

impl From<DemoError> for CommandError {
    fn from(error: DemoError) -> Self {
        let text = error.to_string();
        match error {
            DemoError::About(error) => error.into(),
            DemoError::Used(_) => {
                Self::wrong(text).hint("name a directory that does not exist yet")
            }
            DemoError::Command(_) | DemoError::NotTrue(_) => Self::refused(text),
        }
    }
}

impl From<CheckError> for CommandError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Banned(error) => error.into(),
            CheckError::About(error) => error.into(),
            CheckError::GitCrypt(error) => error.into(),
            CheckError::Range(error) => error.into(),
        }
    }
}

impl From<RangeError> for CommandError {
    fn from(error: RangeError) -> Self {
        match error {
            RangeError::NoWorktree => Self::wrong(error.to_string())
                .hint("name commits, as in 'git shroud check main', or all with --all"),
            RangeError::Unmerged(error) => {
                Self::from(error).hint("resolve the conflicts first: git status")
            }
            RangeError::Revisions(error) => {
                Self::from(error).hint("name commits as 'git log' does, as in origin/main..HEAD")
            }
            RangeError::Git(error) => error.into(),
        }
    }
}

impl From<git_crypt::StoreError> for CommandError {
    fn from(error: git_crypt::StoreError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            git_crypt::StoreError::KeyFile { source: KeyFileError::OtherKey { .. }, .. } => wrong
                .hint("is this the key file of another repository? 'git shroud lock' removes the keys held here"),
            git_crypt::StoreError::KeyFile { source: KeyFileError::Version(_), .. }
            | git_crypt::StoreError::KeyFile { source: KeyFileError::UnknownField(_), .. } => {
                wrong.hint("a newer git-crypt wrote it; ask for a file of version 2")
            }
            git_crypt::StoreError::KeyFile { .. } => {
                wrong.hint("get the key file again: git-crypt export-key FILE")
            }
            git_crypt::StoreError::Io(_) => wrong,
        }
    }
}

impl From<ScanError> for CommandError {
    fn from(error: ScanError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            ScanError::Git(error) => error.into(),
            ScanError::Walk(error) => {
                Self::from(error).hint("name commits as 'git log' does, as in origin/main..HEAD")
            }
            ScanError::List(_) => wrong.hint("docs/scan.md describes such a file"),
            _ => wrong,
        }
    }
}
