//! The errors of backups: keys in files outside of the repository.

use crate::access::backup::ProofError;
use crate::error::CommandError;
use crate::recipient::age::AgeError;
use crate::store::backup::BackupError;

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        let message = error.to_string();
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::IsPicture(_) => Self::wrong(message)
                .hint("scan its QR code: zbarimg --quiet --raw FILE | git shroud unlock -")
                .hint("or type the words of the page into a file"),
            BackupError::IsShare(_) => {
                Self::wrong(message).hint("join enough of them: git shroud key combine FILE…")
            }
            BackupError::IsPrivateKey(_) => Self::wrong(message)
                .hint("'git shroud unlock FILE' opens with it what was granted to it"),
            BackupError::Words { .. } | BackupError::Share { .. } => {
                Self::wrong(message).hint("compare it with the paper, character by character")
            }
            BackupError::Age { source, .. } => {
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
            ProofError::NoPicture(_) => wrong("end it with .svg or .png"),
            ProofError::NoShare(_) => {
                wrong("it holds a whole key: 'git shroud unlock' reads it directly")
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
