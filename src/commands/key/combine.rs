//! `git shroud key combine`

use std::path::PathBuf;

use super::{Context, report_taken};
use crate::access::backup::shares::{combine, write_key_file};
use crate::access::given::take_in;
use crate::error::Outcome;
use crate::ui::prompt::ask;

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
        let keyring = combine(&self.files, self.output.as_deref(), &mut ask)?;
        for entry in keyring.entries() {
            context.ui.status(format!(
                "the shares make the key '{}' generation {}",
                entry.name, entry.generation
            ));
        }
        match self.output {
            None => {
                let given = vec![("the shares".to_owned(), keyring)];
                report_taken(context, take_in(&mut context.open()?, given, &context.ui)?);
            }
            Some(output) => {
                write_key_file(&output, &keyring)?;
                context.ui.status(format!("wrote {}", crate::sanitise::native(&output)));
            }
        }
        Ok(())
    }
}
