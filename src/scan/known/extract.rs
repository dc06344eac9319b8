//! Which parts of a sealed file are values.

use gix::bstr::ByteSlice as _;

use crate::configs::Format;
use crate::scan::detect::is_word;

/// Bytes of the longest file without a known format that is one value as a whole.
const SHORT_FILE: usize = 256;
/// The fewest bytes of a value that is looked for.
const MIN_VALUE: usize = 6;
/// The fewest characters of a line of a key; the last line of a block may say nothing.
const MIN_KEY_LINE: usize = 40;

/// The values in a file: of its items, of URLs in it, and all of it where it is short.
pub(super) fn values<'t>(path: &[u8], text: &'t [u8]) -> Vec<&'t [u8]> {
    let mut values = Vec::new();
    let read = Format::of_path(path).and_then(|format| format.read(text));
    match read {
        Some(document) => {
            let items = document.items.iter().filter(|item| item.key.is_some());
            values.extend(items.filter_map(|item| assigned(item.content)));
        }
        None if text.len() <= SHORT_FILE => values.push(text.trim()),
        None => values.extend(text.lines().filter_map(assigned)),
    }
    if Format::of_path(path) == Some(Format::Json) {
        values.extend(strings(text));
    }
    values.extend(passwords(text));
    values.retain(|value| !value.is_empty());
    values
}

/// What stands behind the first `=` or `:` of an item, without quotes, comma and comment.
fn assigned(item: &[u8]) -> Option<&[u8]> {
    let line = item.trim();
    // The name in JSON stands in quotes, which may hold either sign.
    let name = match line.first() {
        Some(b'"') => line[1..].find_byte(b'"')? + 2,
        Some(b'#' | b';') => return None,
        _ => 0,
    };
    let at = line[name..].iter().position(|byte| matches!(byte, b'=' | b':'))?;
    let mut value = line[name + at + 1..].trim();
    value = value.strip_suffix(b",").unwrap_or(value).trim_end();
    for quote in *b"\"'`" {
        if value.len() > 1
            && value[0] == quote
            && let Some(end) = value[1..].find_byte(quote)
        {
            // An escaped quote does not end it; what follows the end is a comment.
            let end =
                if value[..=end].ends_with(b"\\") { value[1..].rfind_byte(quote)? } else { end };
            return Some(&value[1..=end]);
        }
    }
    let comment = value.find(b" #").unwrap_or(value.len());
    Some(value[..comment].trim())
}

/// The strings of a JSON text that name nothing, also of several on one line; escapes stay as they are.
fn strings(text: &[u8]) -> Vec<&[u8]> {
    let mut strings = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find_byte(b'"').map(|found| at + found + 1) {
        let mut end = begin;
        while end < text.len() && text[end] != b'"' {
            end += if text[end] == b'\\' { 2 } else { 1 };
        }
        let Some(string) = text.get(begin..end) else { break };
        at = (end + 1).min(text.len());
        if !text[at..].trim_start().starts_with(b":") {
            strings.push(string);
        }
    }
    strings
}

/// The passwords of URLs: between `://USER:` and `@`.
fn passwords(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.find_iter("://").filter_map(|at| {
        let rest = &text[at + 3..];
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
        let authority =
            &rest[..rest.iter().take(1024).position(ends).unwrap_or(rest.len().min(1024))];
        let user = &authority[..authority.rfind_byte(b'@')?];
        Some(&user[user.find_byte(b':')? + 1..])
    })
}

/// The lines of private keys in PEM, each with the whole block: a line tells the key, however the block is wrapped in turn.
pub(super) fn key_lines(text: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut lines = Vec::new();
    for begin in text.find_iter("-----BEGIN ") {
        let rest = &text[begin..];
        let Some(end) = rest.find("-----END ") else { break };
        let end = rest[end + 9..].find("-----").map_or(rest.len(), |tail| end + 9 + tail + 5);
        let block = &rest[..end];
        let head = block.lines().next().unwrap_or_default();
        if head.contains_str("PRIVATE KEY") {
            let body = block.lines().skip(1).map(<[u8]>::trim);
            let long =
                body.filter(|line| line.len() >= MIN_KEY_LINE && !line.starts_with(b"-----"));
            // The first line is mostly what all keys of a kind begin with.
            lines.extend(long.skip(1).map(|line| (line, block)));
        }
    }
    lines
}

/// Whether a value says too little: short, a word, a number that others have too.
pub(super) fn is_trivial(value: &[u8]) -> bool {
    let few = |value: &[u8]| {
        let mut bytes = value.to_vec();
        bytes.sort_unstable();
        bytes.dedup();
        bytes.len() < 4
    };
    value.len() < MIN_VALUE
        || few(value)
        || (value.len() < 10 && value.iter().all(u8::is_ascii_digit))
        || value.split(|byte| b"-_./ :,".contains(byte)).all(|part| {
            part.is_empty()
                || part.iter().all(u8::is_ascii_digit) && part.len() < 6
                || part.len() < 3
                || is_word(&part.to_ascii_lowercase())
        })
        || value.starts_with(b"${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_from_every_format() {
        for (path, text) in [
            (".env", "export A='kq7vzx9m'  # note\n"),
            ("a.json", "{\"a:b\": \"kq7vzx9m\"}\n"),
            ("a.yaml", "top:\n  a: kq7vzx9m # note\n"),
            ("a.toml", "[t]\na = \"kq7vzx9m\"\n"),
            ("a.ini", "[t]\na = kq7vzx9m\n"),
            ("a.properties", "a.b=kq7vzx9m\n"),
            ("password", "kq7vzx9m\n"),
            ("app.conf", "url = postgres://me:kq7vzx9m@db/x\n"),
        ] {
            let found = values(path.as_bytes(), text.as_bytes());
            assert!(found.contains(&&b"kq7vzx9m"[..]), "{path}: {}", found.len());
        }
    }

    #[test]
    fn what_others_have_too_is_trivial() {
        for value in ["true", "abc", "production", "12345678", "aaaaaaaa", "${HOME}", "10.0.0.1"] {
            assert!(is_trivial(value.as_bytes()), "{value}");
        }
        for value in ["kq7vzx", "Tr0ub4dor&3"] {
            assert!(!is_trivial(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_key_is_known_by_its_lines_and_a_certificate_is_none() {
        let line = "Q".repeat(64);
        let block =
            |name: &str| format!("-----BEGIN {name}-----\n{line}\n{line}x\n-----END {name}-----\n");
        let key = block("PRIVATE KEY");
        assert_eq!(
            key_lines(key.as_bytes())[0],
            (&format!("{line}x").into_bytes()[..], key.trim().as_bytes())
        );
        assert!(key_lines(block("CERTIFICATE").as_bytes()).is_empty());
    }
}
