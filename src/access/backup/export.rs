//! Copies of the keys that are held: a key file, a file under a passphrase, words, a picture, and a page to print.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use time::OffsetDateTime;

use super::ProofError;
use super::qr::Qr;
use super::secret_file::{refuse_existing, write_secret};
use super::sheet::Sheet;
use crate::access::given::remember_copied;
use crate::clone::{CloneError, OpenClone};
use crate::error::Context as _;
use crate::format::KeyId;
use crate::keyring::{Entry, KeyName, Keyring, token, words};
use crate::progress::Progress;
use crate::store::backup;

/// Which copies are wanted.
pub struct Copies<'c> {
    /// The keys; all that are held where none is named.
    pub names: &'c [KeyName],
    /// Words in place of a key file, of one key.
    pub words: bool,
    /// A picture of one key's token.
    pub qr: Option<&'c Path>,
    /// A page to print, of one key.
    pub sheet: Option<&'c Path>,
    /// The file; standard output where none is named.
    pub output: Option<&'c Path>,
}

impl Copies<'_> {
    /// Refuses what would be refused after a passphrase was typed.
    ///
    /// # Errors
    /// A file is there already, or no key is held.
    pub fn refuse_unfit(&self, opened: &OpenClone) -> Result<(), ProofError> {
        for file in [self.output, self.qr, self.sheet].into_iter().flatten() {
            refuse_existing(file)?;
        }
        if opened.keyring.is_empty() {
            return Err(opened.none_held().into());
        }
        let is_held = |name: &&KeyName| opened.keyring.current(name).is_some();
        match self.names.iter().find(|name| !is_held(name)) {
            Some(name) => Err(CloneError::NotHeld(name.clone()).into()),
            None => Ok(()),
        }
    }

    /// Writes the copies, under the passphrase if there is one, and says where they are.
    ///
    /// # Errors
    /// A name is no key's, several keys are meant where one is needed, or a file cannot be written.
    pub fn write(
        &self,
        opened: &mut OpenClone,
        passphrase: Option<&str>,
        stdout: &mut dyn Write,
        progress: &dyn Progress,
    ) -> Result<(), ProofError> {
        let has_pictures = self.qr.is_some() || self.sheet.is_some();
        if has_pictures {
            let id = self.write_pictures(opened, progress)?;
            remember_copied(opened, [id])?;
        }
        if self.words {
            let entry = opened.current(self.names)?;
            let (ids, text) = (vec![entry.key.id()], words::to_text(entry));
            return self.put(opened, ids, text.as_bytes(), false, stdout, progress);
        }
        if has_pictures && self.output.is_none() && passphrase.is_none() {
            return Ok(());
        }
        let keyring = self.chosen(opened)?;
        let ids = keyring.entries().iter().map(|entry| entry.key.id()).collect();
        match passphrase {
            Some(passphrase) => {
                let sealed = backup::seal_with_passphrase(&keyring, passphrase)?;
                self.put(opened, ids, sealed.as_bytes(), true, stdout, progress)
            }
            None => self.put(opened, ids, keyring.to_text().as_bytes(), false, stdout, progress),
        }
    }

    /// The named keys with all their generations, else all keys.
    fn chosen(&self, opened: &mut OpenClone) -> Result<Keyring, ProofError> {
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
    fn put(
        &self,
        opened: &OpenClone,
        ids: Vec<KeyId>,
        bytes: &[u8],
        has_passphrase: bool,
        stdout: &mut dyn Write,
        progress: &dyn Progress,
    ) -> Result<(), ProofError> {
        let Some(file) = self.output else {
            // What was not read to its end is no copy, so that here a broken pipe is a failure too.
            let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
            written.context(|| "standard output".to_owned())?;
            return Ok(remember_copied(opened, ids)?);
        };
        write_secret(progress, opened, file, bytes)?;
        remember_copied(opened, ids)?;
        let who =
            if has_passphrase { "anybody with it and the passphrase" } else { "anybody with it" };
        progress.status(&format!(
            "wrote {}; {who} can read everything that these keys seal",
            crate::sanitise::native(file)
        ));
        Ok(())
    }

    fn write_pictures(
        &self,
        opened: &OpenClone,
        progress: &dyn Progress,
    ) -> Result<KeyId, ProofError> {
        let entry = opened.current(self.names)?;
        let qr = Qr::new(&token::encode(&entry.key)).expect("a token fits into a code");
        if let Some(file) = self.qr {
            write_secret(progress, opened, file, &qr.picture(file)?)?;
            progress.status(&format!("wrote {}", crate::sanitise::native(file)));
        }
        if let Some(file) = self.sheet {
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
            write_secret(progress, opened, file, html.as_bytes())?;
            progress.status(&format!(
                "wrote {}; print it on a printer that stores no copies, and delete the file",
                crate::sanitise::native(file)
            ));
        }
        Ok(entry.key.id())
    }
}

/// A backup of all keys in one file, under a passphrase.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn back_up(
    opened: &OpenClone,
    file: &Path,
    passphrase: &str,
    progress: &dyn Progress,
) -> Result<(), ProofError> {
    let sealed = backup::seal_with_passphrase(&opened.keyring, passphrase)?;
    write_secret(progress, opened, file, sealed.as_bytes())?;
    Ok(remember_copied(opened, opened.keyring.entries().iter().map(|entry| entry.key.id()))?)
}
