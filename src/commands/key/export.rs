//! `git shroud key export`

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::super::{Context, OpenClone};
use crate::access::backup::secret_file::{refuse_existing, write_secret};
use crate::access::backup::verify::verify_backup;
use crate::access::given::remember_copied;
use crate::clone::CloneError;
use crate::error::{Context as _, Outcome};
use crate::format::KeyId;
use crate::keyring::{Entry, KeyName, Keyring, token, words};
use crate::store::backup;
use crate::ui::prompt;
use crate::ui::qr::Qr;
use crate::ui::sheet::Sheet;

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
        for file in [&self.output, &self.qr, &self.sheet].into_iter().flatten() {
            refuse_existing(file)?;
        }
        if opened.keyring.is_empty() {
            return Err(opened.none_held().into());
        }
        let pictures = self.qr.is_some() || self.sheet.is_some();
        if pictures {
            let ids = self.pictures(context, &opened)?;
            remember_copied(&opened, ids)?;
        }
        if self.words {
            let entry = opened.current(&self.names)?;
            let (ids, text) = (vec![entry.key.id()], words::to_text(entry));
            return self.put(context, &opened, ids, text.as_bytes());
        }
        if pictures && self.output.is_none() && !self.passphrase {
            return Ok(());
        }
        let keyring = self.chosen(&mut opened)?;
        let ids = keyring.entries().iter().map(|entry| entry.key.id()).collect();
        if self.passphrase {
            let passphrase = prompt::new_passphrase(&context.ui)?;
            let sealed = backup::seal_with_passphrase(&keyring, &passphrase)?;
            return self.put(context, &opened, ids, sealed.as_bytes());
        }
        self.put(context, &opened, ids, keyring.to_text().as_bytes())
    }

    /// The named keys with all their generations, else all keys.
    fn chosen(&self, opened: &mut OpenClone) -> Outcome<Keyring> {
        let mut keyring = std::mem::take(&mut opened.keyring);
        if self.names.is_empty() {
            return Ok(keyring);
        }
        let mut chosen = Keyring::default();
        for name in self.names.iter().collect::<BTreeSet<_>>() {
            let entries: Vec<Entry> = keyring.remove(name);
            if entries.is_empty() {
                return Err(CloneError::NotHeld(name.clone()).into());
            }
            for entry in entries {
                chosen.insert(entry).context(|| "the key cannot be exported".to_owned())?;
            }
        }
        Ok(chosen)
    }

    /// Writes to the file, else to standard output, and remembers that there is a copy.
    fn put(&self, context: &Context, opened: &OpenClone, ids: Vec<KeyId>, bytes: &[u8]) -> Outcome {
        let Some(file) = &self.output else {
            // What was not read to its end is no copy, so that here a broken pipe is a failure too.
            let mut stdout = std::io::stdout().lock();
            let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
            written.context(|| "standard output".to_owned())?;
            return Ok(remember_copied(opened, ids)?);
        };
        write_secret(&context.ui, opened, file, bytes)?;
        remember_copied(opened, ids)?;
        let who =
            if self.passphrase { "anybody with it and the passphrase" } else { "anybody with it" };
        context.ui.status(format!(
            "wrote {}; {who} can read everything that these keys seal",
            crate::sanitise::native(file)
        ));
        Ok(())
    }

    fn pictures(&self, context: &Context, opened: &OpenClone) -> Outcome<Vec<KeyId>> {
        let entry = opened.current(&self.names)?;
        let qr = Qr::new(&token::encode(&entry.key)).expect("a token fits into a code");
        if let Some(file) = &self.qr {
            write_secret(&context.ui, opened, file, &qr.picture(file)?)?;
            context.ui.status(format!("wrote {}", crate::sanitise::native(file)));
        }
        if let Some(file) = &self.sheet {
            let (id, date) = (entry.key.id(), OffsetDateTime::now_utc().date());
            let html = Sheet {
                name: entry.name.as_str(),
                generation: entry.generation,
                id: &id.to_string(),
                date: &date.to_string(),
                words: &words::encode(&entry.key),
                qr: &qr,
            }
            .to_html();
            write_secret(&context.ui, opened, file, html.as_bytes())?;
            context.ui.status(format!(
                "wrote {}; print it on a printer that stores no copies, and delete the file",
                crate::sanitise::native(file)
            ));
        }
        Ok(vec![entry.key.id()])
    }
}
