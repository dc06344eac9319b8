//! One line of an attributes file: its pattern, and the attributes behind it (gitattributes, git's attr.c).

use gix::bstr::ByteSlice;
use gix::quote::ansi_c::undo;

use super::super::attribute_names::{
    BY_ATTRIBUTE, CLEAR_ATTRIBUTE, COMPRESS_ATTRIBUTE, DELTA_ATTRIBUTE, DRIVER, FORMAT_ATTRIBUTE,
    KEY_ATTRIBUTE, VALUES,
};
use super::Tracked;
use crate::format::Layout;

/// What a line says behind the macro, so that programs that know no macros seal too: dulwich, jj and others.
const WRITTEN_OUT: [(&str, &str); 4] = [
    ("filter", "filter=shroud"),
    ("diff", "diff=shroud"),
    ("merge", "merge=shroud"),
    ("text", "-text"),
];

/// What says that a path is sealed by value.
const BY_VALUE_WORD: &str = "shroud-by=value";

/// The attributes that seal, with the key where one is named: the macro, and what it stands for.
pub fn sealing(key: Option<&str>, layout: Layout) -> String {
    sealing_without(key, layout, |_| false)
}

/// How a line seals by value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The names that are exempt, as `shroud-clear` has them.
    pub clear: Option<String>,
    /// The format, as `shroud-format` has it.
    pub format: Option<String>,
}

/// The attributes that seal by value: the macro, and what it stands for.
pub(super) fn sealing_values(key: Option<&str>, values: &Values) -> String {
    sealing_values_without(key, values, |_| false)
}

/// The attributes that seal by value, without those that the line says itself, by `is_said`.
pub fn sealing_values_without(
    key: Option<&str>,
    values: &Values,
    is_said: impl Fn(&str) -> bool,
) -> String {
    let mut line = VALUES.to_owned();
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            line.push_str(&format!(" {name}={value}"));
        }
    };
    add(KEY_ATTRIBUTE, key);
    add(CLEAR_ATTRIBUTE, values.clear.as_deref());
    add(FORMAT_ATTRIBUTE, values.format.as_deref());
    line.push_str(&format!(" {BY_VALUE_WORD}"));
    for (name, word) in WRITTEN_OUT.into_iter().filter(|(name, _)| !is_said(name)) {
        match name {
            "diff" => line.push_str(&format!(" diff={VALUES}")),
            _ => line.push_str(&format!(" {word}")),
        }
    }
    line
}

/// The attributes that seal, without those that the line says itself, by `is_said`.
pub fn sealing_without(
    key: Option<&str>,
    layout: Layout,
    is_said: impl Fn(&str) -> bool,
) -> String {
    let mut line = DRIVER.to_owned();
    if let Some(key) = key {
        line.push_str(&format!(" {KEY_ATTRIBUTE}={key}"));
    }
    if layout.delta {
        // The macro says '-delta', and the later word counts.
        line.push_str(&format!(" {DELTA_ATTRIBUTE} delta"));
    }
    if !layout.compress {
        line.push_str(&format!(" -{COMPRESS_ATTRIBUTE}"));
    }
    let wanted = WRITTEN_OUT.iter().filter(|(name, _)| !is_said(name));
    wanted.fold(line, |line, (_, more)| format!("{line} {more}"))
}

/// The name of the attribute that a word of a line sets, unsets or takes back.
pub fn name_of(word: &[u8]) -> &[u8] {
    let name = word.strip_prefix(b"-").or(word.strip_prefix(b"!")).unwrap_or(word);
    &name[..name.find_byte(b'=').unwrap_or(name.len())]
}

/// The pattern of a line that defines no macro, and where it ends.
fn of_pattern(line: &[u8]) -> Option<(Vec<u8>, usize)> {
    split_pattern(line).filter(|(pattern, _)| !pattern.starts_with(b"[attr]"))
}

/// A line that seals a pattern: with the macro, or with what the macro stands for.
pub(super) fn parse(line: &[u8]) -> Option<Tracked> {
    let (pattern, end) = of_pattern(line)?;
    let (mut sealed, mut key, mut layout) = (false, None, Layout::default());
    let (mut by_value, mut values) = (false, Values::default());
    let value = |word: &[u8], name: &str| {
        let value = word.strip_prefix(format!("{name}=").as_bytes());
        value.map(|value| value.to_str_lossy().into_owned())
    };
    // The last word counts (git's attr.c).
    for word in line[end..].fields() {
        match name_of(word) {
            b"filter" => sealed = word == b"filter=shroud",
            name if name == DRIVER.as_bytes() => sealed |= word == DRIVER.as_bytes(),
            name if name == VALUES.as_bytes() => {
                let is_set = word == VALUES.as_bytes();
                (sealed, by_value) = (sealed || is_set, by_value || is_set);
            }
            name if name == BY_ATTRIBUTE.as_bytes() => by_value = word == BY_VALUE_WORD.as_bytes(),
            name if name == CLEAR_ATTRIBUTE.as_bytes() => {
                values.clear = value(word, CLEAR_ATTRIBUTE);
            }
            name if name == FORMAT_ATTRIBUTE.as_bytes() => {
                values.format = value(word, FORMAT_ATTRIBUTE);
            }
            name if name == KEY_ATTRIBUTE.as_bytes() => key = value(word, KEY_ATTRIBUTE),
            name if name == DELTA_ATTRIBUTE.as_bytes() => layout.delta = word == name,
            name if name == COMPRESS_ATTRIBUTE.as_bytes() => {
                layout.compress = !word.starts_with(b"-");
            }
            _ => {}
        }
    }
    let values = by_value.then_some(values);
    sealed.then_some(Tracked { pattern, key, layout, values })
}

/// A line that has the macro alone, with what the macro stands for behind it; `None` for others.
pub(super) fn written_out(line: &[u8]) -> Option<Vec<u8>> {
    // Those that seal by value have always been written out.
    parse(line).filter(|tracked| tracked.values.is_none())?;
    let (_, end) = of_pattern(line)?;
    let is = |word: &[u8], name: &str| name_of(word) == name.as_bytes();
    let mut words: Vec<&[u8]> = line[end..].fields().collect();
    let at = words.iter().rposition(|word| *word == DRIVER.as_bytes())? + 1;
    let missing: Vec<&str> = WRITTEN_OUT
        .iter()
        // What is before the macro does not count against it.
        .filter(|(name, _)| !words[at..].iter().any(|word| is(word, name)))
        .map(|&(_, more)| more)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let at = at + usize::from(words.get(at).is_some_and(|word| is(word, KEY_ATTRIBUTE)));
    words.splice(at..at, missing.into_iter().map(str::as_bytes));
    Some([&line[..end], b" ", &words.join(&b' ')].concat())
}

/// The pattern as git reads it back: in quotes with C escapes where it holds blanks or begins as no pattern may.
pub(super) fn quote(pattern: &[u8]) -> Vec<u8> {
    let special =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || *byte == b'"';
    if !pattern.iter().any(special) && !pattern.starts_with(b"#") {
        return pattern.to_vec();
    }
    let mut quoted = vec![b'"'];
    for &byte in pattern {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            b'\t' => quoted.extend(b"\\t"),
            byte if byte.is_ascii_control() => quoted.extend(format!("\\{byte:03o}").bytes()),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'"');
    quoted
}

/// The pattern of a line without its quotes, or the macro that it defines, and where it ends; `None` where there is none.
pub fn split_pattern(line: &[u8]) -> Option<(Vec<u8>, usize)> {
    let begin = line.find_not_byteset(b" \t\r\n")?;
    let rest = &line[begin..];
    if rest.starts_with(b"#") {
        return None;
    }
    // What is not quoted right is a word as any other (git's attr.c).
    if let Some((pattern, consumed)) =
        rest.starts_with(b"\"").then(|| undo(rest.as_bstr()).ok()).flatten()
    {
        return Some((pattern.to_vec(), begin + consumed));
    }
    let end = rest.find_byteset(b" \t\r\n").unwrap_or(rest.len());
    Some((rest[..end].to_vec(), begin + end))
}
