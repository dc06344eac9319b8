//! Pieces of plaintext, each compressed or as it is (format.md 2.2).

use std::io::{self, Write};

use super::OpenError;
use super::deflate::{Deflater, Inflater, Kept};
use super::pass::at_most;
use crate::secret::WipedVec;

/// The encoding of content that is the plaintext itself.
pub(super) const PLAIN: u8 = 0;
/// The encoding of content that consists of frames.
pub(super) const FRAMES: u8 = 1;
/// Bytes of plaintext in every piece but the last.
pub(super) const PIECE: usize = 262_144;
/// Bytes before the payload of a frame: whether it is compressed, and how long it is.
pub(super) const FRAME_HEAD: usize = 3;
/// The bit of a frame's head that says that the payload is DEFLATE.
const COMPRESSED: u32 = 1 << 23;

/// Appends a piece as a frame.
pub(super) fn push_frame(deflater: &mut Deflater, piece: &[u8], frame: &mut WipedVec) {
    let head = frame.len();
    frame.reserve_wiping(FRAME_HEAD + piece.len());
    frame.extend_from_slice(&[0; FRAME_HEAD]);
    let bit = if deflater.deflate(piece, frame) {
        COMPRESSED
    } else {
        frame.extend_from_slice(piece);
        0
    };
    let len = u32::try_from(frame.len() - head - FRAME_HEAD).expect("a piece is short");
    frame[head..head + FRAME_HEAD].copy_from_slice(&(bit | len).to_be_bytes()[1..]);
}

/// Reads frames that come in parts, and gives their pieces.
pub(super) struct FrameReader {
    inflater: Kept<Inflater>,
    /// The frame that is not complete yet.
    frame: WipedVec,
}

impl FrameReader {
    pub(super) fn new() -> Self {
        Self { inflater: Kept::take(), frame: WipedVec::default() }
    }

    /// Takes the next part and returns how many of its bytes belong to frames. `unread` bytes of plaintext are still to
    /// come; whole pieces are taken off it and written to `sink`.
    ///
    /// # Errors
    /// [`OpenError::Encoding`], and those of `sink`.
    pub(super) fn take(
        &mut self,
        part: &[u8],
        unread: &mut u64,
        mut sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<usize, OpenError> {
        let mut rest = part;
        while *unread > 0 && !rest.is_empty() {
            let piece = at_most(*unread, PIECE);
            if !self.fill(FRAME_HEAD, &mut rest) {
                break;
            }
            let head = u32::from_be_bytes([0, self.frame[0], self.frame[1], self.frame[2]]);
            let (is_compressed, len) = (head & COMPRESSED != 0, (head & !COMPRESSED) as usize);
            let fits = if is_compressed { (1..piece).contains(&len) } else { len == piece };
            if !fits {
                return Err(OpenError::Encoding);
            }
            if !self.fill(FRAME_HEAD + len, &mut rest) {
                break;
            }
            let payload = &self.frame[FRAME_HEAD..];
            let plaintext = if is_compressed {
                let plaintext = self.inflater.inflate(payload, piece);
                plaintext.filter(|it| it.len() == piece).ok_or(OpenError::Encoding)?
            } else {
                payload
            };
            sink(plaintext).map_err(OpenError::Io)?;
            self.frame.clear();
            *unread -= piece as u64;
        }
        Ok(part.len() - rest.len())
    }

    /// Moves bytes over until the frame has `len` of them, and says whether it has.
    fn fill(&mut self, len: usize, rest: &mut &[u8]) -> bool {
        let missing = len.saturating_sub(self.frame.len());
        let (now, later) = rest.split_at(missing.min(rest.len()));
        self.frame.write_all(now).expect("writing to memory does not fail");
        *rest = later;
        self.frame.len() >= len
    }
}
