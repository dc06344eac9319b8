//! `git shroud key combine`

use std::path::PathBuf;

use super::super::Context;
use super::import::take_in;
use crate::access::backup::secret_file::refuse_existing;
use crate::access::given::read_backup;
use crate::error::{CommandError, Context as _, Outcome};
use crate::keyring::{Keyring, share};
use crate::store::backup::Backup;

/// Join shares, and take their key
///
/// Without -o the key goes into this clone's keyring, as with 'key import'.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key combine ../prod-share-1-of-3.txt ../prod-share-3-of-3.txt
  $ cat ../prod-share-*.txt | git shroud key combine -o ../prod.key -")]
pub(super) struct Combine {
    /// Files with shares, '-' for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write a key file instead, with mode 0600
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Combine {
    pub(super) fn run(self, context: &Context) -> Outcome {
        if let Some(output) = &self.output {
            refuse_existing(output)?;
        }
        let mut shares = Vec::new();
        for file in &self.files {
            match read_backup(file, &mut crate::ui::prompt::ask)? {
                Backup::Shares(more) => shares.extend(more),
                Backup::Keys(..) => {
                    return Err(CommandError::wrong(format!(
                        "{} is not a share",
                        crate::sanitise::native(file)
                    ))
                    .hint("it holds a whole key: 'git shroud unlock' reads it directly"));
                }
            }
        }
        let entry = share::combine(&shares).context(|| "the shares cannot be joined".to_owned())?;
        let said =
            format!("the shares make the key '{}' generation {}", entry.name, entry.generation);
        let mut keyring = Keyring::default();
        keyring.insert(entry).expect("an empty keyring takes any key");
        context.ui.status(said);
        let Some(output) = &self.output else {
            return take_in(context, vec![("the shares".to_owned(), keyring)]);
        };
        // Works outside a repository too, as anybody who joins shares may have nothing else yet.
        crate::fs::create_private(output, keyring.to_text().as_bytes())
            .context(|| "the key file cannot be written".to_owned())?;
        context.ui.status(format!("wrote {}", crate::sanitise::native(output)));
        Ok(())
    }
}
