//! A list of words that is asked often.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

/// A set of words that are known when the program is built: nobody can choose them so that they collide.
pub(super) type WordSet = HashSet<&'static [u8], BuildHasherDefault<WordHasher>>;

/// A hash of a few bytes in few steps.
#[derive(Default)]
pub(super) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Of 64 bits the middle ones depend on all of the input after a multiplication, and come first after the turn.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// Words, parted by blanks.
pub(super) struct WordList {
    words: &'static str,
    set: OnceLock<WordSet>,
}

impl WordList {
    /// These words.
    pub(super) const fn new(words: &'static str) -> Self {
        Self { words, set: OnceLock::new() }
    }

    /// Whether the word is one of them, written like that.
    pub(super) fn has(&self, word: impl AsRef<[u8]>) -> bool {
        let words = || self.words.split_ascii_whitespace().map(str::as_bytes).collect();
        self.set.get_or_init(words).contains(word.as_ref())
    }
}
