//! `.env` files. There is no standard: docker, shells and the libraries of each language differ, so what they would take
//! in different ways is not read.

use std::ops::Range;

use super::text::{Text, is_blank, trim, trim_start};
use super::{Doubt, Entry, Key, Part, may_be_base64, name};

const QUOTES: [u8; 3] = [b'"', b'\'', b'`'];

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        if trimmed.is_empty() || trimmed[0] == b'#' {
            entries.push(text.other(at));
            at += 1;
            continue;
        }
        let equals = line.iter().position(|&byte| byte == b'=');
        let equals = equals.ok_or_else(|| text.doubt(at, "there is no '='"))?;
        let words = trim(&line[..equals]);
        let exported = words.strip_prefix(b"export").filter(|rest| trim_start(rest) != *rest);
        let name = name(trim(exported.unwrap_or(words)), b"_.-")
            .filter(|name| !name.as_bytes()[0].is_ascii_digit())
            .ok_or_else(|| text.doubt(at, "the text before '=' cannot be a name"))?;
        let value_at = text.place(at).start + equals + 1;
        if may_be_base64(name, &line[equals + 1..]) {
            return Err(text.doubt(at, "the line may be a value in Base64 without a name"));
        }
        let (last, value) = value(text, at, value_at)?;
        entries.push(text.entry(Key::new(&[], name, Part::Value), at, last, value));
        at = last + 1;
    }
    Ok(entries)
}

/// The line on which a value ends that begins at this byte or behind blanks, and where it is, quotes included.
fn value(text: &Text<'_>, first: usize, value_at: usize) -> Result<(usize, Range<usize>), Doubt> {
    let line_end = text.place(first).end;
    let value = trim_start(&text.bytes[value_at..line_end]);
    let start = line_end - value.len();
    let Some(quote) = value.first().copied().filter(|byte| QUOTES.contains(byte)) else {
        // A shell would go on to the next line.
        let count = |quote| value.iter().filter(|byte| **byte == quote).count();
        if QUOTES.into_iter().any(|quote| !count(quote).is_multiple_of(2)) {
            return Err(text.doubt(first, "a quote in the value is not closed"));
        }
        if value.ends_with(b"\\") {
            return Err(text.doubt(first, "a backslash ends the line"));
        }
        let comment = (0..value.len())
            .find(|&at| value[at] == b'#' && (at == 0 || is_blank(value[at - 1])))
            .unwrap_or(value.len());
        // In place of a comment, a value stands where the sign ends.
        let start = if comment == 0 { value_at } else { start };
        return Ok((first, start..start + trim(&value[..comment]).len()));
    };
    let unended = || text.doubt(first, "the quote is not closed");
    let mut at = start + 1;
    loop {
        match *text.bytes.get(at).ok_or_else(unended)? {
            b'\\' if quote == b'"' => at += 1,
            // Some take the backslash for itself here, some for an escape.
            b'\\' if text.bytes.get(at + 1) == Some(&quote) => {
                return Err(text.doubt(first, "there is a backslash before the quote"));
            }
            byte if byte == quote => break,
            _ => {}
        }
        at += 1;
    }
    let last = text.line_at(at);
    let rest = trim_start(&text.bytes[at + 1..text.place(last).end]);
    if !rest.is_empty() && rest[0] != b'#' {
        return Err(text.doubt(last, "there is text after the value's last quote"));
    }
    Ok((last, start..at + 1))
}
