//! The errors of git.

use crate::error::CommandError;
use crate::git::GitError;
use crate::sanitise;

impl From<GitError> for CommandError {
    fn from(error: GitError) -> Self {
        let wrong = Self::wrong(error.to_string());
        match error {
            GitError::NotHere(path) => Self::incomplete(wrong.message())
                .hint(format!("fetch it: git checkout HEAD -- {}", shown_word(&path))),
            GitError::NoRepository => wrong.hint("change into one, or make one with 'git init'"),
            GitError::BareNotNamed(path) => {
                let dir = bare_word(&path);
                wrong.hint(format!("if it is yours: git --git-dir={dir} shroud …, or set GIT_DIR"))
            }
            GitError::Missing => wrong.hint("install git 2.25 or newer, so that it is on PATH"),
            GitError::TooOld(_) => wrong.hint("install a newer git"),
            GitError::RelativeIndex => wrong.hint("run this at the top, or name the whole path"),
            GitError::OneIndex => wrong.hint("unset GIT_INDEX_FILE"),
            GitError::IndexLocked(path) => wrong.hint(format!(
                "wait until it has finished; if no git is running, remove '{path}' and try again"
            )),
            GitError::Failed { .. } | GitError::Read(_) | GitError::Io(_) => wrong,
        }
    }
}

/// A path that was made safe to show, as a word of a command.
fn shown_word(path: &str) -> String {
    // In quotes it is not the path itself.
    let is_raw = !path.starts_with('"');
    if is_raw { sanitise::word_or(path.as_bytes(), "PATH") } else { "PATH".to_owned() }
}

/// The folder that git's message named; in the message some names are not the names themselves.
fn bare_word(path: &str) -> String {
    let is_raw = !path.contains(['\\', '\u{fffd}']);
    if is_raw { sanitise::word_or(path.as_bytes(), "PATH") } else { "PATH".to_owned() }
}
