//! Sealed bytes in, plaintext out (format.md 2.4).

use std::io::{self, Read, Write};

use super::HEADER_LEN;
use super::delta;
use super::derive::{Key, SivHasher};
use super::frames::{FRAMES, FrameReader, PLAIN};
use super::header::{DELTA, Header, VERSION_1};
use super::padding::{LENGTH_FIELD, padded_len, pays};
use super::pass::at_most;
use super::segments::{FileCipher, SEGMENT_LEN, SegmentCipher, TAG_LEN};
use super::{KeyId, OpenError};
use crate::secret::WipedVec;

/// Opens a sealed file that is in memory.
///
/// # Errors
/// [`OpenError`], one for each way in which bytes are not what sealing writes.
pub fn open<'k>(
    key: impl FnOnce(KeyId) -> Option<&'k Key>,
    sealed: &[u8],
) -> Result<WipedVec, OpenError> {
    let header = Header::parse(sealed)?;
    let key = key(header.key_id()).ok_or(OpenError::UnknownKey(header.key_id()))?;
    // Grows by what comes out, never by what a length field says.
    let mut plaintext = WipedVec::with_capacity(sealed.len());
    open_stream(key, &header, &sealed[HEADER_LEN..], &mut plaintext)?;
    Ok(plaintext)
}

/// Opens the body that follows `header` and returns the number of plaintext bytes written.
///
/// No plaintext of a segment or record is written before its tag is verified. Only `Ok` says that the whole file is
/// sound: after an error what was written must be thrown away. The records of [`DELTA`] are genuine each by itself, and
/// their order is known only at the end; who can read the source twice should look through all of it first.
///
/// # Errors
/// [`OpenError`]; `Io` for those of source and sink.
pub fn open_stream(
    key: &Key,
    header: &Header,
    source: impl Read,
    sink: impl Write,
) -> Result<u64, OpenError> {
    let mut output = Output { siv: Some(key.siv()), sink, written: 0 };
    open_into(key, header, source, &mut output)?;
    if output.siv.is_none_or(|siv| !siv.finish().matches(&header.siv())) {
        return Err(OpenError::Siv);
    }
    Ok(output.written)
}

/// Whether the body that follows `header` opens to exactly this content, which has the synthetic IV of the header. Nothing is
/// hashed: anybody with the content can compare it.
///
/// # Errors
/// As [`open_stream`], and those of reading the content.
pub fn opens_to(
    key: &Key,
    header: &Header,
    source: impl Read,
    content: impl Read,
) -> Result<bool, OpenError> {
    let mut compared = Compared { content, part: WipedVec::default(), is_same: true };
    let mut output = Output { siv: None, sink: &mut compared, written: 0 };
    let opened = open_into(key, header, source, &mut output);
    if !compared.is_same {
        return Ok(false);
    }
    opened?;
    Ok(compared.content.read(&mut [0])? == 0)
}

fn open_into(
    key: &Key,
    header: &Header,
    source: impl Read,
    output: &mut Output<impl Write>,
) -> Result<(), OpenError> {
    if key.id() != header.key_id() {
        return Err(OpenError::UnknownKey(header.key_id()));
    }
    if header.version() == DELTA {
        delta::open(key, source, |plaintext| output.write(plaintext))
    } else {
        open_whole(key, header, source, output)
    }
}

/// Where plaintext goes.
struct Output<W> {
    /// Hashes what is written, where that decides.
    siv: Option<SivHasher>,
    sink: W,
    written: u64,
}

impl<W: Write> Output<W> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<()> {
        if let Some(siv) = &mut self.siv {
            siv.update(plaintext);
        }
        self.written += plaintext.len() as u64;
        self.sink.write_all(plaintext)
    }
}

/// Compares what is written with a content, and refuses the first part that differs.
struct Compared<R> {
    content: R,
    part: WipedVec,
    is_same: bool,
}

impl<R: Read> Write for Compared<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now = &bytes[..bytes.len().min(SEGMENT_LEN)];
        self.part.reserve_wiping(now.len());
        self.part.resize(now.len(), 0);
        match self.content.read_exact(&mut self.part) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.is_same = false,
            read => {
                read?;
                self.is_same = *now == **self.part;
            }
        }
        if self.is_same { Ok(now.len()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn open_whole(
    key: &Key,
    header: &Header,
    mut source: impl Read,
    output: &mut Output<impl Write>,
) -> Result<(), OpenError> {
    let is_first = header.version() == VERSION_1;
    let mut cipher = if is_first {
        FileCipher::Gcm(SegmentCipher::new(key.file_gcm(&header.0)))
    } else {
        FileCipher::GcmSiv(SegmentCipher::new(key.file_gcm_siv(&header.0)))
    };
    let mut segments = SegmentReader::new(&mut source)?;
    let mut state: Option<Content> = None;
    while let Some((segment, last)) = segments.next()? {
        let opened = cipher.open(segment, last).map_err(|_| OpenError::Authentication)?;
        if opened.is_empty() {
            // A segment is never empty: with one, two byte strings would open to the same plaintext.
            return Err(OpenError::Authentication);
        }
        let (content, rest) = match &mut state {
            Some(content) => (content, &*opened),
            None => {
                let (content, rest) = Content::read(opened, is_first)?;
                (state.insert(content), rest)
            }
        };
        content.take(rest, output)?;
    }
    state.ok_or(OpenError::Truncated)?.end()
}

/// What the field before the content announces, and how much of it is still to come.
struct Content {
    length: u64,
    /// Bytes of plaintext that did not come yet.
    unwritten: u64,
    /// Bytes of content, without field and padding, and of padding.
    content: u64,
    padding: u64,
    /// For content that consists of frames.
    frames: Option<FrameReader>,
}

impl Content {
    fn read(first: &[u8], is_first_version: bool) -> Result<(Self, &[u8]), OpenError> {
        let (field, rest) =
            first.split_first_chunk::<LENGTH_FIELD>().ok_or(OpenError::Truncated)?;
        let mut field = *field;
        let mut encoding = PLAIN;
        if !is_first_version {
            encoding = std::mem::take(&mut field[0]);
        }
        if encoding > FRAMES {
            return Err(OpenError::UnsupportedEncoding(encoding));
        }
        let length = u64::from_be_bytes(field);
        if length == 0 {
            // The empty file is never sealed: it stands for itself.
            return Err(OpenError::Padding);
        }
        padded_len(length).ok_or(OpenError::Length)?;
        let frames = (encoding == FRAMES).then(FrameReader::new);
        Ok((Self { length, unwritten: length, content: 0, padding: 0, frames }, rest))
    }

    fn take(&mut self, part: &[u8], output: &mut Output<impl Write>) -> Result<(), OpenError> {
        let used = if let Some(frames) = &mut self.frames {
            frames.take(part, &mut self.unwritten, |plaintext| output.write(plaintext))?
        } else {
            let now = at_most(self.unwritten, part.len());
            output.write(&part[..now]).map_err(OpenError::Io)?;
            self.unwritten -= now as u64;
            now
        };
        let padding = &part[used..];
        self.content += used as u64;
        self.padding += padding.len() as u64;
        if padding.iter().any(|&byte| byte != 0) {
            return Err(OpenError::Padding);
        }
        Ok(())
    }

    fn end(self) -> Result<(), OpenError> {
        if self.unwritten > 0 {
            return Err(OpenError::Length);
        }
        let padded = LENGTH_FIELD as u64 + self.content + self.padding;
        if padded_len(self.content) != Some(padded) {
            return Err(OpenError::Padding);
        }
        if self.frames.is_some() && !pays(self.content, self.length) {
            return Err(OpenError::Encoding);
        }
        Ok(())
    }
}

/// Cuts the body into segments and knows which is the last by looking ahead.
struct SegmentReader<R> {
    source: R,
    current: WipedVec,
    ahead: WipedVec,
}

impl<R: Read> SegmentReader<R> {
    fn new(mut source: R) -> Result<Self, OpenError> {
        let ahead = Self::read_segment(&mut source, WipedVec::default())?;
        Ok(Self { source, current: WipedVec::default(), ahead })
    }

    fn read_segment(source: &mut R, mut buffer: WipedVec) -> Result<WipedVec, OpenError> {
        buffer.clear();
        let segment = (SEGMENT_LEN + TAG_LEN) as u64;
        source.take(segment).read_to_end(&mut buffer).map_err(OpenError::Io)?;
        Ok(buffer)
    }

    /// The next segment with its tag, and whether it is the last.
    fn next(&mut self) -> Result<Option<(&mut [u8], bool)>, OpenError> {
        std::mem::swap(&mut self.current, &mut self.ahead);
        if self.current.is_empty() {
            return Ok(None);
        }
        if self.current.len() < SEGMENT_LEN + TAG_LEN {
            self.ahead.clear();
        } else {
            let buffer = std::mem::take(&mut self.ahead);
            self.ahead = Self::read_segment(&mut self.source, buffer)?;
        }
        Ok(Some((&mut self.current, self.ahead.is_empty())))
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
