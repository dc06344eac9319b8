//! How a secret in a text is known: what its token begins with, or the words that it consists of. What writes secrets and what
//! hides them agree here.

use bip39::Language;
use zeroize::Zeroizing;

/// What the token of every share begins with.
pub const SHARE: &str = "GIT-SHROUD-SHARE-1";
/// What the token of a key that was taken over from git-crypt begins with.
pub(super) const GIT_CRYPT: &str = "GIT-CRYPT-KEY-1";
/// Words of a key: 32 bytes and a checksum of 8 bits, 11 bits a word.
pub const WORDS: usize = 24;
/// Letters of the longest word of the list.
pub(super) const MAX_WORD_LEN: usize = 8;

/// The list's own spelling of a word.
pub(super) fn find_word(word: &str) -> Option<&'static str> {
    if word.len() > MAX_WORD_LEN {
        return None;
    }
    let lower = Zeroizing::new(word.to_ascii_lowercase());
    let list = Language::English.word_list();
    list.binary_search(&lower.as_str()).ok().map(|at| list[at])
}
