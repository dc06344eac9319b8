//! `git shroud key import`

use std::path::PathBuf;

use super::super::{Context, exclusive, refuse_rotation};
use crate::access::given;
use crate::error::{CommandError, Outcome};
use crate::keyring::Keyring;
use crate::store::backup::BackupError;

/// Take keys from a key file or a backup, but decrypt no file
///
/// Reads key files, single tokens, age files under a passphrase, and 24 words.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key import ../team.key
  $ git shroud key import ../backup.age")]
pub(super) struct Import {
    /// Key files or backups, '-' for standard input
    #[arg(required = true, value_name = "KEYFILE")]
    key_files: Vec<PathBuf>,
}

impl Import {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let given = given::read_given(&self.key_files, &mut crate::ui::prompt::ask)?;
        if !given.git_crypt.is_empty() {
            return Err(CommandError::wrong("this is a git-crypt key, not a git-shroud key").hint(
                "'git shroud unlock FILE' reads it, and opens the files that git-crypt encrypts",
            ));
        }
        take_in(context, given.keyrings)
    }
}

/// Adds keys to the local keyring once they are shown to belong here.
pub(super) fn take_in(context: &Context, given: Vec<(String, Keyring)>) -> Outcome {
    let mut opened = context.open()?;
    refuse_rotation(&opened.repository)?;
    let _exclusive = exclusive(&opened.repository)?;
    let added = given::take_in(&mut opened, given)?;
    context.ui.status(format!("took {}", crate::ui::count(added, "new key")));
    context.ui.hint("'git shroud unlock' opens the files");
    Ok(())
}

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        let message = error.to_string();
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::IsShare(_) => {
                Self::wrong(message).hint("join enough of them: git shroud key combine FILE…")
            }
            BackupError::Words { .. } | BackupError::Share { .. } => {
                Self::wrong(message).hint("compare it with the paper, character by character")
            }
            BackupError::Age { source, .. } => {
                use crate::recipient::age::AgeError;
                let wrong = Self::wrong(message);
                match source {
                    AgeError::Cancelled => wrong.hint(crate::ui::prompt::hint()),
                    AgeError::NotPassphrase => wrong.hint(
                        "open it with its identity: age --decrypt -i IDENTITY FILE | git shroud unlock -",
                    ),
                    _ => wrong,
                }
            }
        }
    }
}
