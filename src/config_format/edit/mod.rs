//! Changing one value of a file, and adding to it: every other byte stays. What was written is read again, and must be what
//! was meant, before anybody gets it.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use super::text::{is_blank, trim_start};
use super::{Document, Doubt, Ending, Format, Item, Key, Part};

/// What is added to a file.
#[derive(Clone, Copy)]
pub enum Line<'v> {
    /// A key with its value; without quotes if `literal` and the format knows that.
    Value {
        /// The value.
        text: &'v str,
        /// Whether it is a number or boolean.
        literal: bool,
    },
    /// The same as a comment, which shows a default.
    Comment {
        /// The value.
        text: &'v str,
        /// Whether it is a number or boolean.
        literal: bool,
    },
}

/// Why a file was not changed. Holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read.
    #[error(transparent)]
    Doubt(#[from] Doubt),
    /// The format cannot hold the value.
    #[error("{0}")]
    Value(&'static str),
    /// The key is in the file as a section, a list, or not at all.
    #[error("line {0}: this is a list or not a single value; change it by hand")]
    Compound(usize),
    /// JSON has none.
    #[error("JSON has no comments")]
    NoComments,
    /// The name cannot be written so that it is read again, or the place for it is not clear.
    #[error("there is no clear place for this name in the file; add it by hand")]
    NoPlace,
}

/// Gives the item at this place another value.
///
/// # Errors
/// [`EditError`].
pub fn replace(
    format: Format,
    bytes: &[u8],
    at: usize,
    text: &str,
    literal: bool,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let document = format.parse(bytes)?;
    let (item, place) = (&document.items[at], &document.places[at]);
    let compound = || EditError::Compound(place.line);
    let old = &item.content[place.value.clone()];
    let old = format.decode(old).map_err(|_| compound())?;
    if old.kind == super::Kind::Compound
        || item.key.as_ref().is_none_or(|key| key.part != Part::Value)
    {
        return Err(compound());
    }
    let literal = literal || old.kind == super::Kind::Literal;
    let ending = document.tail.ending.unwrap_or(Ending::Lf);
    let raw = format.encode(text, literal, ending).map_err(EditError::Value)?;
    let (before, after) = (&item.content[..place.value.start], &item.content[place.value.end..]);
    // Where nothing stood behind the sign, a blank may be needed, and nothing else is to move.
    let bare = format == Format::Yaml && before.last().is_some_and(|byte| !is_blank(*byte));
    let blank: &[u8] = if bare { b" " } else { b"" };
    let content = Zeroizing::new([before, blank, raw.as_bytes(), after].concat());
    let mut items = document.items.clone();
    items[at].content = &content;
    checked(format, &document, &items, Some((at, text)))
}

/// Adds a key, or a comment that shows it, behind the others of its section.
///
/// # Errors
/// [`EditError`].
pub fn insert(
    format: Format,
    bytes: &[u8],
    name: &str,
    line: Line<'_>,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let mut document = format.parse(bytes)?;
    if format == Format::Json && document.items.is_empty() {
        document = format.parse(b"{\n}\n")?;
    }
    let path = path_of(format, &document, name);
    let ways: &[Way] = if format == Format::Toml && path.len() > 1 {
        &[Way::Nested, Way::Dotted]
    } else {
        &[Way::Nested]
    };
    let mut outcome = Err(EditError::NoPlace);
    for way in ways {
        outcome = try_insert(format, &document, &path, line, *way);
        if !matches!(outcome, Err(EditError::NoPlace)) {
            break;
        }
    }
    outcome
}

/// Whether a comment shows this key already.
pub fn is_shown(format: Format, document: &Document<'_>, name: &str) -> bool {
    let path = path_of(format, document, name);
    let leaf = path.last().map_or("", String::as_str);
    let own = region(format, document, &path[..path.len() - 1]);
    document.items.iter().enumerate().any(|(at, item)| {
        let shows = |name: &str| {
            let text = trim_start(item.content);
            let text = trim_start(text.strip_prefix(b"#").unwrap_or_default());
            let rest = text.strip_prefix(name.as_bytes()).map(trim_start);
            rest.is_some_and(|rest| matches!(rest.first(), Some(b'=' | b':')))
        };
        let within = own.as_ref().is_some_and(|own| own.contains(&at));
        item.is_comment() && (shows(name) || within && shows(leaf))
    })
}

/// The sections that lead to a name in this format, and its own part.
fn path_of(format: Format, document: &Document<'_>, name: &str) -> Vec<String> {
    let parts = || name.split('.').map(str::to_owned);
    match format {
        Format::Env | Format::Properties => vec![name.to_owned()],
        Format::Ini => name.splitn(2, '.').map(str::to_owned).collect(),
        Format::Toml => parts().collect(),
        Format::Yaml | Format::Json => {
            // Where the names in the file have dots themselves, so has this.
            let dotted = |item: &Item<'_>| {
                item.key.as_ref().is_some_and(|key| key.path.iter().any(|part| part.contains('.')))
            };
            if document.items.iter().any(dotted) {
                vec![name.to_owned()]
            } else {
                parts().collect()
            }
        }
    }
}

/// How a name with dots is written in TOML.
#[derive(Clone, Copy)]
enum Way {
    Nested,
    Dotted,
}

fn try_insert(
    format: Format,
    document: &Document<'_>,
    path: &[String],
    line: Line<'_>,
    way: Way,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let (text, literal, commented) = match line {
        Line::Value { text, literal } => (text, literal, false),
        Line::Comment { text, literal } => (text, literal, true),
    };
    if commented && format == Format::Json {
        return Err(EditError::NoComments);
    }
    let ending = document.tail.ending.unwrap_or(Ending::Lf);
    let raw = format.encode(text, literal, ending).map_err(EditError::Value)?;
    if commented && raw.contains('\n') {
        return Err(EditError::Value("a value of several lines (not shown)"));
    }
    let dotted = matches!(way, Way::Dotted);
    // The longest part of the path that has a section here.
    let most = if dotted { 0 } else { path.len() - 1 };
    let fits = |&len: &usize| {
        let exact = matches!(format, Format::Toml | Format::Ini) && len != most && len != 0;
        !exact && region(format, document, &path[..len]).is_some()
    };
    let have = (0..=most).rev().find(fits).ok_or(EditError::NoPlace)?;
    let own = region(format, document, &path[..have]).ok_or(EditError::NoPlace)?;
    let mut lines: Vec<(Option<Key>, Zeroizing<Vec<u8>>)> = Vec::new();
    let indent = indentation(format, document, &path[..have], &own);
    let mut add =
        |key: Option<Key>, parts: &[&[u8]]| lines.push((key, Zeroizing::new(parts.concat())));
    let key = |len: usize, part| Some(Key { path: path[..len].to_vec(), part });
    let leaf = if dotted { path.join(".") } else { path[path.len() - 1].clone() };
    let mut at = place(document, &own);
    let separator = separator(format, document);
    if commented {
        let shown = path[have..].join(".");
        add(None, &[&indent, b"# ", shown.as_bytes(), separator.as_bytes(), raw.as_bytes()]);
    } else {
        let missing = have..most;
        match format {
            Format::Env | Format::Properties => {}
            Format::Toml | Format::Ini if missing.is_empty() => {}
            Format::Toml | Format::Ini => {
                // A section of its own, at the end.
                at = document.items.len();
                if document.items.last().is_some_and(|item| !item.content.is_empty()) {
                    add(None, &[]);
                }
                let header = path[..most].join(".");
                add(key(most, Part::Open), &[b"[", header.as_bytes(), b"]"]);
            }
            Format::Yaml | Format::Json => {
                for (depth, len) in missing.clone().enumerate() {
                    let deeper = [indent.as_slice(), &b"  ".repeat(depth)].concat();
                    let name = written(format, &path[len]);
                    let open: &[u8] = if format == Format::Json { b": {" } else { b":" };
                    add(key(len + 1, Part::Open), &[&deeper, name.as_bytes(), open]);
                }
            }
        }
        let nested = matches!(format, Format::Yaml | Format::Json);
        let depth = if nested { missing.len() } else { 0 };
        let deeper = [indent.as_slice(), &b"  ".repeat(depth)].concat();
        let name = written(format, &leaf);
        add(
            key(path.len(), Part::Value),
            &[&deeper, name.as_bytes(), separator.as_bytes(), raw.as_bytes()],
        );
        if format == Format::Json {
            for (depth, len) in missing.enumerate().collect::<Vec<_>>().into_iter().rev() {
                let deeper = [indent.as_slice(), &b"  ".repeat(depth)].concat();
                add(key(len + 1, Part::Close), &[&deeper, b"}"]);
            }
        }
    }
    let mut items = document.items[..at].to_vec();
    items.extend(lines.iter().map(|(key, content)| Item { key: key.clone(), content }));
    let value_at =
        items.iter().rposition(|item| item.key.as_ref().is_some_and(|key| key.part == Part::Value));
    items.extend_from_slice(&document.items[at..]);
    let target = value_at.filter(|_| !commented).map(|at| (at, text));
    checked(format, document, &items, target)
}

fn written(format: Format, name: &str) -> Cow<'_, str> {
    match format {
        Format::Json => Cow::Owned(super::escapes::quoted(name).to_string()),
        _ => Cow::Borrowed(name),
    }
}

/// The items within a section: behind its first line, and before its last or the next section.
fn region(format: Format, document: &Document<'_>, section: &[String]) -> Option<Range<usize>> {
    let items = &document.items;
    let begins = |item: &Item<'_>| {
        item.key.as_ref().is_some_and(|key| key.part == Part::Open && key.path == section)
    };
    let start = match section.is_empty() && format != Format::Json {
        true => 0,
        false => items.iter().position(begins)? + 1,
    };
    let ends = |item: &Item<'_>| {
        item.key.as_ref().is_some_and(|key| match format {
            Format::Toml | Format::Ini => key.part == Part::Open,
            Format::Json => key.part == Part::Close && key.path == section,
            Format::Yaml => !key.path.starts_with(section),
            Format::Env | Format::Properties => false,
        })
    };
    let end = items[start..].iter().position(ends).map_or(items.len(), |at| start + at);
    Some(start..end)
}

/// Where in a section an item is added: behind its last key and the comments right behind that, unless these lead over to
/// what follows.
fn place(document: &Document<'_>, own: &Range<usize>) -> usize {
    let items = &document.items;
    let last = items[own.clone()].iter().rposition(|item| item.key.is_some());
    let begin = last.map_or(own.start, |last| own.start + last + 1);
    let comments = items[begin..own.end].iter();
    if own.end == items.len() {
        let shown = comments.rev().position(|item| !item.content.trim_ascii().is_empty());
        return shown.map_or(begin, |blank| own.end - blank);
    }
    let count = comments.take_while(|item| item.is_comment()).count();
    if begin + count == own.end { begin } else { begin + count }
}

/// What is before the names of a section.
fn indentation(
    format: Format,
    document: &Document<'_>,
    section: &[String],
    own: &Range<usize>,
) -> Vec<u8> {
    if !matches!(format, Format::Yaml | Format::Json) {
        return Vec::new();
    }
    let blanks = |item: &Item<'_>| {
        item.content[..item.content.len() - trim_start(item.content).len()].to_vec()
    };
    let child =
        |item: &&Item<'_>| item.key.as_ref().is_some_and(|key| key.path.len() == section.len() + 1);
    if let Some(first) = document.items[own.clone()].iter().find(child) {
        return blanks(first);
    }
    if section.is_empty() && format == Format::Yaml {
        return Vec::new();
    }
    let mut above = blanks(&document.items[own.start - 1]);
    above.extend_from_slice(b"  ");
    above
}

/// What is between a name and its value, as it does in the file.
fn separator(format: Format, document: &Document<'_>) -> String {
    let usual = match format {
        Format::Env => return "=".to_owned(),
        Format::Yaml | Format::Json => return ": ".to_owned(),
        Format::Toml => return " = ".to_owned(),
        Format::Ini => " = ",
        Format::Properties => "=",
    };
    let last = document.items.iter().zip(&document.places).rev().find(|(item, place)| {
        item.key.as_ref().is_some_and(|key| key.part == Part::Value) && !place.value.is_empty()
    });
    let Some((item, place)) = last else { return usual.to_owned() };
    let before = &item.content[..place.value.start];
    let sign = |byte: &u8| is_blank(*byte) || matches!(byte, b'=' | b':');
    let begin = before.iter().rposition(|byte| !sign(byte)).map_or(0, |at| at + 1);
    String::from_utf8_lossy(&before[begin..]).into_owned()
}

/// The items written down, if they are read again as what they are, and the value at the place as the text.
fn checked(
    format: Format,
    document: &Document<'_>,
    items: &[Item<'_>],
    target: Option<(usize, &str)>,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let mut tail = document.tail;
    tail.ends_line |= document.items.is_empty();
    let bytes = Zeroizing::new(format.write(items, tail));
    let again = format.parse(&bytes).map_err(|_| EditError::NoPlace)?;
    if again.items != items || !format.is_distinct(&again.items) {
        return Err(EditError::NoPlace);
    }
    if let Some((at, text)) = target {
        let raw = &again.items[at].content[again.places[at].value.clone()];
        let value = format.decode(raw).map_err(|_| EditError::NoPlace)?;
        if value.text.as_str() != text {
            return Err(EditError::NoPlace);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
