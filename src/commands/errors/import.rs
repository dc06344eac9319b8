//! The errors of taking files over from another tool.

use crate::error::CommandError;
use crate::import::ImportError;

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> Self {
        let text = error.to_string();
        let refused = |hint: &str| Self::refused(text.clone()).hint(hint);
        let wrong = |hint: &str| Self::wrong(text.clone()).hint(hint);
        match error {
            ImportError::Clone(error) => error.into(),
            ImportError::Migrate(error) => error.into(),
            ImportError::Track(error) => error.into(),
            ImportError::File(error) => error.into(),
            ImportError::NotHeld(_) => {
                wrong("run 'git shroud unlock' first, or 'git shroud init' in a new repository")
            }
            ImportError::NotOfTool { .. } => {
                refused("'git shroud track' seals a file that is plaintext; nothing was changed")
            }
            ImportError::Twice(_) | ImportError::Start { .. } => Self::wrong(text),
            ImportError::Missing { install, .. } => wrong(install),
            ImportError::Inside { install, .. } => {
                wrong(&format!("{install}; outside of the repository"))
            }
            ImportError::Failed { program, .. } => {
                refused(&format!("{program} has said why, above; nothing was changed"))
            }
            ImportError::TimedOut { .. } => refused(
                "it may wait for a key service or a passphrase: run this on a terminal, or give it more time with --timeout SECONDS; nothing was changed",
            ),
            ImportError::TooMuch { .. } => refused("nothing was changed"),
            ImportError::StillEncrypted { .. } => {
                refused("give the program the keys of these values too; nothing was changed")
            }
            ImportError::Values { .. } => refused("nothing was changed"),
            ImportError::Changed(_) => refused("run this again"),
            ImportError::Outranked { .. } => refused(
                "'git shroud why PATH' says which line decides; change it, and run this again",
            ),
        }
    }
}
