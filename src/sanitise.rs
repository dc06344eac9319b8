//! Names from a repository, made safe for a terminal: no control character reaches it.

use std::fmt::Write as _;
use std::path::Path;

/// A path as git prints it: as it is, or in quotes with C escapes where it holds anything unusual (core.quotePath off).
pub fn path(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let plain = |c: char| {
        !c.is_control()
            && c != '"'
            && c != '\\'
            && c != char::REPLACEMENT_CHARACTER
            && !is_unseen(c)
    };
    if text.chars().all(plain) {
        return text.into_owned();
    }
    let mut quoted = String::from("\"");
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\t' => quoted.push_str("\\t"),
                c if plain(c) => quoted.push(c),
                c => octal(&mut quoted, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        octal(&mut quoted, chunk.invalid());
    }
    quoted.push('"');
    quoted
}

/// A path of this system, likewise.
pub fn native(native: &Path) -> String {
    crate::repo_path::argument_bytes(native.as_os_str())
        .map_or_else(|| text(&native.to_string_lossy()), path)
}

/// Other text: control characters but line breaks and tabs become visible escapes.
pub fn text(text: &str) -> String {
    let harmless = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || is_unseen(c));
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if harmless(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_unicode());
        }
        safe
    })
}

/// Characters that are not seen themselves: they change the order of others, break a line, or have no width.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

fn octal(quoted: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(quoted, "\\{byte:03o}").expect("a String takes any text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_as_git_does() {
        assert_eq!(path(b"a b/c-d"), "a b/c-d");
        assert_eq!(path("naïve".as_bytes()), "naïve");
        assert_eq!(path(b"a\"b\\c\n\x1b[31m\xff"), "\"a\\\"b\\\\c\\n\\033[31m\\377\"");
        assert_eq!(path("a\u{202e}b".as_bytes()), "\"a\\342\\200\\256b\"");
    }

    #[test]
    fn text_keeps_its_lines_and_loses_its_escapes() {
        assert_eq!(text("a\nb\t\x1b[0m\u{202e}"), "a\nb\t\\u{1b}[0m\\u{202e}");
        for unseen in [
            '\u{ad}', '\u{61c}', '\u{200b}', '\u{200d}', '\u{2028}', '\u{2029}', '\u{2060}',
            '\u{feff}',
        ] {
            assert_eq!(text(&unseen.to_string()), unseen.escape_unicode().to_string());
            assert!(path(unseen.to_string().as_bytes()).starts_with("\"\\"));
        }
    }
}
