//! Quotes and escapes of the formats, read and written. No text grows out of its buffer, so that none is left behind.

use std::iter::Peekable;
use std::str::Chars;

use zeroize::Zeroizing;

use super::Ending;

/// An empty text with room for `len` bytes.
fn room(len: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(len))
}

/// `.env`: backslashes count in double quotes alone, and there only before what most readers take for an escape.
pub(super) fn env(raw: &str) -> Result<Zeroizing<String>, &'static str> {
    let mut text = room(raw.len());
    let quote = raw.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'));
    let inner = match quote {
        Some(quote) => raw[1..].strip_suffix(quote).ok_or("the quote is not closed")?,
        None => raw,
    };
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match (c, next) {
            ('\r', Some('\n')) => {}
            ('\\', Some(next)) if quote == Some('"') => match next {
                'n' => put(&mut text, &mut chars, '\n'),
                'r' => put(&mut text, &mut chars, '\r'),
                't' => put(&mut text, &mut chars, '\t'),
                '"' | '\\' | '$' | '`' => put(&mut text, &mut chars, next),
                _ => text.push(c),
            },
            _ => text.push(c),
        }
    }
    Ok(text)
}

fn put(text: &mut String, chars: &mut impl Iterator<Item = char>, c: char) {
    chars.next();
    text.push(c);
}

/// `.env`: as it is, in single quotes, else in double quotes.
pub(super) fn write_env(text: &str, ending: Ending) -> Result<Zeroizing<String>, &'static str> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte);
    let mut raw = room(2 * text.len() + 2);
    // What ends in '=' might be taken for Base64 without a name.
    if text.bytes().all(safe) && !text.starts_with('=') && !text.ends_with('=') {
        raw.push_str(text);
        return Ok(raw);
    }
    // A real line feed would be one of another kind there.
    let breaks = text.contains('\n') && ending == Ending::CrLf || text.contains('\r');
    if !text.contains('\'') && !text.ends_with('\\') && !breaks {
        raw.push('\'');
        raw.push_str(text);
        raw.push('\'');
        return Ok(raw);
    }
    raw.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' | '`' => raw.extend(['\\', c]),
            '\n' if ending == Ending::CrLf => raw.push_str("\\n"),
            '\r' => raw.push_str("\\r"),
            c => raw.push(c),
        }
    }
    raw.push('"');
    Ok(raw)
}

/// What follows `\\u` in a text of UTF-16 units: a character, or the first half of one.
enum Unit {
    Char(char),
    High(u32),
}

/// Reads four hexadecimal digits behind the half that came before.
fn unit(chars: &mut impl Iterator<Item = char>, high: Option<u32>) -> Option<Unit> {
    let unit = hex(chars, 4)?;
    match (high, unit) {
        (None, 0xd800..=0xdbff) => Some(Unit::High(unit)),
        (Some(high), 0xdc00..=0xdfff) => {
            char::from_u32(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)).map(Unit::Char)
        }
        (None, unit) => char::from_u32(unit).map(Unit::Char),
        (Some(_), _) => None,
    }
}

const ODD_UNIT: &str = "a \\u in the value lacks four hexadecimal digits, or is half of a pair";

/// Reads the escapes that JSON and properties have in common; `other` reads the rest, of which it gets what follows the
/// backslash, if anything does.
fn unescaped(
    raw: &str,
    mut other: impl FnMut(
        Option<char>,
        &mut Peekable<Chars<'_>>,
        &mut String,
    ) -> Result<(), &'static str>,
) -> Result<Zeroizing<String>, &'static str> {
    let mut text = room(raw.len());
    let mut chars = raw.chars().peekable();
    let mut high = None;
    while let Some(c) = chars.next() {
        if high.is_some() && !(c == '\\' && chars.peek() == Some(&'u')) {
            return Err(ODD_UNIT);
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('f') => text.push('\x0c'),
            Some('u') => match unit(&mut chars, high.take()).ok_or(ODD_UNIT)? {
                Unit::Char(c) => text.push(c),
                Unit::High(half) => high = Some(half),
            },
            escape => other(escape, &mut chars, &mut text)?,
        }
    }
    if high.is_some() { Err(ODD_UNIT) } else { Ok(text) }
}

/// What is between the quotes of a string in JSON (RFC 8259, section 7).
pub(super) fn json(raw: &str) -> Result<Zeroizing<String>, &'static str> {
    unescaped(raw, |escape, _, text| {
        match escape {
            Some('b') => text.push('\x08'),
            Some(c @ ('"' | '\\' | '/')) => text.push(c),
            _ => return Err("an escape in the value is not valid in JSON"),
        }
        Ok(())
    })
}

/// Java's properties: `java.util.Properties.load`. What is not UTF-8 is Latin-1, as Java took it before version 9.
pub(super) fn properties(raw: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    let latin1 = |bytes: &[u8]| {
        let mut text = room(2 * bytes.len());
        text.extend(bytes.iter().map(|&byte| char::from(byte)));
        text
    };
    let decoded;
    let raw = match std::str::from_utf8(raw) {
        Ok(raw) => raw,
        Err(_) => {
            decoded = latin1(raw);
            decoded.as_str()
        }
    };
    unescaped(raw, |escape, chars, text| {
        match escape {
            // The line goes on behind the blanks of the next.
            Some('\r' | '\n') => {
                while chars.next_if(|c| matches!(c, ' ' | '\t' | '\x0c' | '\n')).is_some() {}
            }
            Some(c) => text.push(c),
            None => {}
        }
        Ok(())
    })
}

fn hex(chars: &mut impl Iterator<Item = char>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |value, _| Some(value << 4 | chars.next()?.to_digit(16)?))
}

/// Java's properties: in ASCII, which is the same in Latin-1 and UTF-8.
pub(super) fn write_properties(text: &str) -> Zeroizing<String> {
    let mut raw = room(6 * text.len());
    for (at, c) in text.chars().enumerate() {
        match c {
            '\\' => raw.push_str("\\\\"),
            '\n' => raw.push_str("\\n"),
            '\r' => raw.push_str("\\r"),
            '\t' => raw.push_str("\\t"),
            '\x0c' => raw.push_str("\\f"),
            ' ' | '=' | ':' if at == 0 => raw.extend(['\\', c]),
            ' '..='~' => raw.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    raw.push_str("\\u");
                    let digits = [12, 8, 4, 0].map(|shift| u32::from(*unit) >> shift & 15);
                    raw.extend(digits.iter().filter_map(|digit| char::from_digit(*digit, 16)));
                }
            }
        }
    }
    raw
}

/// What is between double quotes in YAML (1.2.2, section 5.7).
pub(super) fn yaml(raw: &str) -> Result<Zeroizing<String>, &'static str> {
    const ODD: &str = "an escape in the value is not valid in YAML";
    let mut text = room(2 * raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escape = chars.next().ok_or(ODD)?;
        let mut point = |digits| hex(&mut chars, digits).and_then(char::from_u32).ok_or(ODD);
        text.push(match escape {
            '0' => '\0',
            'a' => '\x07',
            'b' => '\x08',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\x0b',
            'f' => '\x0c',
            'r' => '\r',
            'e' => '\x1b',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            ' ' | '"' | '/' | '\\' => escape,
            'x' => point(2)?,
            'u' => point(4)?,
            'U' => point(8)?,
            _ => return Err(ODD),
        });
    }
    Ok(text)
}

/// A block scalar of YAML, with its header (1.2.2, section 8.1). Lines that are indented more are not folded.
pub(super) fn block(raw: &str) -> Result<Zeroizing<String>, &'static str> {
    let mut lines = raw.lines();
    let header = lines.next().unwrap_or_default();
    let folded = header.starts_with('>');
    let indicator = header[1..].trim_start().chars().next();
    let lines: Vec<&str> = lines.collect();
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = lines.iter().find(|line| !line.trim().is_empty()).map_or(0, |line| depth(line));
    let mut text = room(raw.len() + 1);
    let mut blank = 0;
    for (at, line) in lines.iter().enumerate() {
        let line = line.get(own..).unwrap_or_default();
        if !folded {
            text.push_str(line);
            if at + 1 < lines.len() {
                text.push('\n');
            }
        } else if line.is_empty() {
            blank += 1;
        } else {
            if line.starts_with([' ', '\t']) {
                return Err("a folded block with more indented lines is not supported");
            }
            match blank {
                0 if text.is_empty() => {}
                0 => text.push(' '),
                blank => text.extend(std::iter::repeat_n('\n', blank)),
            }
            blank = 0;
            text.push_str(line);
        }
    }
    if indicator != Some('-') && !text.is_empty() {
        text.push('\n');
    }
    Ok(text)
}

/// A string in double quotes that JSON, YAML and TOML all read as the same.
pub fn quoted(text: &str) -> Zeroizing<String> {
    let mut raw = room(6 * text.len() + 2);
    raw.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => raw.extend(['\\', c]),
            '\n' => raw.push_str("\\n"),
            '\r' => raw.push_str("\\r"),
            '\t' => raw.push_str("\\t"),
            // TOML wants DEL escaped, YAML the line ends of Unicode, and none of them a byte order mark.
            c if c < ' '
                || matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                raw.push_str("\\u");
                let digits = [12, 8, 4, 0].map(|shift| u32::from(c) >> shift & 15);
                raw.extend(digits.iter().filter_map(|digit| char::from_digit(*digit, 16)));
            }
            c => raw.push(c),
        }
    }
    raw.push('"');
    raw
}
