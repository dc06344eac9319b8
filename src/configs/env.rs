//! `.env` files. There is no standard: docker, shells and the libraries of each language differ, so what they would take
//! in different ways is not read.

use super::text::{Text, trim, trim_start};
use super::{Item, Key, Part, may_be_base64, name};

const QUOTES: [u8; 3] = [b'"', b'\'', b'`'];

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        if trimmed.is_empty() || trimmed[0] == b'#' {
            items.push(Item { key: None, content: line });
            at += 1;
            continue;
        }
        let equals = line.iter().position(|&byte| byte == b'=')?;
        let words = trim(&line[..equals]);
        let exported = words.strip_prefix(b"export").filter(|rest| trim_start(rest) != *rest);
        let name = name(trim(exported.unwrap_or(words)), b"_.-")?;
        let value_at = text.place(at).start + equals + 1;
        let value = &line[equals + 1..];
        if name.as_bytes()[0].is_ascii_digit() || may_be_base64(name, value) {
            return None;
        }
        let last = last_line(text, at, value_at)?;
        let key = Key::new(&[], name, Part::Value);
        items.push(Item { key: Some(key), content: text.span(at, last) });
        at = last + 1;
    }
    Some(items)
}

/// The line on which a value ends that begins at this byte.
fn last_line(text: &Text<'_>, first: usize, value_at: usize) -> Option<usize> {
    let value = trim_start(&text.bytes[value_at..text.place(first).end]);
    let Some(quote) = value.first().copied().filter(|byte| QUOTES.contains(byte)) else {
        // A shell would go on to the next line.
        let count = |quote| value.iter().filter(|byte| **byte == quote).count();
        let open = QUOTES.into_iter().any(|quote| !count(quote).is_multiple_of(2));
        return (!open && !value.ends_with(b"\\")).then_some(first);
    };
    let mut at = text.place(first).end - value.len() + 1;
    loop {
        match *text.bytes.get(at)? {
            b'\\' if quote == b'"' => at += 1,
            // Some take the backslash for itself here, some for an escape.
            b'\\' if text.bytes.get(at + 1) == Some(&quote) => return None,
            byte if byte == quote => break,
            _ => {}
        }
        at += 1;
    }
    let last = text.line_of(at, first)?;
    let rest = trim_start(&text.bytes[at + 1..text.place(last).end]);
    (rest.is_empty() || rest[0] == b'#').then_some(last)
}
