//! How a value may be written elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes of an encoded form that are still worth looking for.
const MIN_FORM: usize = 6;

/// Every form in which a value is looked for: as it is, in base64 at its three alignments, in hexadecimal digits, percent
/// encoded, escaped as in JSON, in UTF-16 of both orders.
pub(super) fn forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let mut hex = String::with_capacity(value.len() * 2);
    let (mut percent, mut all) = (String::new(), String::new());
    for &byte in value {
        write!(hex, "{byte:02x}").expect("a String takes any text");
        write!(all, "%{byte:02X}").expect("a String takes any text");
        // RFC 3986, section 2.3: these stand for themselves.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            write!(percent, "%{byte:02X}").expect("a String takes any text");
        }
    }
    forms.insert(in_small_digits(&percent).into_bytes());
    forms.insert(percent.into_bytes());
    forms.insert(all.to_ascii_lowercase().into_bytes());
    forms.insert(all.into_bytes());
    forms.insert(hex.to_ascii_uppercase().into_bytes());
    forms.insert(hex.into_bytes());
    for before in 0..3 {
        for url in [false, true] {
            forms.insert(base64_inside(value, before, url));
        }
    }
    if let Ok(text) = std::str::from_utf8(value) {
        forms.insert(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        forms.insert(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        if let Ok(escaped) = serde_json::to_string(text) {
            let inside = &escaped[1..escaped.len() - 1];
            forms.insert(inside.replace('/', "\\/").into_bytes());
            forms.insert(inside.as_bytes().to_vec());
        }
    }
    forms.retain(|form| form.len() >= MIN_FORM);
    forms.insert(value.to_vec());
    forms
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

/// Percent encoding with small digits.
fn in_small_digits(percent: &str) -> String {
    let mut digits = 0;
    let small = |c: char| {
        if c == '%' {
            digits = 2;
            return c;
        }
        let is_digit = digits > 0;
        digits -= i32::from(is_digit);
        if is_digit { c.to_ascii_lowercase() } else { c }
    };
    percent.chars().map(small).collect()
}
