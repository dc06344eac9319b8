//! Quotes and escapes of the formats, read and written. No text grows out of its buffer, so that none is left behind.

use zeroize::Zeroizing;

/// An empty text with room for `len` bytes.
fn room(len: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(len))
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
            // The line goes on behind the blanks of the next.
            Some('\r' | '\n') => {
                while chars.next_if(|c| matches!(c, ' ' | '\t' | '\x0c' | '\n')).is_some() {}
            }
            Some(c) => text.push(c),
            None => {}
        }
    }
    if high.is_some() { Err(ODD_UNIT) } else { Ok(text) }
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

/// A text in quotes, in which nothing begins a template (HCL 2, section 'Template Expressions').
pub fn quoted_hcl(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * text.len() + 16));
    out.push('"');
    let mut all = text.chars().peekable();
    while let Some(c) = all.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Not `$${`: with another `$` before it that begins a template again.
            '$' | '%' if all.peek() == Some(&'{') => {
                out.push_str(if c == '$' { "\\u0024" } else { "\\u0025" });
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
