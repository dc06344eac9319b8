//! A file on its way into a filter.

use std::io::{self, Read};

use super::{Action, Filtered, Spool};
use crate::format::{self, Key, KeyId, Siv, Sniff};
use crate::secret::WipedVec;

/// The synthetic IVs of one content under several keys, each computed once.
#[derive(Default)]
pub(super) struct Sivs(Vec<(KeyId, Siv)>);

impl Sivs {
    /// That under this key, of a content that was read as a whole.
    pub(super) fn of(&mut self, key: &Key, content: &mut Spool) -> io::Result<Siv> {
        if let Some((_, siv)) = self.0.iter().find(|(id, _)| *id == key.id()) {
            return Ok(*siv);
        }
        let mut siv = key.siv();
        io::copy(&mut content.reader()?, &mut siv)?;
        let siv = siv.finish();
        self.0.push((key.id(), siv));
        Ok(siv)
    }
}

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

    /// Reads the rest, and computes the synthetic IV under this key on the way.
    pub(super) fn finish_with_siv(&mut self, key: Option<&Key>) -> io::Result<Sivs> {
        let Some(key) = key else {
            self.finish()?;
            return Ok(Sivs::default());
        };
        let mut siv = key.siv();
        io::copy(&mut self.spool.reader()?, &mut siv)?;
        self.finish_into(|piece| siv.update(piece))?;
        Ok(Sivs(vec![(key.id(), siv.finish())]))
    }

    pub(super) fn into_filtered<'k>(self) -> Filtered<'k> {
        Filtered { action: Action::Same, content: self.spool }
    }
}
