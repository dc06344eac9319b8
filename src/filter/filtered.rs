//! The outcome of a filter, and what is looked at before there is one.

use std::io::{self, Read, Write};

use super::{FilterError, Spool};
use crate::format::{self, Header, Key, Layout, OpenError, Sealing, Siv};
use crate::git_crypt::{self as crypt, KeyVersion, Nonce};

/// Bytes up to which handing a file over costs more than working on it.
const SMALL: u64 = 1 << 20;
/// Bytes of a sealed file up to which its plaintext is kept in memory.
const KEPT: u64 = 4 << 20;

/// The outcome of a filter: every byte of it is known, and it is written once.
pub struct Filtered<'k> {
    pub(super) action: Action<'k>,
    pub(super) content: Spool,
}

pub(super) enum Action<'k> {
    Same,
    Seal { key: &'k Key, siv: Siv, layout: Layout },
    Open { key: &'k Key },
    Encrypt { key: &'k KeyVersion, nonce: Nonce },
    Decrypt { key: &'k KeyVersion, nonce: Nonce },
}

impl Filtered<'_> {
    /// These very bytes.
    pub(super) fn bytes(bytes: &[u8]) -> Result<Self, FilterError> {
        let mut content = Spool::default();
        content.append(bytes)?;
        Ok(Self { action: Action::Same, content })
    }

    /// Writes the outcome. Only `Ok` says that what was written is sound and whole.
    ///
    /// # Errors
    /// Those of opening and of the sink; then what was written must be thrown away.
    pub fn write_to(mut self, mut sink: impl Write) -> Result<(), FilterError> {
        let length = self.content.len();
        let mut reader = self.content.reader()?;
        match self.action {
            Action::Same => {
                io::copy(&mut reader, &mut sink)?;
            }
            Action::Seal { key, siv, layout } => {
                drop(reader);
                let scratch = Spool::default();
                let mut sealing =
                    Sealing::begin(key, &siv, length, layout, &mut self.content, scratch)?;
                sealing.write(key, &mut self.content, sink)?;
            }
            Action::Open { key } => {
                let header = read_header(&mut reader)?;
                format::open_stream(key, &header, reader, sink)?;
            }
            Action::Encrypt { key, nonce } => crypt::seal_stream(key, &nonce, reader, sink)?,
            Action::Decrypt { key, nonce } => {
                reader.read_exact(&mut [0; crypt::HEADER_LEN])?;
                crypt::open_stream(key, &nonce, reader, sink)?;
            }
        }
        Ok(())
    }

    /// Whether handing the file over costs more than working on it.
    pub(super) fn is_small(&self) -> bool {
        self.content.len() < SMALL
    }
}

/// Opens the whole before any of it is given away: the plaintext, or `None` where it is sound and too long to be kept.
pub(super) fn open_whole(key: &Key, sealed: &mut Spool) -> Result<Option<Spool>, OpenError> {
    if sealed.len() > KEPT {
        return open_to(key, sealed, io::sink()).map(|()| None);
    }
    let mut plaintext = Spool::default();
    open_to(key, sealed, &mut plaintext).map(|()| Some(plaintext))
}

pub(super) fn open_to(key: &Key, sealed: &mut Spool, sink: impl Write) -> Result<(), OpenError> {
    let mut reader = sealed.reader()?;
    let header = read_header(&mut reader)?;
    format::open_stream(key, &header, reader, sink).map(drop)
}

pub(super) fn is_cut_off(sealed: &mut Spool) -> io::Result<bool> {
    let mut start = Vec::with_capacity(format::HEADER_LEN);
    let len = sealed.len();
    sealed.reader()?.take(format::HEADER_LEN as u64).read_to_end(&mut start)?;
    Ok(format::is_cut_off(&start, len))
}

fn read_header(reader: &mut impl Read) -> Result<Header, OpenError> {
    let mut header = [0; format::HEADER_LEN];
    reader.read_exact(&mut header)?;
    Header::parse(&header)
}
