//! YAML: block mappings with plain keys. Values are scalars on one line, block scalars (`|`, `>`), and lists, which are
//! taken as a whole. Anchors, tags, quoted keys, flow collections over several lines and several documents are not read.

use super::text::{Text, trim, trim_start};
use super::{Doubt, Entry, Key, Part, name};

/// NEL, LS and PS, which end a line in YAML 1.1 and do not in YAML 1.2.
const BREAKS: [&[u8]; 3] = [b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"];

/// A mapping that is being read.
struct Level {
    indent: usize,
    path: Vec<String>,
}

pub(super) fn read<'t>(text: &Text<'t>) -> Result<Vec<Entry<'t>>, Doubt> {
    let mut entries: Vec<Entry<'t>> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    // The entry that has no value yet, and so may begin a mapping.
    let mut open: Option<usize> = None;
    let mut at = 0;
    while at < text.len() {
        let line = text.line(at);
        let content = trim_start(line);
        let begins = line == b"---"
            && levels.is_empty()
            && entries.iter().all(|entry| entry.item.content != b"---");
        if content.is_empty() || content[0] == b'#' || begins {
            entries.push(text.other(at));
            at += 1;
            continue;
        }
        let indent = line.len() - content.len();
        if line[..indent].contains(&b'\t') {
            return Err(text.doubt(at, "the indentation contains a tab"));
        }
        if BREAKS.iter().any(|sign| content.windows(sign.len()).any(|part| part == *sign)) {
            return Err(text.doubt(at, "the line contains a Unicode line separator"));
        }
        let deeper = levels.last().is_none_or(|level| indent > level.indent);
        if deeper {
            let above = match open.map(|at: usize| &mut entries[at].item.key) {
                Some(Some(key)) => {
                    key.part = Part::Open;
                    key.path.clone()
                }
                // A scalar cannot go on as a mapping; at the beginning nothing is above.
                _ if !levels.is_empty() || indent > 0 => {
                    return Err(text.doubt(at, "the indentation matches no line above"));
                }
                _ => Vec::new(),
            };
            levels.push(Level { indent, path: above });
        }
        while levels.last().is_some_and(|level| level.indent > indent) {
            levels.pop();
        }
        let level = levels.last().filter(|level| level.indent == indent);
        let level = level.ok_or_else(|| text.doubt(at, "the indentation matches no line above"))?;
        let colon = content.iter().position(|&byte| byte == b':');
        let colon = colon.ok_or_else(|| text.doubt(at, "there is no ':'"))?;
        let name = name(&content[..colon], b"_.-/").filter(|name| !name.starts_with('-'));
        let name = name.ok_or_else(|| text.doubt(at, "this form of key is not supported"))?;
        let behind = &content[colon + 1..];
        let value = trim_start(behind);
        let start = text.place(at).end - value.len();
        let key = Key::new(&level.path, name, Part::Value);
        open = None;
        let mut last = at;
        let end;
        if is_nothing(value) {
            // In place of a comment, and with a blank between.
            let start = text.place(at).start + indent + colon + 1;
            last = list_end(text, at, indent)?;
            if last > at {
                entries.push(text.entry(
                    key,
                    at,
                    last,
                    text.place(at + 1).start..text.place(last).end,
                ));
                at = last + 1;
                continue;
            }
            open = Some(entries.len());
            entries.push(text.entry(key, at, at, start..start));
            at += 1;
            continue;
        }
        if !behind.starts_with(b" ") {
            return Err(text.doubt(at, "there is no blank after the ':'"));
        }
        if matches!(value[0], b'|' | b'>') {
            last = block_end(text, at, indent, value)?;
            end = text.place(last).end;
        } else {
            end = start + scalar_len(value).map_err(|why| text.doubt(at, why))?;
        }
        entries.push(text.entry(key, at, last, start..end));
        at = last + 1;
    }
    Ok(entries)
}

fn is_nothing(value: &[u8]) -> bool {
    value.is_empty() || value[0] == b'#'
}

fn indent(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// The last line of a block list that begins behind a key; the key's own line where none does.
fn list_end(text: &Text<'_>, at: usize, key_indent: usize) -> Result<usize, Doubt> {
    let is_entry = |line: &[u8]| {
        let content = trim_start(line);
        content == b"-" || content.starts_with(b"- ")
    };
    let next = (at + 1..text.len()).find(|&at| !is_nothing(trim_start(text.line(at))));
    let Some(first) =
        next.filter(|&first| is_entry(text.line(first)) && indent(text.line(first)) >= key_indent)
    else {
        return Ok(at);
    };
    let own = indent(text.line(first));
    let mut last = first;
    for at in first..text.len() {
        let line = text.line(at);
        let content = trim_start(line);
        if content.is_empty() || content[0] == b'#' {
            continue;
        }
        let depth = indent(line);
        if depth < own || depth == own && !is_entry(line) {
            if depth > key_indent {
                return Err(text.doubt(at, "the indentation matches no line above"));
            }
            break;
        }
        if line[..line.len() - content.len()].contains(&b'\t') {
            return Err(text.doubt(at, "the indentation contains a tab"));
        }
        last = at;
    }
    Ok(last)
}

/// The last line of a block scalar.
fn block_end(text: &Text<'_>, at: usize, key_indent: usize, header: &[u8]) -> Result<usize, Doubt> {
    let sign = trim(header.split(|&byte| byte == b'#').next().unwrap_or(header));
    if !matches!(&sign[1..], b"" | b"-" | b"+") {
        return Err(text.doubt(at, "this form of block scalar is not supported"));
    }
    let mut last = at;
    let mut own = None;
    for next in at + 1..text.len() {
        let line = text.line(next);
        if trim(line).is_empty() {
            continue;
        }
        let depth = indent(line);
        if depth <= key_indent {
            break;
        }
        if depth < *own.get_or_insert(depth) {
            return Err(
                text.doubt(next, "the line is less indented than the first line of the block")
            );
        }
        last = next;
    }
    Ok(last)
}

/// The bytes of a scalar, or of a flow collection, that ends on this line.
fn scalar_len(value: &[u8]) -> Result<usize, &'static str> {
    match value[0] {
        quote @ (b'"' | b'\'') => {
            let mut at = 1;
            loop {
                match value.get(at) {
                    None => return Err("the quote is not closed on its line"),
                    Some(b'\\') if quote == b'"' => at += 2,
                    // Two stand for one.
                    Some(byte)
                        if *byte == quote
                            && quote == b'\''
                            && value.get(at + 1) == Some(&quote) =>
                    {
                        at += 2;
                    }
                    Some(byte) if *byte == quote => break,
                    Some(_) => at += 1,
                }
            }
            let rest = &value[at + 1..];
            let ends = is_nothing(trim_start(rest)) && (rest.is_empty() || rest[0] != b'#');
            if ends { Ok(at + 1) } else { Err("there is text after the value's last quote") }
        }
        // What a flow collection holds is not looked into, so a comment behind it is not told apart.
        b'[' if trim(value).ends_with(b"]") && !value.contains(&b'#') => Ok(trim(value).len()),
        b'{' if trim(value) == b"{}" => Ok(2),
        b'{' | b'[' => Err(
            "a list in brackets is supported on one line only, and a mapping in braces is not supported",
        ),
        b'&' | b'*' => Err("anchors and aliases are not supported"),
        b'!' => Err("tags are not supported"),
        b'|' | b'>' | b'}' | b']' | b'%' | b'@' | b'`' | b',' | b'?' => {
            Err("a value cannot begin with this character")
        }
        b'-' if value.len() == 1 || value[1] == b' ' => {
            Err("a list cannot begin on the line of its key")
        }
        _ => {
            let comment = value.windows(2).position(|pair| pair == b" #" || pair == b"\t#");
            let scalar = trim(&value[..comment.unwrap_or(value.len())]);
            // A second ': ' would make it a mapping, which is an error.
            if scalar.windows(2).any(|pair| pair == b": ") || scalar.ends_with(b":") {
                return Err("the value contains a second ':', so it needs quotes");
            }
            Ok(scalar.len())
        }
    }
}
