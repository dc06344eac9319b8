//! YAML: block mappings with plain keys, one scalar on each line. Lists, block scalars, anchors, tags, flow collections
//! and several documents are not read.

use super::text::{Text, trim_start};
use super::{Item, Key, Part, name};

/// A mapping that is being read.
struct Level {
    indent: usize,
    path: Vec<String>,
}

pub(super) fn read<'t>(text: &Text<'t>) -> Option<Vec<Item<'t>>> {
    let mut items: Vec<Item<'t>> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    // The item that has no value yet, and so may begin a mapping.
    let mut open: Option<usize> = None;
    for at in 0..text.len() {
        let line = text.line(at);
        let content = trim_start(line);
        if content.is_empty() || content[0] == b'#' {
            items.push(Item { key: None, content: line });
            continue;
        }
        let indent = line.len() - content.len();
        if line[..indent].contains(&b'\t') {
            return None;
        }
        let deeper = levels.last().is_none_or(|level| indent > level.indent);
        if deeper {
            let above = match open.map(|at: usize| &mut items[at].key) {
                Some(Some(key)) => {
                    key.part = Part::Open;
                    key.path.clone()
                }
                // A scalar cannot go on as a mapping; at the beginning nothing is above.
                _ if !levels.is_empty() || indent > 0 => return None,
                _ => Vec::new(),
            };
            levels.push(Level { indent, path: above });
        }
        while levels.last().is_some_and(|level| level.indent > indent) {
            levels.pop();
        }
        let level = levels.last().filter(|level| level.indent == indent)?;
        let colon = content.iter().position(|&byte| byte == b':')?;
        let name = name(&content[..colon], b"_.-/")?;
        if name.starts_with('-') || name == "---" {
            return None;
        }
        let value = &content[colon + 1..];
        let is_open = is_nothing(trim_start(value));
        let is_value = || value.starts_with(b" ") && is_scalar(trim_start(value));
        if !is_open && !is_value() {
            return None;
        }
        open = is_open.then_some(items.len());
        let key = Key::new(&level.path, name, Part::Value);
        items.push(Item { key: Some(key), content: line });
    }
    Some(items)
}

fn is_nothing(value: &[u8]) -> bool {
    value.is_empty() || value[0] == b'#'
}

/// Whether what is not nothing is a scalar that ends on this line.
fn is_scalar(value: &[u8]) -> bool {
    match value[0] {
        quote @ (b'"' | b'\'') => {
            let mut escaped = false;
            let end = value[1..].iter().position(|&byte| {
                let ends = byte == quote && !escaped;
                escaped = byte == b'\\' && !escaped && quote == b'"';
                ends
            });
            // '' inside single quotes stands for one: what follows the first is no comment then.
            end.is_some_and(|end| {
                let rest = &value[end + 2..];
                is_nothing(trim_start(rest)) && (rest.is_empty() || rest[0] != b'#')
            })
        }
        b'&' | b'*' | b'!' | b'|' | b'>' | b'{' | b'[' | b'}' | b']' | b'%' | b'@' | b'`'
        | b',' | b'?' => false,
        b'-' => value.len() > 1 && value[1] != b' ',
        // A second ': ' would make it a mapping, which is an error.
        _ => !value.windows(2).any(|pair| pair == b": ") && !value.ends_with(b":"),
    }
}
