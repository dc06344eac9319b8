//! Names from a repository, made safe for a terminal: no control character reaches it, and nothing that nobody sees.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use gix::bstr::ByteSlice as _;

/// A path as git prints it: as it is, or in quotes with C escapes where it holds anything unusual (core.quotePath off).
pub fn path(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let plain = |c: char| c != '"' && c != '\\' && c != char::REPLACEMENT_CHARACTER && !acts(c);
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
    let bytes = crate::repo_path::argument_bytes(native.as_os_str());
    bytes.map_or_else(|| line(&native.to_string_lossy()), |bytes| shown(bytes, cfg!(windows)))
}

/// On Windows a backslash separates folders. With slashes the name needs no quotes, and every program there takes it.
fn shown(bytes: &[u8], windows: bool) -> String {
    if windows { path(&bytes.replace(b"\\", b"/")) } else { path(bytes) }
}

/// Other text: control characters but line breaks and tabs become visible escapes, as do characters that nobody sees.
pub fn text(text: &str) -> String {
    escaped(text, |c| acts(c) && !matches!(c, '\n' | '\t')).into_owned()
}

/// Other text on one line, so that it cannot pass for a line of this program.
pub fn line(text: &str) -> String {
    escaped(text, acts).into_owned()
}

/// A path as one word that can be copied to a shell: the person who named the file must have no say in what runs there.
///
/// `None` for a name that cannot be shown as it is, such as one with a line break, and on Windows for one that cmd, PowerShell
/// and Git Bash do not read alike: then there is nothing to copy.
pub fn word(path: &[u8]) -> Option<String> {
    word_on(path, cfg!(windows))
}

fn word_on(path: &[u8], windows: bool) -> Option<String> {
    let text = std::str::from_utf8(path).ok().filter(|text| !text.contains(acts))?;
    let plain = |c: char| {
        let is_sign = matches!(c, '.' | '_' | '/' | '-' | '+' | '@' | ',') || windows && c == ':';
        c.is_alphanumeric() || is_sign
    };
    if !text.is_empty() && text.chars().all(plain) {
        return Some(text.to_owned());
    }
    if !windows {
        return Some(format!("'{}'", text.replace('\'', r"'\''")));
    }
    // To cmd single quotes mean nothing. What begins or ends something between double ones, in one of the shells: PowerShell
    // takes typographic quotes for others.
    let special =
        |c: char| matches!(c, '"' | '$' | '`' | '%' | '!' | '\\' | '\u{2018}'..='\u{201f}');
    (!text.contains(special)).then(|| format!("\"{text}\""))
}

/// A word of a command to copy that a repository has a say in, or `instead` where it cannot be shown, or would be an option.
pub fn word_or(text: &[u8], instead: &str) -> String {
    word(text).filter(|word| !word.starts_with('-')).unwrap_or_else(|| instead.to_owned())
}

/// A path of this system, likewise.
pub fn native_word(native: &Path) -> Option<String> {
    let bytes = crate::repo_path::argument_bytes(native.as_os_str())?;
    if cfg!(windows) { word(&bytes.replace(b"\\", b"/")) } else { word(bytes) }
}

/// Other text on one line as a code span of Markdown (GFM, section 6.3), in which nothing is a link, a tag, a mention or a heading;
/// nothing for none. Not for a table, where `|` ends a cell even here.
pub fn code_span(text: &str) -> String {
    let text = line(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// JSON in which everything that acts on a terminal is escaped as JSON escapes it: it means the same.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        // Outside of strings stand line breaks alone, and JSON lets none into a string.
        if acts(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a String takes any text");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether a character does something to a terminal, or to what a reader sees: it controls, is invisible, breaks a line, or
/// changes the order of others.
pub fn acts(c: char) -> bool {
    // Unicode: Default_Ignorable_Code_Point, the separators of lines and paragraphs, the marks of annotations.
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn escaped(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if acts(c) => safe.push_str("\\n"),
            '\t' if acts(c) => safe.push_str("\\t"),
            c if acts(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe.into()
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
    fn paths_of_windows_are_shown_with_slashes() {
        let name = b"C:\\Users\\ann\\repo/.git\\config";
        assert_eq!(shown(name, true), "C:/Users/ann/repo/.git/config");
        assert_eq!(shown(b"a\\b", false), "\"a\\\\b\"");
    }

    #[test]
    fn text_keeps_its_lines_and_loses_its_escapes() {
        assert_eq!(text("a\nb\t\x1b[0m\u{202e}"), "a\nb\t\\u{1b}[0m\\u{202e}");
        assert_eq!(line("a\nb\t\x1b"), "a\\nb\\t\\u{1b}");
    }

    #[test]
    fn every_form_escapes_every_character_of_the_one_list() {
        let acting: Vec<char> = ('\0'..=char::MAX).filter(|&c| acts(c)).collect();
        for listed in
            ['\u{7f}', '\u{9b}', '\u{ad}', '\u{180e}', '\u{206a}', '\u{e0041}', '\u{e01ef}']
        {
            assert!(acting.contains(&listed), "{listed:?}");
        }
        for c in acting {
            let raw = format!("a{c}b");
            let written = json(&serde_json::to_string(&raw).unwrap());
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), raw);
            for safe in [path(raw.as_bytes()), line(&raw), written] {
                assert!(!safe.contains(acts), "{safe:?}");
            }
            assert!(!text(&raw).contains(|c| acts(c) && c != '\n' && c != '\t'), "{raw:?}");
            assert_eq!(word(raw.as_bytes()), None, "{raw:?}");
        }
        for harmless in "aÄß中文🙂é\u{a0}\u{3000}".chars() {
            assert!(!acts(harmless), "{harmless:?}");
        }
    }

    #[test]
    fn nothing_ends_a_code_span() {
        assert_eq!(code_span("A_B"), "`A_B`");
        assert_eq!(code_span("a`b```c"), "```` a`b```c ````");
        assert_eq!(code_span("a\n# b"), "`a\\n# b`");
        assert_eq!(code_span(" "), "");
    }

    #[test]
    fn words_can_be_copied_to_every_shell_of_windows() {
        for (name, shown) in [
            ("C:/Users/ann/k", Some("C:/Users/ann/k")),
            ("a b & calc", Some("\"a b & calc\"")),
            ("it's", Some("\"it's\"")),
            ("", Some("\"\"")),
            ("%PATH%", None),
            ("$(calc)", None),
            ("a\u{201d}; calc", None),
            ("a\nb", None),
        ] {
            assert_eq!(word_on(name.as_bytes(), true).as_deref(), shown);
        }
    }

    #[test]
    fn words_can_be_copied_to_a_shell() {
        for (name, shown) in [
            (&b"conf/app-1.env"[..], Some("conf/app-1.env")),
            (b"", Some("''")),
            (b"a b", Some("'a b'")),
            (b"$(touch x)", Some("'$(touch x)'")),
            (b"it's", Some(r"'it'\''s'")),
            (b"#x", Some("'#x'")),
            (b"new\nline", None),
            (b"\xff.conf", None),
        ] {
            assert_eq!(word_on(name, false).as_deref(), shown);
            if cfg!(unix) {
                assert_eq!(word_or(name, "PATH"), shown.unwrap_or("PATH"));
            }
        }
        assert_eq!(word_or(b"--force", "PATH"), "PATH");
    }
}
