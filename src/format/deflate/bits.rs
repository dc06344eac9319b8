//! Bits as DEFLATE packs them: the low bit of a byte first (RFC 1951, 3.1.1).

use super::huffman::Code;
use crate::secret::WipedVec;

/// Writes bits behind what a vector holds, and stops when they take more than a limit.
pub(super) struct BitWriter<'o> {
    out: &'o mut WipedVec,
    /// The length of `out` at which nothing more is written.
    end: usize,
    bits: u64,
    held: u32,
}

impl<'o> BitWriter<'o> {
    /// Writes at most `limit` bytes to `out`.
    pub(super) fn new(out: &'o mut WipedVec, limit: usize) -> Self {
        // The last word may begin before the limit and reach beyond it.
        out.reserve_wiping(limit + size_of::<u32>());
        let end = out.len() + limit;
        Self { out, end, bits: 0, held: 0 }
    }

    /// Adds the `count` low bits of `value`, at most 32; the others are zero.
    #[inline]
    pub(super) fn put(&mut self, value: u32, count: u32) {
        self.bits |= u64::from(value) << self.held;
        self.held += count;
        if self.held >= u32::BITS {
            self.word();
        }
    }

    /// Adds a code and `count` bits of `extra` behind it, at most 16.
    #[inline]
    pub(super) fn put_code(&mut self, code: Code, extra: u32, count: u32) {
        let length = u32::from(code.length);
        self.put(u32::from(code.bits) | extra << length, length + count);
    }

    /// Writes the last bits, filled up with zeros, and says whether all of them fitted.
    pub(super) fn finish(self) -> bool {
        let last = self.held.div_ceil(8) as usize;
        let fits = self.out.len() + last <= self.end;
        if fits {
            self.out.extend_from_slice(&self.bits.to_le_bytes()[..last]);
        }
        fits
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low word is wanted")]
    fn word(&mut self) {
        // Beyond the limit the length stays where it is too large.
        if self.out.len() <= self.end {
            self.out.extend_from_slice(&(self.bits as u32).to_le_bytes());
        }
        self.bits >>= u32::BITS;
        self.held -= u32::BITS;
    }
}
