//! JSON as it is printed for people: one member on each line, and one object in the file.

use super::text::{Text, trim, trim_start};
use super::{Doubt, Entry, Item, Key, Part};

/// Lines of one list at most, as each needs another attempt.
const MAX_LINES: usize = 200;

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    if text.len() == 0 {
        return Ok(Vec::new());
    }
    sound(text.bytes)
        .map_err(|error| text.doubt(error.line().clamp(1, text.len()) - 1, "this is not JSON"))?;
    let mut entries: Vec<Entry<'t>> = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let (mut begun, mut ended) = (false, false);
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        if trim(line).is_empty() {
            entries.push(text.other(at));
            at += 1;
            continue;
        }
        if ended {
            return Err(text.doubt(at, "there is text after the last brace"));
        }
        let content = line.strip_suffix(b",").unwrap_or(line);
        let end = text.place(at).start + content.len();
        let mut last = at;
        let (key, value) = match trim_start(content) {
            // The whole has no name.
            b"{" if !begun => (Key { path: Vec::new(), part: Part::Open }, end..end),
            b"}" => {
                let key = Key { path: above.clone(), part: Part::Close };
                ended = above.pop().is_none();
                (key, end..end)
            }
            member => {
                let odd = || text.doubt(at, "JSON is supported only with one member on each line");
                let mut names = serde_json::Deserializer::from_slice(member).into_iter::<String>();
                let name = names.next().and_then(Result::ok).ok_or_else(odd)?;
                let behind = trim_start(&member[names.byte_offset()..]).strip_prefix(b":");
                let behind = trim_start(behind.ok_or_else(odd)?);
                let start = end - behind.len();
                if behind == b"{" {
                    let key = Key::new(&above, &name, Part::Open);
                    above.clone_from(&key.path);
                    (key, end..end)
                } else {
                    last = last_line(text, at, start).ok_or_else(odd)?;
                    let end = text.place(last).start + without_comma(text.line(last)).len();
                    (Key::new(&above, &name, Part::Value), start..end)
                }
            }
        };
        begun = true;
        let mut entry = text.entry(key, at, last, value);
        entry.item.content = without_comma(entry.item.content);
        entries.push(entry);
        at = last + 1;
    }
    Ok(entries)
}

fn without_comma(line: &[u8]) -> &[u8] {
    line.strip_suffix(b",").unwrap_or(line)
}

/// The line on which the value ends that begins at this byte.
fn last_line(text: &Text<'_>, first: usize, start: usize) -> Option<usize> {
    let is_list = text.bytes.get(start) == Some(&b'[');
    let end = if is_list { text.len().min(first + MAX_LINES) } else { first + 1 };
    (first..end).find(|&last| {
        let value = without_comma(&text.bytes[start..text.place(last).end]);
        sound(value).is_ok()
    })
}

/// Whether a comma is behind an item: another member follows in the same object.
pub(super) fn needs_comma(item: &Item<'_>, following: &[Item<'_>]) -> bool {
    let ends = item.key.as_ref().is_some_and(|key| key.part != Part::Open);
    let next = following.iter().find_map(|item| item.key.as_ref());
    ends && next.is_some_and(|key| key.part != Part::Close)
}

fn sound(bytes: &[u8]) -> serde_json::Result<serde::de::IgnoredAny> {
    serde_json::from_slice(bytes)
}
