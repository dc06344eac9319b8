//! INI: sections in brackets, `key = value` or `key: value`. Readers differ on indented lines and on a backslash at the
//! end, so neither is read.

use super::text::{Text, is_blank, trim};
use super::{Item, Key, Part, may_be_base64, name};

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    let mut items = Vec::new();
    let mut section = Vec::new();
    for at in 0..text.len() {
        let line = text.line(at);
        let trimmed = trim(line);
        let key = if trimmed.is_empty() || matches!(trimmed[0], b'#' | b';') {
            None
        } else if is_blank(line[0]) || trimmed.ends_with(b"\\") {
            return None;
        } else if let Some(header) = trimmed.strip_prefix(b"[") {
            let header = name(trim(header.strip_suffix(b"]")?), b"_.-/: \"@")?;
            section = vec![header.to_owned()];
            Some(Key { path: section.clone(), part: Part::Open })
        } else {
            let sign = line.iter().position(|byte| matches!(byte, b'=' | b':'))?;
            let name = name(trim(&line[..sign]), b"_.-/ ")?;
            if may_be_base64(name, &line[sign + 1..]) {
                return None;
            }
            Some(Key::new(&section, name, Part::Value))
        };
        items.push(Item { key, content: line });
    }
    Some(items)
}
