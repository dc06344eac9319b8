//! Reads DEFLATE with the dictionary before it, and never more than is due (format.md 2.1).

use std::cell::Cell;
use std::thread::LocalKey;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::DICTIONARY;
use super::kept::Keep;
use crate::secret::WipedVec;

/// A decoder with its buffer. Used for many pieces.
pub(in super::super) struct Inflater {
    state: Box<DecompressorOxide>,
    /// The dictionary, and behind it the piece.
    buffer: WipedVec,
    /// Bytes of the longest piece since it was wiped.
    used: usize,
}

thread_local! {
    static INFLATER: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
}

impl Keep for Inflater {
    const SHELF: &'static LocalKey<Cell<Option<Box<Self>>>> = &INFLATER;

    fn make() -> Self {
        Self { state: Box::default(), buffer: WipedVec::default(), used: 0 }
    }

    fn wipe(&mut self) {
        if let Some(piece) = self.buffer.get_mut(DICTIONARY.len()..DICTIONARY.len() + self.used) {
            piece.fill(0);
            zeroize::optimization_barrier(self.buffer.as_slice());
        }
        self.used = 0;
    }
}

impl Inflater {
    /// The bytes that `payload` stands for: all of the payload, and at most `most` bytes; `None` for anything else.
    pub(in super::super) fn inflate(&mut self, payload: &[u8], most: usize) -> Option<&[u8]> {
        let from = DICTIONARY.len();
        if self.buffer.is_empty() {
            self.buffer.reserve_wiping(from + most);
            self.buffer.extend_from_slice(DICTIONARY);
        }
        let end = from + most;
        if self.buffer.len() < end {
            self.buffer.reserve_wiping(end - self.buffer.len());
            self.buffer.resize(end, 0);
        }
        self.used = self.used.max(most);
        self.state.init();
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) =
            decompress(&mut self.state, payload, &mut self.buffer[..end], from, flags);
        let is_whole = status == TINFLStatus::Done && read == payload.len();
        is_whole.then(|| &self.buffer[from..from + written])
    }
}
