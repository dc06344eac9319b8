//! Whether a sealed file that is stored as it is can be trusted to open again.

use std::io;

use super::FilterError;
use super::content::Content;
use super::filtered::{is_cut_off, open_to};
use crate::format::{OpenError, Sniff};
use crate::keyring::Keyring;

/// Whether the file is sound, as far as can be told here.
pub(super) fn verify(keyring: &Keyring, content: &mut Content<'_>) -> Result<(), FilterError> {
    match content.sniff {
        Sniff::Sealed(key_id) => match keyring.by_id(key_id) {
            Some(entry) => open_to(&entry.key, &mut content.spool, io::sink())?,
            // Unread, but it can be seen whether bytes are missing.
            None if is_cut_off(&mut content.spool)? => {
                return Err(OpenError::Truncated.into());
            }
            None => {}
        },
        Sniff::Truncated => return Err(OpenError::Truncated.into()),
        Sniff::UnsupportedVersion(version) => {
            return Err(OpenError::UnsupportedVersion(version).into());
        }
        Sniff::Empty | Sniff::NotSealed | Sniff::GitCrypt => {}
    }
    Ok(())
}
