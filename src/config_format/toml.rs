//! TOML: tables with bare keys. The parser of the `toml` crate says where a value ends, and whether the whole is sound.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::text::{Text, trim};
use super::{Doubt, Entry, Key, Part, name};

/// Lines of one value at most, as each needs another attempt.
const MAX_LINES: usize = 200;

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    let utf8 = std::str::from_utf8(text.bytes)
        .map_err(|error| text.doubt(text.line_at(error.valid_up_to()), "this is not UTF-8"))?;
    DeTable::parse(utf8).map_err(|error| {
        let at = error.span().map_or(0, |span| text.line_at(span.start));
        let twice = error.message().contains("duplicate key");
        text.doubt(at, if twice { "the key appears twice" } else { "this is not TOML" })
    })?;
    let mut entries = Vec::new();
    let mut table = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        if trimmed.is_empty() || trimmed[0] == b'#' {
            entries.push(text.other(at));
            at += 1;
            continue;
        }
        let is_header = trimmed[0] == b'[';
        let mut lines = at..text.len().min(at + MAX_LINES);
        let found = lines.find_map(|last| Some((last, extent(text.span(at, last), is_header)?)));
        let (last, value) = found.ok_or_else(|| text.doubt(at, "the value is too long"))?;
        let start = text.place(at).start;
        let odd = || text.doubt(at, "only names of letters, digits, '-' and '_' are supported");
        let key = match trimmed.strip_prefix(b"[") {
            Some(header) if header.first() == Some(&b'[') => {
                return Err(text.doubt(at, "arrays of tables are not supported"));
            }
            Some(header) => {
                let end = header.iter().position(|&byte| byte == b']').ok_or_else(odd)?;
                table = path(&header[..end]).ok_or_else(odd)?;
                Key { path: table.clone(), part: Part::Open }
            }
            None => {
                let equals = line.iter().position(|&byte| byte == b'=').ok_or_else(odd)?;
                let own = path(&line[..equals]).ok_or_else(odd)?;
                Key { path: [table.as_slice(), &own].concat(), part: Part::Value }
            }
        };
        entries.push(text.entry(key, at, last, start + value.start..start + value.end));
        at = last + 1;
    }
    Ok(entries)
}

/// Where the value of a single key is in its lines; `None` where they are not sound by themselves, as one that ends
/// too early is.
fn extent(lines: &[u8], is_header: bool) -> Option<Range<usize>> {
    let parsed = DeTable::parse(std::str::from_utf8(lines).ok()?).ok()?;
    if is_header {
        return Some(lines.len()..lines.len());
    }
    let mut value = parsed.get_ref().values().next()?;
    loop {
        // A dotted key is a table of which only the last part has a span within the line; an inline table begins so.
        match value.get_ref() {
            DeValue::Table(table) if lines.get(value.span().start) != Some(&b'{') => {
                value = table.values().next()?;
            }
            _ => return Some(value.span()),
        }
    }
}

fn path(dotted: &[u8]) -> Option<Vec<String>> {
    dotted
        .split(|&byte| byte == b'.')
        .map(|part| Some(name(trim(part), b"_-")?.to_owned()))
        .collect()
}
