//! Values within something: `Some("…")`, `new String("…")`, `[]byte("…")`, `["…", "…"]`, and lists of YAML.

use std::ops::Range;

use super::blanks::{MOST_BLANKS, skip_blanks};
use super::quoted::quoted;
use super::window::is_word;

/// Calls within one another, at most: `Some(String::from("…"))`.
const MOST_CALLS: usize = 3;
/// Bytes of the name of a call, with the names before it.
const LONGEST_CALL: usize = 48;
/// Elements of a list that are looked at.
pub(super) const MOST_ELEMENTS: usize = 16;
/// Bytes from the name of a list to the end of an element.
const LIST_REACH: usize = 1024;
/// Bytes between two elements: line breaks, indentation, and a comma.
const MOST_BETWEEN: usize = 96;

/// Bytes from the first call to the text within the last one.
pub(super) const CALLS_REACH: usize = MOST_CALLS * (LONGEST_CALL + MOST_BLANKS + 8);
/// Bytes behind an element that decide whether another one follows, and which.
pub(super) const OF_ELEMENT: usize = 2 * MOST_BETWEEN + 512 + 8;

/// Calls that make their one text another type, and the same value. What looks a value up by a name is none of them.
const CALLS: [&[u8]; 24] = [
    b"some",
    b"ok",
    b"just",
    b"string",
    b"str",
    b"text",
    b"byte",
    b"bytes",
    b"from",
    b"fromstr",
    b"fromstring",
    b"decode",
    b"b64decode",
    b"base64decode",
    b"atob",
    b"of",
    b"ptr",
    b"pointer",
    b"stringptr",
    b"secretstring",
    b"securestring",
    b"secretstr",
    b"tobytes",
    b"chararray",
];

/// The text within the calls that begin here.
pub(super) fn in_calls(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mut at = at;
    for _ in 0..MOST_CALLS {
        let rest = &text[at..];
        let made = rest.starts_with(b"new ");
        let start = at + if made { 4 } else { 0 };
        let part = |byte: &u8| {
            is_word(*byte) || matches!(byte, b'.' | b':' | b'!' | b'[' | b']' | b'&' | b'*')
        };
        let last = (start + LONGEST_CALL).min(text.len());
        let length = text[start..last].iter().take_while(|byte| part(byte)).count();
        let name = &text[start..start + length];
        if name.is_empty() || text.get(start + length) != Some(&b'(') {
            return None;
        }
        let own = name.rsplit(|&byte| matches!(byte, b'.' | b':' | b']' | b'&' | b'*')).next()?;
        let plain: Vec<u8> = own
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect();
        // `text.decode('latin1')` takes an encoding.
        let is_base64 = memchr::memmem::find(&name.to_ascii_lowercase(), b"64").is_some();
        if !made && !CALLS.contains(&&plain[..]) || plain == b"decode" && !is_base64 {
            return None;
        }
        at = start + length + 1;
        skip_blanks(text, &mut at);
        if let Some(found) = quoted(text, at) {
            let mut end = found.end + 1;
            skip_blanks(text, &mut end);
            // Another argument follows: which of them is the secret is not known, but for the encoding of a text.
            let is_only = matches!(text.get(end), Some(b')' | b'.'));
            let decodes = matches!(text.get(end), Some(b','))
                && (plain.ends_with(b"decode") || plain == b"from");
            return (is_only || decodes).then_some(found);
        }
    }
    None
}

/// The first element of a list that begins here, in brackets, or below its name as in YAML. All elements are in quotes, or
/// are a line of their own.
pub(super) fn first_element(text: &[u8], at: usize) -> Option<Range<usize>> {
    match text.get(at)? {
        b'[' | b'{' => element(text, at + 1),
        b'\n' | b'\r' => item(text, at),
        _ => None,
    }
}

/// The element behind that of a list whose name begins at `name`, and whether it is in quotes.
pub(super) fn next_element(
    text: &[u8],
    name: usize,
    value: &Range<usize>,
    is_quoted: bool,
) -> Option<(Range<usize>, bool)> {
    let at = value.end + usize::from(is_quoted);
    let next = if is_quoted && text.get(at).is_some_and(|&byte| byte == b',') {
        element(text, at + 1)?
    } else {
        item(text, at)?
    };
    let quoted = matches!(text[next.start - 1], b'"' | b'\'' | b'`');
    (next.end.saturating_sub(name) < LIST_REACH).then_some((next, quoted))
}

/// A quoted element, behind blanks and line breaks.
fn element(text: &[u8], at: usize) -> Option<Range<usize>> {
    let last = (at + MOST_BETWEEN).min(text.len());
    let blanks = text[at..last].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let found = quoted(text, at + blanks)?;
    let mut end = found.end + 1;
    while end < found.end + MOST_BETWEEN && text.get(end).is_some_and(u8::is_ascii_whitespace) {
        end += 1;
    }
    matches!(text.get(end), Some(b',' | b']' | b'}')).then_some(found)
}

/// `- value` on the next line.
fn item(text: &[u8], at: usize) -> Option<Range<usize>> {
    let last = (at + MOST_BETWEEN).min(text.len());
    let blanks = text[at..last].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let dash = at + blanks;
    let breaks = text[at..dash].iter().filter(|&&byte| byte == b'\n').count();
    if breaks != 1 || !text[dash..].starts_with(b"- ") {
        return None;
    }
    let mut start = dash + 2;
    skip_blanks(text, &mut start);
    if let Some(found) = quoted(text, start) {
        return matches!(text.get(found.end + 1), None | Some(b'\n' | b'\r' | b' '))
            .then_some(found);
    }
    let last = (start + 512).min(text.len());
    let length = text[start..last].iter().take_while(|byte| byte.is_ascii_graphic()).count();
    let is_whole = matches!(text.get(start + length), None | Some(b'\n' | b'\r'));
    (is_whole && length > 0 && text[start + length - 1] != b':').then_some(start..start + length)
}
