//! TOML: tables with bare keys. The parser of the `toml` crate says where a value ends, and whether the whole is sound.

use super::text::{Text, trim};
use super::{Item, Key, Part, name};

/// Lines of one value at most, as each needs another attempt.
const MAX_LINES: usize = 200;

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    is_sound(text.bytes).then_some(())?;
    let mut items = Vec::new();
    let mut table = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        if trimmed.is_empty() || trimmed[0] == b'#' {
            items.push(Item { key: None, content: line });
            at += 1;
            continue;
        }
        let ends = |last: &usize| is_sound(text.span(at, *last));
        let last = (at..text.len().min(at + MAX_LINES)).find(ends)?;
        let key = match trimmed.strip_prefix(b"[") {
            Some(header) => {
                let end = header.iter().position(|&byte| byte == b']')?;
                table = path(&header[..end])?;
                Key { path: table.clone(), part: Part::Open }
            }
            None => {
                let equals = line.iter().position(|&byte| byte == b'=')?;
                let path = [table.as_slice(), &path(&line[..equals])?].concat();
                Key { path, part: Part::Value }
            }
        };
        items.push(Item { key: Some(key), content: text.span(at, last) });
        at = last + 1;
    }
    Some(items)
}

fn is_sound(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| toml::from_str::<toml::Table>(text).is_ok())
}

fn path(dotted: &[u8]) -> Option<Vec<String>> {
    dotted
        .split(|&byte| byte == b'.')
        .map(|part| Some(name(trim(part), b"_-")?.to_owned()))
        .collect()
}
