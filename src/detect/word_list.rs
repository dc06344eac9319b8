//! A list of words that is asked often.

use std::collections::HashSet;
use std::sync::OnceLock;

/// Words, parted by blanks.
pub(super) struct WordList {
    words: &'static str,
    set: OnceLock<HashSet<&'static [u8]>>,
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
