//! Plaintext in, sealed bytes out: deterministic, and in flat memory (format.md 2).

use std::io::{self, Read, Write};

use super::deflate::Kept;
use super::delta;
use super::derive::{Key, Siv};
use super::frames::{FRAME_HEAD, FRAMES, PIECE, PLAIN, push_frame};
use super::header::{DELTA, Header, WHOLE};
use super::padding::{self, LENGTH_FIELD, padded_len, pays};
use super::pass::{at_most, end_of};
use super::segments::{SEGMENT_LEN, SegmentCipher, TAG_LEN};
use crate::secret::WipedVec;

/// The length field holds 56 bits.
const MAX_LENGTH: u64 = (1 << 56) - 1;

/// How a path is sealed, as its attributes say (format.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Compress where it makes the sealed file shorter. Off with `-shroud-compress`.
    pub compress: bool,
    /// Seal in records, so that git finds what two versions have in common. On with `shroud-delta`.
    pub delta: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { compress: true, delta: false }
    }
}

/// Something that can be read from its beginning more than once.
pub trait Reread {
    /// Reads it from the beginning.
    ///
    /// # Errors
    /// Those of what holds it.
    fn reread(&mut self) -> io::Result<impl Read>;
}

impl Reread for &[u8] {
    fn reread(&mut self) -> io::Result<impl Read> {
        Ok(*self)
    }
}

impl Reread for WipedVec {
    fn reread(&mut self) -> io::Result<impl Read> {
        Ok(self.as_slice())
    }
}

/// Holds the sealed or compressed form of a large file between the two passes. It must keep what it holds secret.
pub trait Scratch: Reread + Write {}

impl<S: Reread + Write> Scratch for S {}

/// Seals a plaintext that is in memory. The empty file stays empty.
pub fn seal(key: &Key, layout: Layout, plaintext: &[u8]) -> Vec<u8> {
    let mut siv = key.siv();
    siv.update(plaintext);
    let length = plaintext.len() as u64;
    let mut plaintext = plaintext;
    let sealing =
        Sealing::begin(key, &siv.finish(), length, layout, &mut plaintext, WipedVec::default());
    let mut sealing = sealing.expect("reading and writing memory does not fail");
    let mut sealed = Vec::with_capacity(usize::try_from(sealing.len()).unwrap_or(0));
    sealing
        .write(key, &mut plaintext, &mut sealed)
        .expect("reading and writing memory does not fail");
    sealed
}

/// Bytes of a file that is sealed whole and compressed, for a plaintext that is in memory; `None` where compressing does not
/// pay. Needs no key.
pub fn compressed_len(plaintext: &[u8]) -> Option<u64> {
    let length = plaintext.len() as u64;
    let (mut plaintext, mut scratch) = (plaintext, WipedVec::default());
    let content = match Content::whole(length, &mut plaintext, &mut scratch).ok()? {
        Content::Frame(frame) => frame.len() as u64,
        Content::Frames(len) => len,
        Content::Plain | Content::Records(_) => return None,
    };
    padding::sealed_len(content)
}

/// A file between the passes: its sealed length is known, and its bytes can be written, more than once.
pub struct Sealing<S> {
    header: Header,
    length: u64,
    content: Content,
    scratch: S,
}

enum Content {
    /// The plaintext as it is.
    Plain,
    /// A single frame.
    Frame(WipedVec),
    /// Frames in the scratch, of so many bytes.
    Frames(u64),
    /// Records in the scratch, of so many bytes.
    Records(u64),
}

impl<S: Scratch> Sealing<S> {
    /// Compresses `length` bytes of plaintext, where that is asked for and pays. The synthetic IV was computed before.
    ///
    /// The caller answers for the plaintext being, each time that it is read, what was hashed. Where it is not, the
    /// file that comes out does not open; nothing else is given away.
    ///
    /// # Errors
    /// Those of plaintext and scratch; `UnexpectedEof` or `InvalidData` where the plaintext has fewer or more than
    /// `length` bytes, `FileTooLarge` from 2^56 bytes on.
    pub fn begin(
        key: &Key,
        siv: &Siv,
        length: u64,
        layout: Layout,
        plaintext: &mut impl Reread,
        mut scratch: S,
    ) -> io::Result<Self> {
        if length > MAX_LENGTH {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if layout.delta && length >= delta::MIN_LEN {
            let mut records = delta::Writer::new(key, length, layout.compress, &mut scratch);
            records.write(plaintext.reread()?)?;
            let content = Content::Records(records.finish()?);
            return Ok(Self {
                header: Header::new(DELTA, key.id(), siv),
                length,
                content,
                scratch,
            });
        }
        let content = if layout.compress {
            Content::whole(length, plaintext, &mut scratch)?
        } else {
            Content::Plain
        };
        Ok(Self { header: Header::new(WHOLE, key.id(), siv), length, content, scratch })
    }

    /// Bytes of the sealed file.
    pub fn len(&self) -> u64 {
        if self.length == 0 {
            return 0;
        }
        match self.content {
            Content::Records(len) => self.header.0.len() as u64 + len,
            _ => padding::sealed_len(self.content_len()).unwrap_or(u64::MAX),
        }
    }

    /// Whether the file is empty; such a file is sealed as the empty file.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn content_len(&self) -> u64 {
        match &self.content {
            Content::Plain => self.length,
            Content::Frame(frame) => frame.len() as u64,
            Content::Frames(len) | Content::Records(len) => *len,
        }
    }

    /// Writes the sealed file.
    ///
    /// # Errors
    /// As [`Self::begin`], and those of `sink`.
    pub fn write(
        &mut self,
        key: &Key,
        plaintext: &mut impl Reread,
        sink: impl Write,
    ) -> io::Result<()> {
        let (header, length) = (&self.header, self.length);
        let len = self.content_len();
        match &mut self.content {
            Content::Plain => {
                let content = Numbered { encoding: PLAIN, length, len };
                content.write(key, header, plaintext.reread()?, sink)
            }
            Content::Frame(frame) => {
                let content = Numbered { encoding: FRAMES, length, len };
                content.write(key, header, frame.as_slice(), sink)
            }
            Content::Frames(_) => {
                let content = Numbered { encoding: FRAMES, length, len };
                content.write(key, header, self.scratch.reread()?, sink)
            }
            Content::Records(_) => {
                let mut sink = sink;
                sink.write_all(&header.0)?;
                io::copy(&mut self.scratch.reread()?, &mut sink).map(drop)
            }
        }
    }
}

impl Content {
    /// Compressed content, where that pays.
    fn whole(
        length: u64,
        plaintext: &mut impl Reread,
        scratch: &mut impl Scratch,
    ) -> io::Result<Self> {
        if length == 0 {
            Ok(Self::Plain)
        } else if length <= PIECE as u64 {
            Self::frame(length, plaintext)
        } else {
            Self::frames(length, plaintext, scratch)
        }
    }

    fn frame(length: u64, plaintext: &mut impl Reread) -> io::Result<Self> {
        let mut source = plaintext.reread()?;
        let mut piece = WipedVec::default();
        read_piece(&mut source, length, &mut piece)?;
        end_of(&mut source)?;
        let mut frame = WipedVec::with_capacity(piece.len() + FRAME_HEAD);
        push_frame(&mut Kept::take(), &piece, &mut frame);
        Ok(if pays(frame.len() as u64, length) { Self::Frame(frame) } else { Self::Plain })
    }

    fn frames(
        length: u64,
        plaintext: &mut impl Reread,
        scratch: &mut impl Scratch,
    ) -> io::Result<Self> {
        let mut source = plaintext.reread()?;
        let mut deflater = Kept::take();
        let mut piece = WipedVec::with_capacity(PIECE);
        let mut frame = WipedVec::with_capacity(PIECE + FRAME_HEAD);
        let (mut unread, mut written) = (length, 0);
        while unread > 0 {
            unread -= read_piece(&mut source, unread, &mut piece)?;
            frame.clear();
            push_frame(&mut deflater, &piece, &mut frame);
            scratch.write_all(&frame)?;
            written += frame.len() as u64;
        }
        end_of(&mut source)?;
        Ok(if pays(written, length) { Self::Frames(written) } else { Self::Plain })
    }
}

/// Reads the next piece, of at most `unread` bytes, and returns how many it has.
fn read_piece(source: &mut impl Read, unread: u64, piece: &mut WipedVec) -> io::Result<u64> {
    let len = at_most(unread, PIECE);
    piece.clear();
    piece.reserve_wiping(len);
    piece.resize(len, 0);
    source.read_exact(piece)?;
    Ok(len as u64)
}

/// Content behind its field: u8(encoding) || u56(length of the plaintext).
struct Numbered {
    encoding: u8,
    length: u64,
    /// Bytes of the content.
    len: u64,
}

impl Numbered {
    fn write(
        &self,
        key: &Key,
        header: &Header,
        mut content: impl Read,
        mut sink: impl Write,
    ) -> io::Result<()> {
        if self.length == 0 {
            return Ok(());
        }
        let padded = padded_len(self.len).ok_or(io::ErrorKind::FileTooLarge)?;
        let mut cipher = SegmentCipher::new(key.file_gcm_siv(&header.0));
        // The header goes out with the first segment: one packet for a small file.
        let capacity = at_most(padded, SEGMENT_LEN);
        let mut bytes = WipedVec::with_capacity(header.0.len() + capacity + TAG_LEN);
        bytes.extend_from_slice(&header.0);
        let mut segment_at = bytes.len();
        let mut field: [u8; LENGTH_FIELD] = self.length.to_be_bytes();
        field[0] = self.encoding;
        bytes.extend_from_slice(&field);
        let (mut unread, mut unsealed) = (self.len, padded);
        while unsealed > 0 {
            let segment_len = at_most(unsealed, SEGMENT_LEN);
            let filled = bytes.len();
            let now = at_most(unread, segment_at + segment_len - filled);
            bytes.resize(segment_at + segment_len, 0);
            content.read_exact(&mut bytes[filled..filled + now])?;
            unread -= now as u64;
            unsealed -= segment_len as u64;
            cipher.seal(&mut bytes, segment_at, unsealed == 0);
            sink.write_all(&bytes)?;
            bytes.clear();
            segment_at = 0;
        }
        end_of(&mut content)
    }
}
