//! JSON as it is printed for people: one member on each line, and one object in the file.

use super::text::{Text, trim, trim_start};
use super::{Item, Key, Part};

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    if text.len() == 0 {
        return Some(Vec::new());
    }
    is_sound(text.bytes).then_some(())?;
    let mut items = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let mut ended = false;
    for at in 0..text.len() {
        let line = text.line(at);
        if trim(line).is_empty() {
            items.push(Item { key: None, content: line });
            continue;
        }
        if ended {
            return None;
        }
        let content = line.strip_suffix(b",").unwrap_or(line);
        let key = match trim_start(content) {
            // The whole has no name.
            b"{" if items.iter().all(|item: &Item<'_>| item.key.is_none()) => {
                Key { path: Vec::new(), part: Part::Open }
            }
            b"}" => {
                let key = Key { path: above.clone(), part: Part::Close };
                ended = above.pop().is_none();
                key
            }
            member => {
                let mut names = serde_json::Deserializer::from_slice(member).into_iter::<String>();
                let name = names.next()?.ok()?;
                let value =
                    trim_start(trim_start(&member[names.byte_offset()..]).strip_prefix(b":")?);
                let part = if value == b"{" { Part::Open } else { Part::Value };
                if part == Part::Value && !is_sound(value) {
                    return None;
                }
                let key = Key::new(&above, &name, part);
                if part == Part::Open {
                    above = key.path.clone();
                }
                key
            }
        };
        items.push(Item { key: Some(key), content });
    }
    Some(items)
}

/// Whether a comma stands behind an item: another member follows in the same object.
pub(super) fn needs_comma(item: &Item<'_>, following: &[Item<'_>]) -> bool {
    let ends = item.key.as_ref().is_some_and(|key| key.part != Part::Open);
    let next = following.iter().find_map(|item| item.key.as_ref());
    ends && next.is_some_and(|key| key.part != Part::Close)
}

fn is_sound(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}
