//! What the index has at a path is kept where it opens to the same content (format.md 3).

use std::io::{self, Read};

use super::content::{Content, Sivs};
use super::{Rules, Spool};
use crate::format::{self, HEADER_LEN, Header, KeyId};
use crate::keyring::Keyring;

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
) -> io::Result<Indexed> {
    let mut found = None;
    let mut others = Vec::new();
    rules.indexed(path, &mut |blob| {
        let mut start = Vec::with_capacity(HEADER_LEN);
        blob.take(HEADER_LEN as u64).read_to_end(&mut start)?;
        let Ok(header) = Header::parse(&start) else { return Ok(false) };
        others.push(header.key_id());
        let Some(held) = keyring.by_id(header.key_id()) else { return Ok(false) };
        if !sivs.of(&held.key, &mut content.spool)?.matches(&header.siv()) {
            return Ok(false);
        }
        let mut copy = Spool::default();
        copy.set_already_sealed();
        copy.append(&start)?;
        let body = Copying { from: blob, to: &mut copy };
        if format::open_stream(&held.key, &header, body, io::sink()).is_ok() {
            found = Some(Box::new(copy));
        }
        Ok(found.is_some())
    })?;
    Ok(found.map_or(Indexed::Other(others), Indexed::Same))
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
