//! The key file: one line a key (format.md 4).

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::encoding;
use super::token::{self, TokenError};
use super::{Entry, InsertError, KeyName, Keyring};
use super::{share, words};
use crate::newer::Newer;

const FIRST_LINE: &str = "git-shroud-keyring v1";
/// Bytes of the longest key file that is read.
pub const MAX_TEXT_LEN: usize = 1 << 20;

/// Why a text is not a keyring. Names lines, never their text.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// More than [`MAX_TEXT_LEN`] bytes.
    #[error("it is larger than 1 MiB, too large for a key file")]
    TooLong,
    /// No line that is neither blank nor a comment.
    #[error("it holds no key")]
    NoKeys,
    /// It is of a later version.
    #[error("{0}")]
    Newer(Newer),
    /// It begins as nothing that is known.
    #[error("it is not a git-shroud key file: line {0} is neither '{FIRST_LINE}' nor a key token")]
    UnknownFirstLine(usize),
    /// It is a key file in Base64.
    #[error("it is a key file in Base64: decode it first, for example with 'base64 -d'")]
    Base64,
    /// It is a key file of git-crypt.
    #[error("it is a key file of git-crypt, not of git-shroud")]
    GitCrypt,
    /// A line is not name, generation, token.
    #[error("line {0} is not a name, a generation and a key token")]
    Line(usize),
    /// A line's name cannot name a key.
    #[error("line {0}: the first word cannot be the name of a key")]
    Name(usize),
    /// A line's generation is not a number from 1.
    #[error("line {0}: the generation is not a whole number of at least 1")]
    Generation(usize),
    /// A line's token cannot be read.
    #[error("line {line}: {source}")]
    Token {
        /// Counted from 1.
        line: usize,
        /// What is wrong with the token.
        source: TokenError,
    },
    /// A name and generation, or a key, is there twice.
    #[error("line {line}: {source}")]
    Duplicate {
        /// Counted from 1.
        line: usize,
        /// What it collides with.
        source: InsertError,
    },
    /// A line begins as that of a git-crypt key, and is none.
    #[error("line {0} is not the name, version and token of a git-crypt key")]
    GitCryptLine(usize),
    /// Two git-crypt keys have the same name and version.
    #[error("line {0} has the name and version of an earlier git-crypt key")]
    GitCryptTwice(usize),
    /// The same line is there twice.
    #[error("line {0} repeats an earlier line")]
    Repeated(usize),
}

impl Keyring {
    /// Reads a key file, or a lone token as `default` generation 1.
    ///
    /// # Errors
    /// [`TextError`], with the number of the line and never its text.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        let keyring = parse_with(bytes, &mut |_, _| Ok(false))?;
        if keyring.is_empty() { Err(TextError::NoKeys) } else { Ok(keyring) }
    }

    /// Writes the key file, with the current generation of each name first.
    pub fn to_text(&self) -> Zeroizing<String> {
        to_text(self.entries())
    }
}

/// Whether somebody else takes a line, given by its number and text.
type Takes<'t> = dyn FnMut(usize, &[u8]) -> Result<bool, TextError> + 't;

/// Reads a key file. `takes` is asked first about each line behind the first, with its number, and says whether it is one of its own.
pub(super) fn parse_with(bytes: &[u8], takes: &mut Takes<'_>) -> Result<Keyring, TextError> {
    if bytes.len() > MAX_TEXT_LEN {
        return Err(TextError::TooLong);
    }
    let decoded = encoding::decode_marked(bytes);
    let bytes = decoded.as_ref().map_or(bytes, |text| &text[..]);
    if encoding::is_base64(bytes) {
        return Err(TextError::Base64);
    }
    if bytes.starts_with(b"\0GITCRYPTKEY") {
        return Err(TextError::GitCrypt);
    }
    let mut lines = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    let mut keyring = Keyring::default();
    let (line, first) = lines.next().ok_or(TextError::NoKeys)?;
    if first != FIRST_LINE.as_bytes() {
        if let Some(newer) = newer(first) {
            return Err(TextError::Newer(newer));
        }
        let text = std::str::from_utf8(first.trim_ascii()).unwrap_or_default();
        let key = match token::decode(text) {
            Err(TokenError::NotAToken) => return Err(TextError::UnknownFirstLine(line)),
            decoded => decoded.map_err(|source| TextError::Token { line, source })?,
        };
        if let Some((line, _)) = lines.next() {
            return Err(TextError::Line(line));
        }
        keyring
            .insert(Entry { name: KeyName::default(), generation: 1, key })
            .expect("an empty keyring takes any key");
        return Ok(keyring);
    }
    for (line, text) in lines {
        if takes(line, text)? {
            continue;
        }
        let entry = parse_entry(line, text)?;
        match keyring.insert(entry) {
            Ok(true) => {}
            Ok(false) => return Err(TextError::Repeated(line)),
            Err(source) => return Err(TextError::Duplicate { line, source }),
        }
    }
    Ok(keyring)
}

/// A first line of any file with a key, of a later version.
fn newer(line: &[u8]) -> Option<Newer> {
    let kinds =
        [("key file", FIRST_LINE), ("share", share::FIRST_LINE), ("paper key", words::FIRST_LINE)];
    kinds.into_iter().find_map(|(what, known)| Newer::first_line(what, known, line))
}

/// Writes a key file of these keys.
pub fn to_text<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Zeroizing<String> {
    let entries: Vec<_> = entries.into_iter().collect();
    // Large enough from the start: a reallocation would leave keys behind.
    let mut text = Zeroizing::new(String::with_capacity(64 + entries.len() * 256));
    text.push_str(FIRST_LINE);
    text.push('\n');
    for Entry { name, generation, key } in entries {
        let token = token::encode(key);
        writeln!(text, "{name} {generation} {}", *token).expect("a String takes any text");
    }
    text
}

fn parse_entry(line: usize, text: &[u8]) -> Result<Entry, TextError> {
    let text = std::str::from_utf8(text).map_err(|_| TextError::Line(line))?;
    let mut words = text.split_ascii_whitespace();
    let (Some(name), Some(generation), Some(token), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(TextError::Line(line));
    };
    // Not the name's own error, which shows it: a token may be in its place.
    let name = name.parse().map_err(|_| TextError::Name(line))?;
    let digits = !generation.starts_with(['0', '+']);
    let generation =
        digits.then(|| generation.parse().ok()).flatten().ok_or(TextError::Generation(line))?;
    let key = token::decode(token).map_err(|source| TextError::Token { line, source })?;
    Ok(Entry { name, generation, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Key;
    use crate::secret::SecretBytes;

    fn token(byte: u8) -> String {
        token::encode(&Key::new(SecretBytes::new([byte; 32]))).to_string()
    }

    fn error(text: &str) -> String {
        Keyring::parse(text.as_bytes()).err().expect("must be refused").to_string()
    }

    #[test]
    fn a_keyring_reads_what_it_writes() {
        let text = format!(
            "# a comment\n\ngit-shroud-keyring v1\r\nprod 1 {}\ndefault 2 {}\ndefault 1 {}\n",
            token(1),
            token(2),
            token(3)
        );
        let keyring = Keyring::parse(text.as_bytes()).unwrap();
        let written = keyring.to_text();
        let expected = format!(
            "git-shroud-keyring v1\ndefault 2 {}\ndefault 1 {}\nprod 1 {}\n",
            token(2),
            token(3),
            token(1)
        );
        assert_eq!(*written, expected);
        assert_eq!(*Keyring::parse(written.as_bytes()).unwrap().to_text(), expected);
    }

    #[test]
    fn a_lone_token_is_the_default_key() {
        let keyring = Keyring::parse(format!("  {}\n\n", token(1)).as_bytes()).unwrap();
        assert_eq!(keyring.current(&KeyName::default()).unwrap().generation, 1);
    }

    #[test]
    fn bad_lines_are_named_and_never_shown() {
        let head = "git-shroud-keyring v1\n";
        let (one, two) = (token(1), token(2));
        let broken = one.replace('1', "2");
        let cases = [
            (String::new(), "no key"),
            (head.to_owned(), "no key"),
            ("hello\n".to_owned(), "line 1"),
            (
                "git-shroud-keyring v2\n".to_owned(),
                "newer git-shroud wrote this key file (version 2",
            ),
            (format!("{one}\n{two}\n"), "line 2"),
            (format!("{head}default 1\n"), "line 2"),
            (format!("{head}default 0 {one}\n"), "generation"),
            (format!("{head}default x {one}\n"), "generation"),
            (format!("{head}default +1 {one}\n"), "generation"),
            (format!("{head}default 01 {one}\n"), "generation"),
            (format!("{head}default 4294967296 {one}\n"), "generation"),
            (format!("{head}{one} 1 {one}\n"), "cannot be the name of a key"),
            (format!("{head}Default 1 {one}\n"), "cannot be the name of a key"),
            (format!("{head}default 1 {}\n", &one[..70]), "checksum"),
            (format!("{head}default 1 {broken}\n"), "not a key token"),
            (format!("{head}default 1 {one}\ndefault 1 {two}\n"), "line 3"),
            (format!("{head}default 1 {one}\ndefault 1 {one}\n"), "line 3"),
            (format!("{head}default 1 {one}\nprod 1 {one}\n"), "line 3"),
            (format!("{head}{one} 1 {one} x\n"), "line 2"),
            ("\0GITCRYPTKEY".to_owned(), "git-crypt"),
        ];
        for (text, expected) in cases {
            let message = error(&text);
            assert!(message.contains(expected), "{message}");
            for secret in [&one, &two] {
                assert!(!message.contains(&secret[20..60]), "{message}");
            }
        }
    }

    #[test]
    fn more_than_a_mebibyte_is_refused_unread() {
        assert!(matches!(Keyring::parse(&vec![b'\n'; MAX_TEXT_LEN + 1]), Err(TextError::TooLong)));
    }
}
