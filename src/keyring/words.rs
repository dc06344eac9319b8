//! A key as 24 English words (BIP 39), for paper (docs/format.md, section 4).

use std::fmt::Write as _;

use bip39::{Language, Mnemonic};
use zeroize::{Zeroize as _, Zeroizing};

use super::described::{self, Described};
pub use super::marks::WORDS;
use super::marks::{MAX_WORD_LEN, find_word as find};
use super::{Entry, KeyName};
use crate::format::{KEY_LEN, Key};
use crate::secret::SecretBytes;

/// The first line of a file of words.
pub(super) const FIRST_LINE: &str = "git-shroud-words v1";
/// More words than this are no backup with some words too many, but another text.
const MAX_WORDS: usize = 2 * WORDS;
const WORDS_PER_LINE: usize = 4;

/// Why a text is not the words of a key. Names places, never words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not 24 words.
    #[error("a key has {WORDS} words, but there are {0}")]
    Count(usize),
    /// A word is not on the list; counted from 1.
    #[error("word {0} is not on the English list of BIP 39")]
    Unknown(usize),
    /// All words are on the list, but one is wrong or two are exchanged.
    #[error("the checksum of the words does not match: a word is wrong, or in the wrong place")]
    Checksum,
    /// A line above the words is missing or malformed.
    #[error("the line '{0}' above the words is missing or malformed")]
    Head(&'static str),
    /// The words are those of another key than the lines above them say.
    #[error("these words belong to a different key than the id above them says")]
    OtherKey,
}

/// The words of a key, with a space between them.
pub fn encode(key: &Key) -> Zeroizing<String> {
    encode_bytes(key.expose())
}

/// Reads the words of a key: in either case, over any number of lines, with or without numbers before them.
///
/// # Errors
/// [`WordsError`].
pub fn decode(text: &str) -> Result<Key, WordsError> {
    decode_bytes(text).map(Key::new)
}

/// The file of words of one key: which key it is, and its words.
pub fn to_text(entry: &Entry) -> Zeroizing<String> {
    let Entry { name, generation, key } = entry;
    let described = Described { name: name.clone(), generation: *generation, id: key.id() };
    let mut text = Zeroizing::new(String::with_capacity(1024));
    write!(text, "{FIRST_LINE}\n{}\n", described.to_lines()).expect("a String takes any text");
    text.push_str(&numbered(key.expose()));
    text
}

/// Reads a file of words, or words alone; these are the key `default`, generation 1.
///
/// # Errors
/// [`WordsError`].
pub fn parse_text(text: &str) -> Result<Entry, WordsError> {
    let Some((head, words)) = described::split(text, FIRST_LINE) else {
        return Ok(Entry { name: KeyName::default(), generation: 1, key: decode(text)? });
    };
    let Described { name, generation, id } = Described::parse(head).map_err(WordsError::Head)?;
    let key = decode(words)?;
    if key.id() == id { Ok(Entry { name, generation, key }) } else { Err(WordsError::OtherKey) }
}

/// Whether a text is meant to be the words of a key: it says so, or most of its words are on the list.
pub fn is_meant(text: &str) -> bool {
    if described::split(text, FIRST_LINE).is_some() {
        return true;
    }
    let count = words(text).take(MAX_WORDS + 1).count();
    let known = words(text).take(MAX_WORDS).filter(|word| find(word).is_some()).count();
    (WORDS / 2..=MAX_WORDS).contains(&count) && 2 * known > count
}

/// 32 bytes as words with a space between them.
fn encode_bytes(bytes: &[u8; KEY_LEN]) -> Zeroizing<String> {
    let mnemonic = Mnemonic::from_entropy(bytes).expect("32 bytes have words");
    // Large enough from the start: a reallocation would leave words behind.
    let mut text = Zeroizing::new(String::with_capacity(WORDS * (MAX_WORD_LEN + 1)));
    for word in mnemonic.words() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// 32 bytes as numbered words, four a line.
pub(super) fn numbered(bytes: &[u8; KEY_LEN]) -> Zeroizing<String> {
    let words = encode_bytes(bytes);
    let mut text = Zeroizing::new(String::with_capacity(WORDS * 16));
    for (at, word) in words.split(' ').enumerate() {
        let last = (at + 1) % WORDS_PER_LINE == 0;
        let width = if last { 0 } else { MAX_WORD_LEN + 1 };
        write!(text, "{:>2}. {word:width$}", at + 1).expect("a String takes any text");
        text.push(if last { '\n' } else { ' ' });
    }
    text
}

/// The 32 bytes that 24 words stand for.
pub(super) fn decode_bytes(text: &str) -> Result<SecretBytes<KEY_LEN>, WordsError> {
    let mut joined = Zeroizing::new(String::with_capacity(WORDS * (MAX_WORD_LEN + 1)));
    let mut count = 0;
    for word in words(text) {
        count += 1;
        if count > WORDS {
            continue;
        }
        let known = find(word).ok_or(WordsError::Unknown(count))?;
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(known);
    }
    if count != WORDS {
        return Err(WordsError::Count(count));
    }
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &joined)
        .map_err(|_| WordsError::Checksum)?;
    let (mut entropy, _) = mnemonic.to_entropy_array();
    let bytes = SecretBytes::filled(|bytes| bytes.copy_from_slice(&entropy[..KEY_LEN]));
    entropy.zeroize();
    Ok(bytes)
}

/// The words of a text, without numbers and what separates these from a word; comment lines are left out.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let numbering = |c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ':' | '#');
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(move |word| word.trim_start_matches(numbering).trim_end_matches([',', ';', '.']))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the vectors of BIP 39 (python-mnemonic's vectors.json).
    const VECTORS: [([u8; KEY_LEN], &str); 2] = [
        (
            [0x7f; KEY_LEN],
            "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title",
        ),
        (
            [
                0xf5, 0x85, 0xc1, 0x1a, 0xec, 0x52, 0x0d, 0xb5, 0x7d, 0xd3, 0x53, 0xc6, 0x95, 0x54,
                0xb2, 0x1a, 0x89, 0xb2, 0x0f, 0xb0, 0x65, 0x09, 0x66, 0xfa, 0x0a, 0x9d, 0x6f, 0x74,
                0xfd, 0x98, 0x9d, 0x8f,
            ],
            "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
        ),
    ];

    fn entry() -> Entry {
        let key = Key::new(SecretBytes::new(VECTORS[1].0));
        Entry { name: "prod".parse().unwrap(), generation: 3, key }
    }

    #[test]
    fn the_vectors_of_bip_39_hold() {
        for (bytes, words) in VECTORS {
            let key = Key::new(SecretBytes::new(bytes));
            assert_eq!(*encode(&key), words);
            assert!(decode(words).unwrap().same_as(&key));
        }
    }

    #[test]
    fn words_are_read_as_people_write_them() {
        let words = VECTORS[1].1;
        let numbered: String =
            words.split(' ').zip(1..).map(|(word, at)| format!("{at}) {word},\r\n")).collect();
        let glued: String =
            words.split(' ').zip(1..).map(|(word, at)| format!("{at}.{word}\t")).collect();
        let upper = format!("# from the safe\n\n{}\n", words.to_uppercase().replace(' ', "\n"));
        for text in [numbered, glued, upper] {
            assert!(is_meant(&text), "{text}");
            assert!(decode(&text).unwrap().same_as(&entry().key), "{text}");
        }
    }

    #[test]
    fn a_file_of_words_says_which_key_it_is() {
        let text = to_text(&entry());
        let read = parse_text(&text).unwrap();
        assert_eq!((read.name.as_str(), read.generation), ("prod", 3));
        assert!(read.key.same_as(&entry().key));
        assert_eq!(parse_text(VECTORS[1].1).unwrap().name, KeyName::default());
        for (line, field) in [("key prod\n", "key"), ("generation 3\n", "generation")] {
            let error = parse_text(&text.replace(line, "")).err();
            assert_eq!(error, Some(WordsError::Head(field)));
        }
        let id = entry().key.id().to_string();
        let other = text.replace(&id, &"0".repeat(32));
        assert_eq!(parse_text(&other).err(), Some(WordsError::OtherKey));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let words: Vec<&str> = VECTORS[1].1.split(' ').collect();
        let with = |at: usize, word: &str| {
            let mut changed = words.clone();
            changed[at] = word;
            changed.join(" ")
        };
        assert_eq!(decode(&with(6, "warior")).err(), Some(WordsError::Unknown(7)));
        assert_eq!(decode(&with(0, "abandon")).err(), Some(WordsError::Checksum));
        assert_eq!(decode(&words[..23].join(" ")).err(), Some(WordsError::Count(23)));
        assert_eq!(decode(&format!("{} zoo", words.join(" "))).err(), Some(WordsError::Count(25)));
        assert_eq!(decode("").err(), Some(WordsError::Count(0)));
        let exchanged = words.iter().rev().copied().collect::<Vec<_>>().join(" ");
        assert_eq!(decode(&exchanged).err(), Some(WordsError::Checksum));
    }

    #[test]
    fn other_texts_are_not_taken_for_words() {
        for text in
            ["", "legal winner", "-----BEGIN AGE ENCRYPTED FILE-----", "git-shroud-keyring v1\n"]
        {
            assert!(!is_meant(text), "{text}");
        }
        assert!(!is_meant(&"abandon ".repeat(1000)));
        assert!(is_meant(&"abandon ".repeat(20)), "so that the error can say how many are missing");
    }
}
