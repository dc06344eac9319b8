//! What the index has at a path is kept where it opens to the same content (format.md 3).

use std::io::{self, Read};

use super::content::{Content, Sivs};
use super::opened::opens_by_value;
use super::{Rules, Spool};
use crate::format::{self, HEADER_LEN, Header, Key, KeyId, Siv};
use crate::keyring::{Entry, Keyring};
use crate::values::{self, Ciphers, MAX_SEALED, Mode};

/// What the index has.
pub(super) enum Indexed {
    /// The sealed bytes of this very content.
    Same(Box<Spool>),
    /// Another content, or nothing.
    Other {
        /// The keys of files that are sealed whole.
        keys: Vec<KeyId>,
        /// How a file is sealed by value in which people without the key have set values: sealed whole, equal files would look equal, and
        /// these people could test guesses. So it stays as it is, whatever an attribute says.
        by_value: Option<Mode>,
    },
}

/// How a blob is sealed by value, if people without the key have set values in it.
pub(super) fn stays_by_value(path: &[u8], blob: &[u8]) -> Option<Mode> {
    if !values::has_public(blob) {
        return None;
    }
    let by_name = values::format_of_path(path);
    let format = by_name.or_else(|| values::opener(None, blob))?;
    Some(Mode { format: Some(format), ..Mode::default() })
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
    let merged = rules.merged().into_iter().flat_map(|merging| &merging.sides);
    let mut by_value = merged.map(Vec::as_slice).find_map(|side| stays_by_value(path, side));
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
                by_value = by_value.take().or_else(|| stays_by_value(path, &blob));
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
    Ok(found.map_or(Indexed::Other { keys: others, by_value }, Indexed::Same))
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
