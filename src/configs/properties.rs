//! Java's properties (`java.util.Properties.load`), with a sign between key and value and without escapes in keys.

use super::text::Text;
use super::{Item, Key, Part, may_be_base64, name};

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = trim_start(text.line(at));
        if line.is_empty() || matches!(line[0], b'#' | b'!') {
            items.push(Item { key: None, content: text.line(at) });
            at += 1;
            continue;
        }
        let mut last = at;
        while continues(text.line(last)) {
            last += 1;
            if last == text.len() {
                return None;
            }
        }
        let end = line.iter().position(|byte| matches!(byte, b'=' | b':') || is_blank(*byte))?;
        let after = trim_start(&line[end..]);
        if !matches!(after.first()?, b'=' | b':') {
            return None;
        }
        let name = name(&line[..end], b"_.-/[]")?;
        if may_be_base64(name, &after[1..]) {
            return None;
        }
        let key = Key::new(&[], name, Part::Value);
        items.push(Item { key: Some(key), content: text.span(at, last) });
        at = last + 1;
    }
    Some(items)
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
