//! Configuration files as lists of items that can be put together again byte for byte.
//!
//! The readers are careful and not complete: where programs disagree on what a line means, or a form is not known here,
//! a file is not read at all (`None`), and its user does without.

mod difference;
mod edit;
mod env;
mod escapes;
mod ini;
mod json;
mod properties;
mod text;
mod toml;
mod value;
mod yaml;

use std::collections::HashSet;
use std::ops::Range;

pub use difference::{Difference, difference};
pub use edit::{EditError, Line, insert, is_shown, replace};
pub use escapes::quoted;
use text::Text;
pub use text::{Ending, Tail};
pub use value::{Kind, Value, is_literal};

/// Bytes of a file that is read at most; a larger one is no configuration.
const MAX_LEN: usize = 4 << 20;

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `NAME=value`, as shells and the many readers of `.env` files take it.
    Env,
    /// Java's `java.util.Properties`.
    Properties,
    /// Sections and keys, without lines that continue.
    Ini,
    /// TOML 1.0, without arrays of tables.
    Toml,
    /// Block mappings of scalars and lists.
    Yaml,
    /// Objects with one member on each line.
    Json,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A key with its value.
    Value,
    /// The line that begins a section, mapping or object.
    Open,
    /// The line that ends one.
    Close,
}

/// The names that lead to a key, the outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Sections or mappings, then the key's own name.
    pub path: Vec<String>,
    /// What is there.
    pub part: Part,
}

impl Key {
    fn new(above: &[String], name: &str, part: Part) -> Self {
        let mut path = above.to_vec();
        path.push(name.to_owned());
        Self { path, part }
    }
}

/// One or more lines that belong together, without the last line end.
#[derive(Clone, PartialEq, Eq)]
pub struct Item<'t> {
    /// `None` for comments and blank lines.
    pub key: Option<Key>,
    /// The bytes. In JSON without the comma, which depends on what follows.
    pub content: &'t [u8],
}

impl Item<'_> {
    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        self.key.is_none() && !self.content.trim_ascii().is_empty()
    }
}

/// Where an item is, which has no part in what it is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The line on which it begins, counted from 1.
    pub line: usize,
    /// The value among the item's bytes, with its quotes; empty where it has none.
    pub value: Range<usize>,
}

/// Why a file is not read. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Doubt {
    /// The line, counted from 1.
    pub line: usize,
    /// What is in doubt there.
    pub why: &'static str,
}

impl Doubt {
    fn at(line: usize, why: &'static str) -> Self {
        Self { line, why }
    }
}

/// What a reader makes of some lines.
struct Entry<'t> {
    item: Item<'t>,
    place: Place,
}

/// A file as items.
pub struct Document<'t> {
    /// In the file's order.
    pub items: Vec<Item<'t>>,
    /// Where they are, in the same order.
    pub places: Vec<Place>,
    /// How its lines end.
    pub tail: Tail,
}

impl Format {
    /// Whether two people often add keys at one place, and no line but a key's own decides what it means.
    pub fn merges_by_key(self) -> bool {
        matches!(self, Self::Env | Self::Properties)
    }

    /// The format that a path's name stands for.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        let name = name.to_ascii_lowercase();
        if name == b".env" || name.starts_with(b".env.") {
            return Some(Self::Env);
        }
        let dot = name.iter().rposition(|&byte| byte == b'.')?;
        match &name[dot + 1..] {
            b"env" => Some(Self::Env),
            b"properties" => Some(Self::Properties),
            b"ini" | b"cfg" => Some(Self::Ini),
            b"toml" => Some(Self::Toml),
            b"yaml" | b"yml" => Some(Self::Yaml),
            b"json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Reads a file; `None` where anything in it is in doubt.
    pub fn read(self, bytes: &[u8]) -> Option<Document<'_>> {
        self.parse(bytes).ok()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The line and what is in doubt there.
    pub fn parse(self, bytes: &[u8]) -> Result<Document<'_>, Doubt> {
        if bytes.len() > MAX_LEN {
            return Err(Doubt::at(1, "the file is larger than 4 MiB"));
        }
        let text = Text::split(bytes)?;
        let entries = match self {
            Self::Env => env::read(&text),
            Self::Properties => properties::read(&text),
            Self::Ini => ini::read(&text),
            Self::Toml => toml::read(&text),
            Self::Yaml => yaml::read(&text),
            Self::Json => json::read(&text),
        }?;
        let (items, places) = entries.into_iter().map(|entry| (entry.item, entry.place)).unzip();
        Ok(Document { items, places, tail: text.tail })
    }

    /// Writes items down; what [`Self::read`] has read comes out as it was.
    pub fn write(self, items: &[Item<'_>], tail: Tail) -> Vec<u8> {
        // Allocated once, so that no copy of it is left behind.
        let len = items.iter().map(|item| item.content.len() + 3).sum();
        let mut bytes = Vec::with_capacity(len);
        for (at, item) in items.iter().enumerate() {
            bytes.extend_from_slice(item.content);
            if self == Self::Json && json::needs_comma(item, &items[at + 1..]) {
                bytes.push(b',');
            }
            if at + 1 < items.len() || tail.ends_line {
                bytes.extend_from_slice(tail.ending.unwrap_or(Ending::Lf).bytes());
            }
        }
        bytes
    }

    /// Whether no key is twice, by what the programs that read this format take for the same.
    pub fn is_distinct(self, items: &[Item<'_>]) -> bool {
        self.repeated(items).is_none()
    }

    /// The first item whose key is before it already.
    pub fn repeated(self, items: &[Item<'_>]) -> Option<usize> {
        let mut seen = HashSet::new();
        items.iter().position(|item| {
            let Some(mut key) = item.key.clone() else { return false };
            // A value and a mapping of one name are that key twice.
            if key.part == Part::Open {
                key.part = Part::Value;
            }
            if self == Self::Ini {
                key.path.iter_mut().for_each(|name| name.make_ascii_lowercase());
            }
            !seen.insert(key)
        })
    }
}

/// A name of letters, digits and some signs, of at most 128 bytes.
fn name<'t>(bytes: &'t [u8], signs: &[u8]) -> Option<&'t str> {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || signs.contains(byte);
    if bytes.is_empty() || bytes.len() > 128 || !bytes.iter().all(good) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// Whether what looks like a name may be a value in Base64, of which `=` is the end: names are shown, values never.
fn may_be_base64(name: &str, value: &[u8]) -> bool {
    let any = |kind: fn(&u8) -> bool| name.as_bytes().iter().any(kind);
    let mixed = any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    let padded = (name.len() + 1 + value.len()).is_multiple_of(4);
    value == b"=" || (value.is_empty() && name.len() >= 15 && mixed && padded)
}

#[cfg(test)]
mod tests;
