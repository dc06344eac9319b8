//! A file on its way into a filter.

use std::io::{self, Read};

use super::{Action, Filtered, Spool};
use crate::format::{self, Header, Key, Siv, Sniff};
use crate::keyring::Keyring;
use crate::secret::WipedVec;

/// A file while it is read.
pub(super) struct Content<'s> {
    source: &'s mut dyn Read,
    pub(super) spool: Spool,
    pub(super) sniff: Sniff,
    piece: &'s mut WipedVec,
}

impl<'s> Content<'s> {
    /// Reads as much as tells what it is.
    pub(super) fn begin(source: &'s mut dyn Read, piece: &'s mut WipedVec) -> io::Result<Self> {
        let mut filled = 0;
        while filled < format::HEADER_LEN {
            match source.read(&mut piece[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        let sniff = format::sniff(&piece[..filled]);
        let mut spool = Spool::default();
        if matches!(sniff, Sniff::Sealed(_)) {
            spool.set_already_sealed();
        }
        spool.append(&piece[..filled])?;
        Ok(Self { source, spool, sniff, piece })
    }

    /// Reads the rest and shows each piece.
    pub(super) fn finish_into(&mut self, mut see: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let read = self.source.read(self.piece)?;
            if read == 0 {
                return Ok(());
            }
            see(&self.piece[..read]);
            self.spool.append(&self.piece[..read])?;
        }
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.finish_into(|_| ())
    }

    pub(super) fn finish_with_siv(&mut self, key: &Key) -> io::Result<Siv> {
        let mut siv = key.siv();
        io::copy(&mut self.spool.reader()?, &mut siv)?;
        self.finish_into(|piece| siv.update(piece))?;
        Ok(siv.finish())
    }

    /// The key of this header, if the whole file, once it was read, is what was sealed with it.
    pub(super) fn seals_to<'k>(
        &mut self,
        keyring: &'k Keyring,
        header: &Header,
    ) -> io::Result<Option<(&'k Key, Siv)>> {
        let Some(held) = keyring.by_id(header.key_id()) else { return Ok(None) };
        let mut siv = held.key.siv();
        io::copy(&mut self.spool.reader()?, &mut siv)?;
        let siv = siv.finish();
        Ok(siv.matches(&header.siv()).then_some((&held.key, siv)))
    }

    pub(super) fn into_filtered<'k>(self) -> Filtered<'k> {
        Filtered { action: Action::Same, content: self.spool }
    }
}
