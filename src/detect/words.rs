//! How much of a value is words: what a byte-pair tokeniser measures, with a word list of this project's own.
//!
//! Text that people write falls into few pieces of a word list; random text into nearly as many as it has characters.
//! A tokeniser's own tables would make the program three times as large, and take longer to load than a small commit takes
//! to scan.

use std::sync::OnceLock;

use super::thresholds::{SHORT_TEXT, SHORT_TEXT_FROM, TEXT_FROM};
use super::word_list::WordSet;

/// The usual words of source code and its documentation, of three to twelve letters, and those of weak passwords.
const WORDS: &str = include_str!("words.txt");
const SHORTEST: usize = 3;
const LONGEST: usize = 12;
/// Only so much of a value is looked at, in bytes.
const ENOUGH: usize = 128;

/// The words, and by the three letters that a word begins with which lengths there are: nearly all places of a random text
/// begin none.
struct Words {
    set: WordSet,
    lengths: Vec<u16>,
}

impl Words {
    fn new() -> Self {
        let set: WordSet = WORDS.split_ascii_whitespace().map(str::as_bytes).collect();
        let mut lengths = vec![0; 1 << 15];
        for word in &set {
            if let Some(lengths) = beginning(word).and_then(|at| lengths.get_mut(at)) {
                *lengths |= 1 << word.len();
            }
        }
        Self { set, lengths }
    }

    /// The lengths of the words that begin the text, in bytes, the shortest first.
    fn lengths<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = usize> + 't {
        let known = beginning(text).map_or(0, |at| self.lengths[at]);
        (SHORTEST..=LONGEST.min(text.len()))
            .filter(move |&length| known & 1 << length != 0)
            .filter(|&length| self.set.contains(&text[..length]))
    }
}

/// A number for three small letters.
fn beginning(text: &[u8]) -> Option<usize> {
    let letters =
        text.first_chunk::<3>().filter(|letters| letters.iter().all(u8::is_ascii_lowercase))?;
    Some(letters.iter().fold(0, |all, letter| all << 5 | usize::from(letter & 31)))
}

fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(Words::new)
}

/// How many characters of the value a piece has on average, at best: about 1.1 for random text, above 3 for words.
pub(super) fn efficiency(value: &[u8]) -> f64 {
    let value = &value[..value.len().min(ENOUGH)].to_ascii_lowercase();
    if value.is_empty() {
        return 0.0;
    }
    let words = words();
    let mut fewest = vec![usize::MAX; value.len() + 1];
    fewest[0] = 0;
    for at in 0..value.len() {
        let here = fewest[at];
        // A run of one character is one piece.
        let run = value[at..].iter().take_while(|&&byte| byte == value[at]).count();
        for length in [1, run] {
            fewest[at + length] = fewest[at + length].min(here + 1);
        }
        if !value[at].is_ascii_lowercase() {
            continue;
        }
        for length in words.lengths(&value[at..]) {
            fewest[at + length] = fewest[at + length].min(here + 1);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "128 at most")]
    let efficiency = value.len() as f64 / fewest[value.len()] as f64;
    efficiency
}

/// Whether the value looks written rather than drawn: a long word is in it, or it falls into few pieces.
///
/// Stands for what betterleaks measures with a tokeniser (`failsTokenEfficiency`).
pub(crate) fn is_text(value: &[u8]) -> bool {
    let has_word = |shortest: usize| {
        let value = value[..value.len().min(ENOUGH)].to_ascii_lowercase();
        (0..value.len()).any(|at| words().lengths(&value[at..]).any(|length| length >= shortest))
    };
    let is_short = value.len() < SHORT_TEXT && has_word(4);
    has_word(5) || efficiency(value) >= if is_short { SHORT_TEXT_FROM } else { TEXT_FROM }
}

/// Whether the value is one usual word, in any case.
pub(crate) fn is_word(value: &[u8]) -> bool {
    value.len() <= LONGEST && words().set.contains(&value.to_ascii_lowercase()[..])
}

/// Shannon entropy, in bits a byte.
pub(crate) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0usize; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "values are short")]
    let share = |count: usize| count as f64 / value.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| -share(count) * share(count).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_few_pieces_and_random_text_many() {
        assert!(efficiency(b"application_default_credentials") > 4.0);
        assert!(efficiency(b"getUserAccountFromDatabase") > 4.0);
        assert!(efficiency(b"8fK2mQx0ZpV7tRw3bYc9LjN5") < 1.5);
        assert!(efficiency(b"xxxxxxxxxxxxxxxxxxxx") > 10.0);
        assert!(efficiency(b"") < 0.1);
    }

    #[test]
    fn entropy_is_that_of_the_bytes() {
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
    }
}
