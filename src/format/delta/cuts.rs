//! Where chunks end (format.md 2.3, "Chunks").

use std::collections::{HashMap, VecDeque};

use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt};

/// Bytes that a candidate's value depends on: those that end with it.
const REACH: usize = 64;
/// Bytes of an AES block.
const BLOCK: usize = 16;
/// Candidates whose values are computed at once.
const BATCH: usize = 64;

/// Finds the ends of chunks in content that comes in parts.
pub(in super::super) struct Cutter {
    cipher: Aes256,
    /// Bytes of the whole content.
    length: u64,
    /// The window on both sides of a candidate.
    window: u64,
    /// Bytes that were looked at.
    seen: u64,
    /// The last bytes that were looked at.
    tail: [u8; REACH],
    /// The last place of each value that stood within the window.
    places: HashMap<u64, u64>,
    /// Candidates that another one of the same value may still strike out.
    open: VecDeque<Candidate>,
    /// Rising values within the window.
    rising: VecDeque<Candidate>,
    /// The end of the last chunk.
    last: u64,
}

#[derive(Clone, Copy)]
struct Candidate {
    at: u64,
    value: u64,
    /// In `open`: it is struck out. In `rising`: no smaller one is in the window before it.
    flag: bool,
}

/// The window for a content of `length` bytes: the power of two below its root, from 256 to 8,192 bytes.
pub(in super::super) fn window(length: u64) -> u64 {
    (1 << (length.max(1).ilog2() / 2)).clamp(256, 8_192)
}

impl Cutter {
    pub(in super::super) fn new(cipher: Aes256, length: u64) -> Self {
        Self {
            cipher,
            length,
            window: window(length),
            seen: 0,
            tail: [0; REACH],
            places: HashMap::new(),
            open: VecDeque::new(),
            rising: VecDeque::new(),
            last: 0,
        }
    }

    /// Looks at the next bytes and appends the ends that are certain now, as numbers of bytes from the beginning.
    pub(in super::super) fn push(&mut self, part: &[u8], ends: &mut Vec<u64>) {
        let mut context = Vec::with_capacity(REACH + part.len());
        context.extend_from_slice(&self.tail);
        context.extend_from_slice(part);
        let mut candidates = part.iter().enumerate().filter(|(_, byte)| is_separator(**byte));
        let mut batch = [0; BATCH];
        loop {
            let mut count = 0;
            for (slot, (at, _)) in batch.iter_mut().zip(candidates.by_ref()) {
                *slot = at;
                count += 1;
            }
            if count == 0 {
                break;
            }
            let values = self.values(&context, &batch[..count]);
            for (&at, value) in batch[..count].iter().zip(values) {
                self.candidate(self.seen + at as u64, value, ends);
            }
        }
        self.seen += part.len() as u64;
        self.settle(self.seen, ends);
        self.tail.copy_from_slice(&context[part.len()..]);
        zeroize::Zeroize::zeroize(&mut context);
    }

    /// The ends that are left, the last of them the end of the content.
    pub(in super::super) fn finish(mut self, ends: &mut Vec<u64>) {
        self.settle(u64::MAX, ends);
        self.force(self.length, ends);
        ends.push(self.length);
    }

    /// CBC-MAC of the 64 bytes that end with each position of the part, which begins behind the tail in `context`.
    fn values(&self, context: &[u8], at: &[usize]) -> [u64; BATCH] {
        let mut blocks = [Array([0; BLOCK]); BATCH];
        let blocks = &mut blocks[..at.len()];
        for step in (0..REACH).step_by(BLOCK) {
            for (block, &at) in blocks.iter_mut().zip(at) {
                let from = at + 1 + step;
                block.iter_mut().zip(&context[from..from + BLOCK]).for_each(|(a, b)| *a ^= b);
            }
            self.cipher.encrypt_blocks(blocks);
        }
        let mut values = [0; BATCH];
        for (value, block) in values.iter_mut().zip(blocks) {
            *value = u64::from_be_bytes(block[..8].try_into().expect("eight of sixteen bytes"));
        }
        values
    }

    fn candidate(&mut self, at: u64, value: u64, ends: &mut Vec<u64>) {
        self.settle(at, ends);
        let twin = self.places.insert(value, at).filter(|twin| at - twin <= self.window);
        if let Some(twin) = twin {
            let index = self.open.partition_point(|candidate| candidate.at < twin);
            self.open[index].flag = true;
        }
        self.open.push_back(Candidate { at, value, flag: twin.is_some() });
    }

    /// Decides what no candidate at `now` or behind it can change any more.
    fn settle(&mut self, now: u64, ends: &mut Vec<u64>) {
        while let Some(candidate) = self.open.front().copied()
            && candidate.at.saturating_add(self.window) < now
        {
            self.open.pop_front();
            if self.places.get(&candidate.value) == Some(&candidate.at) {
                self.places.remove(&candidate.value);
            }
            if !candidate.flag {
                self.rise(candidate, ends);
            }
        }
        // Behind what is settled, nothing within the window of these is left to come.
        self.expire(now.saturating_sub(self.window), ends);
    }

    fn rise(&mut self, candidate: Candidate, ends: &mut Vec<u64>) {
        self.expire(candidate.at, ends);
        while self.rising.back().is_some_and(|before| before.value > candidate.value) {
            self.rising.pop_back();
        }
        let flag = self.rising.is_empty();
        self.rising.push_back(Candidate { flag, ..candidate });
    }

    /// Cuts at those that no candidate from `at` on reaches.
    fn expire(&mut self, at: u64, ends: &mut Vec<u64>) {
        while let Some(first) = self.rising.front().copied()
            && first.at.saturating_add(self.window) < at
        {
            self.rising.pop_front();
            if first.flag && first.at >= self.window && first.at + self.window < self.length {
                self.force(first.at + 1, ends);
                self.last = first.at + 1;
                ends.push(self.last);
            }
        }
        let certain = at.saturating_sub(self.window).min(self.length);
        if certain > self.last {
            self.force(certain, ends);
        }
    }

    /// Ends chunks after eight windows where the next end is at `next` or behind it.
    fn force(&mut self, next: u64, ends: &mut Vec<u64>) {
        while next - self.last > 8 * self.window {
            self.last += 8 * self.window;
            ends.push(self.last);
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, 0 | b'\n' | b',' | b';' | b'>' | b'}')
}
