//! A file as lines that belong to a key each, and can be put together again byte for byte.

use std::ops::Range;

use super::item::{Item, Kind, Path, Style, Tie};
use super::{Document, Format};

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl Ending {
    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }

    /// How the first line of a file ends.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let at = bytes.iter().position(|byte| *byte == b'\n')?;
        Some(if at > 0 && bytes[at - 1] == b'\r' { Self::CrLf } else { Self::Lf })
    }
}

/// How the lines of a file end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// `None` where there is no line end.
    pub ending: Option<Ending>,
    /// Whether the last line has one.
    pub ends_line: bool,
}

/// What the lines of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A name with its value.
    Value,
    /// The line that begins a section, mapping or object.
    Open,
    /// The line that ends one.
    Close,
}

/// Which key some lines belong to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The path of the value or section.
    pub path: Path,
    /// What is there.
    pub part: Part,
}

/// One or more lines that belong together, without the last line end.
#[derive(Clone, PartialEq, Eq)]
pub struct LineGroup<'t> {
    /// `None` for comments and blank lines.
    pub key: Option<Key>,
    /// The bytes. In JSON without the comma, which depends on what follows.
    pub content: &'t [u8],
}

impl LineGroup<'_> {
    /// Whether it is a comment.
    pub fn is_comment(&self) -> bool {
        self.key.is_none() && !self.content.trim_ascii().is_empty()
    }
}

/// A file as lines.
pub struct Lines<'t> {
    /// In the file's order.
    pub entries: Vec<LineGroup<'t>>,
    /// How its lines end.
    pub tail: Tail,
    /// Whether a key is twice, by what the programs that read this format take for the same.
    pub repeats: bool,
}

impl Format {
    /// Reads a file; `None` where anything in it is in doubt, where two keys share a line, or where lines end in different
    /// ways.
    pub fn lines(self, bytes: &[u8]) -> Option<Lines<'_>> {
        let document = self.parse(bytes).ok()?;
        let ending = Ending::of(bytes);
        let tail = Tail { ending, ends_line: bytes.ends_with(b"\n") };
        let end = ending.unwrap_or(Ending::Lf).bytes();
        let mut units = document.units()?.into_iter().peekable();
        let mut entries = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let line = line_end(bytes, start, end)?;
            let unit = units.next_if(|(_, range)| range.start < line);
            let last = unit.as_ref().map_or(start, |(_, range)| range.end.max(start + 1) - 1);
            let stop = line_end(bytes, last, end)?;
            let content = &bytes[start..stop];
            let comma = self == Self::Json && unit.is_some();
            let content = content.strip_suffix(b",").filter(|_| comma).unwrap_or(content);
            entries.push(LineGroup { key: unit.map(|(key, _)| key), content });
            start = (stop + end.len()).min(bytes.len());
        }
        let lines = Lines { entries, tail, repeats: document.repeated().is_some() };
        let is_whole = units.next().is_none() && self.join(&lines.entries, tail) == bytes;
        is_whole.then_some(lines)
    }

    /// Writes lines down; what [`Self::lines`] has read comes out as it was.
    pub fn join(self, entries: &[LineGroup<'_>], tail: Tail) -> Vec<u8> {
        // Allocated once, so that no copy of it is left behind.
        let len = entries.iter().map(|entry| entry.content.len() + 3).sum();
        let mut bytes = Vec::with_capacity(len);
        for (at, entry) in entries.iter().enumerate() {
            bytes.extend_from_slice(entry.content);
            if self == Self::Json && needs_comma(entry, &entries[at + 1..]) {
                bytes.push(b',');
            }
            if at + 1 < entries.len() || tail.ends_line {
                bytes.extend_from_slice(tail.ending.unwrap_or(Ending::Lf).bytes());
            }
        }
        bytes
    }
}

/// Whether a comma is behind an entry: another member follows in the same object.
fn needs_comma(entry: &LineGroup<'_>, following: &[LineGroup<'_>]) -> bool {
    let ends = entry.key.as_ref().is_some_and(|key| key.part != Part::Open);
    let next = following.iter().find_map(|entry| entry.key.as_ref());
    ends && next.is_some_and(|key| key.part != Part::Close)
}

/// Where the line ends that this byte is in; `None` where it ends otherwise than the others.
fn line_end(bytes: &[u8], from: usize, end: &[u8]) -> Option<usize> {
    let at = bytes[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at);
    let stop = at.map_or(Some(bytes.len()), |at| (at + 1).checked_sub(end.len()))?;
    let content = bytes.get(from..stop).unwrap_or_default();
    (!content.contains(&b'\r') && (at.is_none() || bytes[stop..].starts_with(end))).then_some(stop)
}

impl Document<'_> {
    /// The keys that have lines of their own, in the file's order, with their bytes; `None` where there is more to the file.
    fn units(&self) -> Option<Vec<(Key, Range<usize>)>> {
        let mut units = Vec::new();
        let mut whole: Option<&Item> = None;
        for item in &self.items {
            if item.document > 0 || item.tie != Tie::None {
                return None;
            }
            if whole.is_some_and(|whole| item.path.0.starts_with(&whole.path.0)) {
                continue;
            }
            let mut add = |part, range| units.push((Key { path: item.path.clone(), part }, range));
            let start = if item.name.is_empty() { item.value.start } else { item.name.start };
            let braces =
                self.bytes[item.value.clone()].contains(&b'\n') && self.format == Format::Json;
            match (item.kind, item.style) {
                (Kind::Mapping, Style::Flow) if braces => {
                    add(Part::Open, start..item.value.start + 1);
                    add(Part::Close, item.value.end - 1..item.value.end);
                }
                (Kind::Mapping, Style::Plain) if item.name.is_empty() => {}
                (Kind::Mapping, Style::Plain) => {
                    // A part of a name has no line of its own.
                    if self.format != Format::Toml || item.value.start > item.name.end {
                        add(Part::Open, item.name.clone());
                    }
                }
                (Kind::List, Style::Plain) if self.format == Format::Toml => return None,
                (kind, _) => {
                    add(Part::Value, start..item.value.end.max(item.name.end));
                    whole = Some(item).filter(|_| kind.is_compound());
                }
            }
        }
        units.sort_by_key(|(_, range)| range.start);
        Some(units)
    }
}

impl Document<'_> {
    /// How its lines end.
    pub fn ending(&self) -> Ending {
        Ending::of(self.bytes).unwrap_or(Ending::Lf)
    }
}
