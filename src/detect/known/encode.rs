//! How a value may be written elsewhere.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes of an encoded form that are still worth looking for.
const MIN_FORM: usize = 6;

/// How a value is written in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As it is.
    Plain,
    /// As in JSON, where that is not as it is.
    Escaped,
    /// Percent encoded (RFC 3986): what must be, or every byte.
    Percent {
        /// Whether every byte is.
        all: bool,
        /// Whether the digits are capital.
        upper: bool,
    },
    /// Hexadecimal digits.
    Hex {
        /// Whether they are capital.
        upper: bool,
    },
    /// The letters of base64 that depend on the value alone.
    Base64 {
        /// Bytes that are before it in its first group.
        before: usize,
        /// Whether it is base64url.
        url: bool,
    },
    /// UTF-16, of either order.
    Utf16 {
        /// Whether the greater byte comes first.
        big: bool,
    },
}

/// Every form in which a value is looked for: as it is, in base64 at its three alignments, in hexadecimal digits, percent
/// encoded, escaped as in JSON, in UTF-16 of both orders. Of forms with the same bytes the plainest is named.
pub fn forms(value: &[u8]) -> BTreeMap<Vec<u8>, Form> {
    let mut forms = BTreeMap::new();
    let mut add = |bytes: Vec<u8>, form: Form| {
        if bytes.len() >= MIN_FORM || form == Form::Plain {
            forms.entry(bytes).or_insert(form);
        }
    };
    add(value.to_vec(), Form::Plain);
    if let Ok(text) = std::str::from_utf8(value)
        && let Ok(escaped) = serde_json::to_string(text)
    {
        let inside = &escaped[1..escaped.len() - 1];
        add(inside.as_bytes().to_vec(), Form::Escaped);
        add(inside.replace('/', "\\/").into_bytes(), Form::Escaped);
    }
    for (all, upper) in [(false, true), (false, false), (true, true), (true, false)] {
        add(percent(value, all, upper), Form::Percent { all, upper });
    }
    for upper in [true, false] {
        add(hex(value, upper), Form::Hex { upper });
    }
    for before in 0..3 {
        for url in [false, true] {
            add(base64_inside(value, before, url), Form::Base64 { before, url });
        }
    }
    if let Ok(text) = std::str::from_utf8(value) {
        for big in [false, true] {
            add(utf16(text, big), Form::Utf16 { big });
        }
    }
    forms
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let pair = |&byte: &u8| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
    bytes.iter().flat_map(pair).collect()
}

/// Percent encoding: of every byte, or of those that do not stand for themselves (RFC 3986, section 2.3).
pub fn percent(bytes: &[u8], all: bool, upper: bool) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if !all && (byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            encoded.push(byte);
        } else {
            encoded.push(b'%');
            encoded.extend(hex(&[byte], upper));
        }
    }
    encoded
}

/// UTF-16 without a byte order mark.
pub fn utf16(text: &str, big: bool) -> Vec<u8> {
    let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(unit).collect()
}

/// The characters of base64 that depend on the value alone, where so many bytes stand before its first group.
fn base64_inside(value: &[u8], before: usize, url: bool) -> Vec<u8> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let text = if url { URL_SAFE_NO_PAD.encode(&bytes) } else { STANDARD_NO_PAD.encode(&bytes) };
    // RFC 4648, section 4: six bits a character.
    let first = (before * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    text.as_bytes()[first..last.max(first)].to_vec()
}
