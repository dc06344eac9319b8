//! INI: sections in brackets, `key = value` or `key: value`. Readers differ on indented lines and on a backslash at the
//! end, so neither is read.

use super::text::{Text, is_blank, trim};
use super::{Doubt, Entry, Key, Part, may_be_base64, name};

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    let mut entries = Vec::new();
    let mut section = Vec::new();
    for at in 0..text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        let end = text.place(at).end;
        if trimmed.is_empty() || matches!(trimmed[0], b'#' | b';') {
            entries.push(text.other(at));
            continue;
        }
        if is_blank(line[0]) {
            return Err(text.doubt(at, "the line is indented"));
        }
        if trimmed.ends_with(b"\\") {
            return Err(text.doubt(at, "a backslash ends the line"));
        }
        if let Some(header) = trimmed.strip_prefix(b"[") {
            let header =
                header.strip_suffix(b"]").and_then(|header| name(trim(header), b"_.-/: \"@"));
            let header = header.ok_or_else(|| text.doubt(at, "this is not a section"))?;
            section = vec![header.to_owned()];
            let key = Key { path: section.clone(), part: Part::Open };
            entries.push(text.entry(key, at, at, end..end));
            continue;
        }
        let sign = line.iter().position(|byte| matches!(byte, b'=' | b':'));
        let sign = sign.ok_or_else(|| text.doubt(at, "there is no '=' or ':' after the name"))?;
        let name = name(trim(&line[..sign]), b"_.-/ ");
        let name = name.ok_or_else(|| text.doubt(at, "the name has an unsupported character"))?;
        if may_be_base64(name, &line[sign + 1..]) {
            return Err(text.doubt(at, "the line may be a value in Base64 without a name"));
        }
        let value = super::text::trim_start(&line[sign + 1..]);
        let start = end - value.len();
        let key = Key::new(&section, name, Part::Value);
        entries.push(text.entry(key, at, at, start..start + trim(value).len()));
    }
    Ok(entries)
}
