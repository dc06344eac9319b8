//! `git shroud key export`

use std::io::stdout;
use std::path::PathBuf;

use super::Context;
use crate::access::backup::export::Copies;
use crate::access::backup::verify::verify_backup;
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::ui::prompt;

/// Write keys to a file, as words or as a page to print, for a backup or a colleague
///
/// Anybody with the file can read everything that these keys seal, unless the file has a passphrase. Files get mode 0600, and none is
/// overwritten. --passphrase makes a file that any age program opens; it asks for the passphrase, or reads GIT_SHROUD_PASSPHRASE.
/// --words, --qr and --sheet write the current generation of one key. --verify reads a backup instead, says if it opens the current keys
/// of this repository, and records that for 'doctor'.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud key export -o ../backup.key
  $ git shroud key export --name default > ../default.key
  $ git shroud key export --passphrase -o ../backup.age
  $ git shroud key export --name prod --words -o ../prod.words
  $ git shroud key export --name prod --sheet ../prod.html --qr ../prod.svg
  $ git shroud key export --verify ../team.key")]
pub(super) struct Export {
    /// Only this key, with all its generations
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<KeyName>,
    /// Protect the key file with a passphrase, in age's format
    #[arg(long, conflicts_with_all = ["words", "verify"])]
    passphrase: bool,
    /// Write the key as 24 English words (BIP 39)
    #[arg(long, conflicts_with = "verify")]
    words: bool,
    /// Make a QR code of the key: FILE.svg or FILE.png
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    qr: Option<PathBuf>,
    /// Make a page to print, with QR code, words and how to restore: FILE.html
    #[arg(long, value_name = "FILE", conflicts_with = "verify")]
    sheet: Option<PathBuf>,
    /// The file to write [default: standard output, unless --qr or --sheet is given]
    #[arg(short, long, value_name = "FILE", conflicts_with = "verify")]
    output: Option<PathBuf>,
    /// Say if this backup opens the current keys; give several files for shares
    #[arg(long, value_name = "FILE", num_args = 1..)]
    verify: Vec<PathBuf>,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Outcome {
        // The keys are here: a description that cannot be read, or a bad file beside it, is no matter.
        let mut opened = context.open_anyway()?;
        if !self.verify.is_empty() {
            verify_backup(&context.ui, &opened, &self.verify, &self.names, &mut prompt::ask)?;
            return Ok(());
        }
        let copies = Copies {
            names: &self.names,
            words: self.words,
            qr: self.qr.as_deref(),
            sheet: self.sheet.as_deref(),
            output: self.output.as_deref(),
        };
        copies.refuse_unfit(&opened)?;
        let passphrase =
            self.passphrase.then(|| prompt::new_passphrase(&context.ui)).transpose()?;
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        Ok(copies.write(&mut opened, passphrase, &mut stdout().lock(), &context.ui)?)
    }
}
