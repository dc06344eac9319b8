//! Bits as DEFLATE packs them: the low bit of a byte first (RFC 1951, 3.1.1).

use super::huffman::Code;
use crate::secret::WipedVec;

/// Writes bits behind what a vector holds, and stops when they take more than a limit.
pub(super) struct BitWriter<'o> {
    out: &'o mut WipedVec,
    /// One more than the bytes that may still be written: at zero, a byte was left out.
    room: usize,
    bits: u64,
    held: u32,
}

impl<'o> BitWriter<'o> {
    /// Writes at most `limit` bytes to `out`, which has room for them.
    pub(super) fn new(out: &'o mut WipedVec, limit: usize) -> Self {
        Self { out, room: limit + 1, bits: 0, held: 0 }
    }

    /// Adds the `count` low bits of `value`, at most 16.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.bits |= u64::from(value) << self.held;
        self.held += count;
        while self.held >= 8 {
            self.byte();
        }
    }

    pub(super) fn put_code(&mut self, code: Code) {
        self.put(u32::from(code.bits), u32::from(code.length));
    }

    /// Writes the last bits, filled up with zeros, and says whether all of them fitted.
    pub(super) fn finish(mut self) -> bool {
        if self.held > 0 {
            self.byte();
        }
        self.room > 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low byte is wanted")]
    fn byte(&mut self) {
        if self.room > 1 {
            self.out.push(self.bits as u8);
            self.room -= 1;
        } else {
            self.room = 0;
        }
        self.bits >>= 8;
        self.held = self.held.saturating_sub(8);
    }
}
