//! What the index has at a path is kept where it opens to the same content (format.md 3).

use std::io::{self, Read};

use super::content::{Content, Sivs};
use super::opened::opens_by_value;
use super::{Rules, Spool};
use crate::format::{self, HEADER_LEN, Header, Key, KeyId, Siv};
use crate::keyring::{Entry, Keyring};
use crate::values::{Ciphers, MAX_SEALED};

/// What the index has.
pub(super) enum Indexed {
    /// The sealed bytes of this very content.
    Same(Box<Spool>),
    /// Files that were sealed with these keys, and another content; or nothing.
    Other(Vec<KeyId>),
}

/// Looks for the blob that opens to this content, which was read as a whole.
///
/// It must open, and not only bear the right header: else somebody who can push could put a damaged body under a true
/// header, and adding the file again would not repair it.
pub(super) fn find_indexed(
    rules: &mut impl Rules,
    path: &[u8],
    keyring: &Keyring,
    content: &mut Content<'_>,
    sivs: &mut Sivs,
    ciphers: &mut Ciphers<'_>,
) -> io::Result<Indexed> {
    let mut found = None;
    let mut others = Vec::new();
    rules.indexed(path, &mut |blob| {
        let mut copy = Spool::default();
        copy.set_already_sealed();
        let rest = blob;
        let mut blob = Copying { from: &mut *rest, to: &mut copy };
        let (spool, sivs) = (&mut content.spool, &mut *sivs);
        let sealed = Sealed::read(keyring, &mut blob, move |key| {
            Ok((sivs.of(key, spool)?, spool.reader()?))
        });
        let Some(sealed) = sealed? else {
            // Sealed by value, as long as the attributes said so.
            let mut blob = Vec::new();
            copy.reader()?.read_to_end(&mut blob)?;
            rest.take(MAX_SEALED as u64).read_to_end(&mut blob)?;
            if !opens_by_value(path, &blob, &mut content.spool, ciphers)? {
                return Ok(false);
            }
            found = Some(Box::new(Spool::of(&blob)?));
            return Ok(true);
        };
        others.push(sealed.key_id);
        if sealed.opener.is_some() {
            found = Some(Box::new(copy));
        }
        Ok(found.is_some())
    })?;
    Ok(found.map_or(Indexed::Other(others), Indexed::Same))
}

/// A sealed blob, held against a content.
pub(crate) struct Sealed<'k> {
    /// Which key sealed it.
    pub(crate) key_id: KeyId,
    /// That key, if it is held and the blob opens to the content; and the synthetic IV.
    pub(crate) opener: Option<(&'k Entry, Siv)>,
}

impl<'k> Sealed<'k> {
    /// Reads a blob; `None` where it is not sealed. `of_content` computes the synthetic IV of the content under a key, and
    /// gives the content itself.
    ///
    /// The header alone would let a damaged body pass for the content.
    ///
    /// # Errors
    /// Those of `of_content`, and of reading the header.
    pub(crate) fn read<C: Read>(
        keyring: &'k Keyring,
        blob: &mut dyn Read,
        of_content: impl FnOnce(&Key) -> io::Result<(Siv, C)>,
    ) -> io::Result<Option<Self>> {
        let mut start = Vec::with_capacity(HEADER_LEN);
        blob.take(HEADER_LEN as u64).read_to_end(&mut start)?;
        let Ok(header) = Header::parse(&start) else { return Ok(None) };
        let key_id = header.key_id();
        let Some(held) = keyring.by_id(key_id) else {
            return Ok(Some(Self { key_id, opener: None }));
        };
        let (siv, content) = of_content(&held.key)?;
        let is_same = siv.matches(&header.siv())
            && format::opens_to(&held.key, &header, blob, content).unwrap_or(false);
        Ok(Some(Self { key_id, opener: is_same.then_some((held, siv)) }))
    }
}

/// Copies what is read.
struct Copying<'c> {
    from: &'c mut dyn Read,
    to: &'c mut Spool,
}

impl Read for Copying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.append(&buffer[..read])?;
        Ok(read)
    }
}
