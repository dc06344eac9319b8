//! The values of sealed files, which are looked for everywhere else, and what of them is not.

use std::collections::BTreeSet;

use crate::detect::known::{Gathering, KnownValues, MAX_VALUES};
use crate::format::{self, OpenError, Sniff, sniff};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::sanitise;
use crate::scan::findings::Unread;
use crate::scan::policy::Policy;
use crate::secret::WipedVec;
use crate::values::{self, Ciphers};

/// Bytes of the largest sealed file that is opened.
const MAX_SEALED: u64 = 64 << 20;
/// Bytes of the largest file that is no text and is searched for values.
const MAX_BINARY: usize = 4 << 20;
/// As many bytes as git looks at to tell whether a file is text.
const BEGINNING: usize = 8000;
/// Files that are named for one reason, at most.
const NAMED: usize = 20;

/// Opens sealed files.
pub(super) struct Opener<'a> {
    pub(super) keyring: &'a Keyring,
    pub(super) git_crypt: &'a HeldKeys,
}

impl Opener<'_> {
    /// The values of all that is sealed and can be opened; the rest is named where a key of it is held.
    pub(super) fn values(
        &self,
        database: &Database<'_>,
        policy: &Policy,
    ) -> Result<(KnownValues, BTreeSet<Unread>), GitError> {
        let mut gathering = Gathering::default();
        let mut unlooked = BTreeSet::new();
        let mut name = |path: &[u8], reason: &str| {
            let what = sanitise::path(path);
            unlooked.insert(Unread { what, reason: reason.to_owned() });
        };
        for (&id, path) in &policy.sealed {
            let sealed = match database.header(id)? {
                Some((_, len)) if len > MAX_SEALED => {
                    name(
                        path,
                        "sealed and larger than 64 MiB, so the scan did not search for its values",
                    );
                    continue;
                }
                Some(_) => database.file(id, MAX_SEALED)?,
                None => None,
            };
            let Some(sealed) = sealed else {
                name(
                    path,
                    "sealed and not in this clone, so the scan did not search for its values",
                );
                continue;
            };
            match self.open(path, &sealed) {
                Ok(Some(plaintext)) if is_large_binary(&plaintext) => {
                    name(
                        path,
                        "sealed, larger than 4 MiB and not text, so the scan did not search for its values",
                    );
                }
                Ok(Some(plaintext)) => gathering.add(path, &plaintext),
                // Sealed for others.
                Ok(None) => {}
                Err(()) => {
                    name(path, "sealed and damaged, so the scan did not search for its values");
                }
            }
        }
        let mut beyond = gathering.beyond().iter();
        for path in beyond.by_ref().take(NAMED) {
            name(path, &format!("has values beyond the {MAX_VALUES} that one scan searches for"));
        }
        let more = beyond.count();
        if more > 0 {
            let reason = format!("have values beyond the {MAX_VALUES} that one scan searches for");
            unlooked.insert(Unread { what: format!("{more} more sealed files"), reason });
        }
        Ok((gathering.finish(), unlooked))
    }

    /// The content; `None` where no key of it is held.
    fn open(&self, path: &[u8], sealed: &[u8]) -> Result<Option<WipedVec>, ()> {
        if let Sniff::NotSealed = sniff(sealed) {
            // Exempt values are no secrets: they may be anywhere.
            let ciphers = &mut Ciphers::new(self.keyring);
            return Ok(values::only_sealed(values::format_of_path(path), sealed, ciphers));
        }
        if let Sniff::GitCrypt = sniff(sealed) {
            return Ok(self.git_crypt.open(None, sealed).ok().map(|(_, _, plaintext)| plaintext));
        }
        let key = |id| self.keyring.by_id(id).map(|entry| &entry.key);
        match format::open(key, sealed) {
            Ok(plaintext) => Ok(Some(plaintext)),
            Err(OpenError::UnknownKey(_)) => Ok(None),
            Err(_) => Err(()),
        }
    }
}

fn is_large_binary(plaintext: &[u8]) -> bool {
    plaintext.len() > MAX_BINARY && plaintext[..BEGINNING].contains(&0)
}
