//! Reads DEFLATE with the dictionary before it, and never more than is due (format.md 2.1).

use std::cell::Cell;
use std::thread::LocalKey;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::DICTIONARY;
use super::kept::Keep;
use crate::secret::WipedVec;

/// The window of DEFLATE without a frame around it, as a power of two.
const WINDOW_BITS: u8 = 15;

/// A decoder with its buffer. Used for many pieces.
pub(in super::super) struct Inflater {
    /// Keeps the end of what it read last in a window of its own.
    state: Inflate,
    piece: WipedVec,
    /// Bytes of the longest piece since it was wiped.
    used: usize,
}

thread_local! {
    static INFLATER: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
}

impl Keep for Inflater {
    const SHELF: &'static LocalKey<Cell<Option<Box<Self>>>> = &INFLATER;

    fn make() -> Self {
        Self { state: Inflate::new(false, WINDOW_BITS), piece: WipedVec::default(), used: 0 }
    }

    fn wipe(&mut self) {
        // A dictionary as long as the window takes the place of all that is in it.
        const ZEROS: &[u8] = &[0; 1 << WINDOW_BITS];
        self.state.reset(false);
        let wiped = self.state.set_dictionary(ZEROS);
        debug_assert!(wiped.is_ok(), "a decoder that has read nothing takes any dictionary");
        if let Some(piece) = self.piece.get_mut(..self.used) {
            piece.fill(0);
            zeroize::optimization_barrier(self.piece.as_slice());
        }
        self.used = 0;
    }
}

impl Inflater {
    /// The bytes that `payload` stands for: all of the payload, and at most `most` bytes; `None` for anything else.
    pub(in super::super) fn inflate(&mut self, payload: &[u8], most: usize) -> Option<&[u8]> {
        if self.piece.len() < most {
            self.piece.reserve_wiping(most - self.piece.len());
            self.piece.resize(most, 0);
        }
        self.used = self.used.max(most);
        self.state.reset(false);
        self.state.set_dictionary(DICTIONARY).ok()?;
        let piece = &mut self.piece[..most];
        let status = self.state.decompress(payload, piece, InflateFlush::Finish).ok()?;
        let read = usize::try_from(self.state.total_in()).ok()?;
        let written = usize::try_from(self.state.total_out()).ok()?;
        let is_whole = status == Status::StreamEnd && read == payload.len();
        is_whole.then(|| &self.piece[..written])
    }
}
