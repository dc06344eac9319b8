//! What the index has at a path that is sealed by value.

use std::io::{self, Read as _};

use super::{Rules, Sealed};
use crate::config_format::Format;
use crate::format::{Key, KeyId};
use crate::keyring::Entry;
use crate::values::{self, Ciphers, MAX_SEALED, Opened, Token};

/// What the index has at a path.
#[derive(Default)]
pub(super) struct Versions {
    /// The blobs that are not sealed whole.
    pub(super) blobs: Vec<Vec<u8>>,
    /// The keys of those that are sealed whole.
    pub(super) ids: Vec<KeyId>,
    /// A blob that is sealed whole and opens to the content.
    pub(super) same: Option<Vec<u8>>,
}

impl Versions {
    /// Reads them; what is too long to be sealed by value is left out.
    pub(super) fn read(
        rules: &mut impl Rules,
        path: &[u8],
        ciphers: &Ciphers<'_>,
        content: &[u8],
    ) -> io::Result<Self> {
        let mut versions = Self::default();
        rules.indexed(path, &mut |blob| {
            let mut bytes = Vec::new();
            blob.take(MAX_SEALED as u64 + 1).read_to_end(&mut bytes)?;
            if bytes.len() > MAX_SEALED {
                return Ok(false);
            }
            let siv = |key: &Key| {
                let mut siv = key.siv();
                siv.update(content);
                Ok((siv.finish(), content))
            };
            match Sealed::read(ciphers.keyring(), &mut &bytes[..], siv)? {
                None => versions.blobs.push(bytes),
                Some(sealed) => {
                    versions.ids.push(sealed.key_id);
                    versions.same = sealed.opener.is_some().then_some(bytes);
                }
            }
            Ok(versions.same.is_some())
        })?;
        Ok(versions)
    }

    /// The keys of all of them that are held.
    pub(super) fn held<'k>(&self, ciphers: &Ciphers<'k>) -> Vec<&'k Entry> {
        let tokens = self.blobs.iter().flat_map(|blob| values::named_keys(blob));
        let whole = self.ids.iter().filter_map(|id| ciphers.keyring().by_id(*id));
        tokens.filter_map(|id| ciphers.held(id)).chain(whole).collect()
    }

    /// A blob whose values open to the content, though a key other than this one sealed some of them, or somebody who does not hold it, or
    /// it has conflicts in it.
    pub(super) fn same_of_others(
        &self,
        format: Option<Format>,
        content: &[u8],
        current: Option<&Entry>,
        ciphers: &mut Ciphers<'_>,
    ) -> Option<&[u8]> {
        let is_other = |id: &KeyId| current.is_none_or(|entry| !id.names(entry.key.id()));
        // With conflicts in it a file would be sealed whole now.
        let has_conflicts = values::has_conflicts(content);
        let opens = |blob: &&Vec<u8>| {
            let is_other = |token: Token| token.is_to_public() || is_other(&token.key());
            values::tokens(blob).any(|token| has_conflicts || is_other(token))
                && matches!(
                    values::open(format, blob, ciphers),
                    Ok(Opened::Plaintext { bytes, .. }) if **bytes == *content
                )
        };
        let mut opens = opens;
        self.blobs.iter().find(|blob| opens(blob)).map(Vec::as_slice)
    }
}

/// Whether a part of a value that a stored file of this format seals would be readable.
pub(super) fn shows_values(
    format: Format,
    stored: &[u8],
    now: &[u8],
    ciphers: &mut Ciphers<'_>,
) -> bool {
    /// Bytes of a part that may be there by chance.
    const SHORT: usize = 4;
    let values = values::each(Some(format), stored, ciphers);
    let parts = values.iter().flat_map(|value| value.raw.split(|byte| *byte == b'\n'));
    let mut parts = parts.map(<[u8]>::trim_ascii).filter(|part| part.len() > SHORT);
    parts.any(|part| memchr::memmem::find(now, part).is_some())
}
