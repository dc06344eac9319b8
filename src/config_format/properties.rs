//! Java's properties (`java.util.Properties.load`), with a sign between key and value and without escapes in keys.

use super::text::Text;
use super::{Doubt, Entry, Key, Part, may_be_base64, name};

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = trim_start(text.line(at));
        if line.is_empty() || matches!(line[0], b'#' | b'!') {
            entries.push(text.other(at));
            at += 1;
            continue;
        }
        let mut last = at;
        while continues(text.line(last)) {
            last += 1;
            if last == text.len() {
                return Err(text.doubt(last - 1, "the file ends inside a value"));
            }
        }
        let no_sign = || text.doubt(at, "there is no '=' or ':' after the name");
        let end = line.iter().position(|byte| matches!(byte, b'=' | b':') || is_blank(*byte));
        let end = end.ok_or_else(no_sign)?;
        let after = trim_start(&line[end..]);
        if !matches!(after.first(), Some(b'=' | b':')) {
            return Err(no_sign());
        }
        let name = name(&line[..end], b"_.-/[]");
        let name = name.ok_or_else(|| text.doubt(at, "the name has an unsupported character"))?;
        let value = trim_start(&after[1..]);
        if may_be_base64(name, &after[1..]) {
            return Err(text.doubt(at, "the line may be a value in Base64 without a name"));
        }
        let place = text.place(at).end - value.len()..text.place(last).end;
        entries.push(text.entry(Key::new(&[], name, Part::Value), at, last, place));
        at = last + 1;
    }
    Ok(entries)
}

fn continues(line: &[u8]) -> bool {
    let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c')
}

fn trim_start(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_blank(*byte)).unwrap_or(line.len());
    &line[start..]
}
