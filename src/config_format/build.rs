//! How the readers put a document together. At the end every byte has a role, or the file is refused.

use std::cell::OnceCell;
use std::ops::Range;

use zeroize::Zeroizing;

use super::item::{Item, Kind, Path, Role, Span, Step, Style, Tie};
use super::{Dialect, Document, Doubt, Format, MAX_LEN};

/// Values of one file at most, those that aliases repeat included.
pub const MAX_ITEMS: usize = 100_000;
/// What is said of a file with more.
pub(super) const TOO_MANY: &str = "the file has more than 100,000 values";
/// Lists and mappings within each other at most.
pub(super) const MAX_DEPTH: usize = 64;

/// A document that is being read. The places are those in the text without its byte order mark.
pub(super) struct Builder<'t> {
    bytes: &'t [u8],
    /// Bytes of the byte order mark.
    base: usize,
    format: Format,
    dialect: Option<Dialect>,
    /// Bytes of all texts.
    text_len: usize,
    line_starts: Vec<usize>,
    items: Vec<Item>,
    marks: Vec<Span>,
    /// Where the next item is.
    pub(super) path: Vec<Step>,
    pub(super) document: usize,
}

/// What a reader says of an item.
pub(super) struct New {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) kind: Kind,
    pub(super) style: Style,
    pub(super) tie: Tie,
    pub(super) text: Zeroizing<String>,
    pub(super) references: Vec<usize>,
    pub(super) origin: Option<usize>,
}

impl New {
    /// A value without a name.
    pub(super) fn alone(
        name: Range<usize>,
        value: Range<usize>,
        kind: Kind,
        style: Style,
        text: Zeroizing<String>,
    ) -> Self {
        let (references, origin) = (Vec::new(), None);
        Self { name, value, kind, style, tie: Tie::None, text, references, origin }
    }
}

impl<'t> Builder<'t> {
    pub(super) fn new(
        format: Format,
        dialect: Option<Dialect>,
        bytes: &'t [u8],
        base: usize,
    ) -> Self {
        let breaks = memchr::memchr_iter(b'\n', bytes);
        let line_starts: Vec<_> = std::iter::once(0).chain(breaks.map(|at| at + 1)).collect();
        // About one value a line, with its name and a sign.
        let lines = line_starts.len().min(MAX_ITEMS);
        Self {
            bytes,
            base,
            format,
            dialect,
            text_len: 0,
            line_starts,
            items: Vec::with_capacity(lines),
            marks: Vec::with_capacity(2 * lines),
            path: Vec::new(),
            document: 0,
        }
    }

    /// What is wrong at a byte.
    pub(super) fn doubt(&self, at: usize, why: &'static str) -> Doubt {
        Doubt { line: self.line(at + self.base), why }
    }

    fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at).max(1)
    }

    /// Says what some bytes are. Empty ranges say nothing.
    pub(super) fn mark(&mut self, range: Range<usize>, role: Role) {
        if !range.is_empty() {
            self.marks.push(Span { range: range.start + self.base..range.end + self.base, role });
        }
    }

    /// Adds a value at the path.
    pub(super) fn push(&mut self, new: New) -> Result<(), Doubt> {
        if self.items.len() == MAX_ITEMS {
            return Err(self.doubt(new.value.start, TOO_MANY));
        }
        let New { name, value, kind, style, tie, text, references, origin } = new;
        self.text_len += text.len();
        if self.text_len > 4 * MAX_LEN {
            return Err(self.doubt(value.start, "the aliases repeat too much"));
        }
        let named = kind.is_compound() && !name.is_empty();
        let line = self.line(if named { name.start } else { value.start } + self.base);
        if !kind.is_compound() && !matches!(tie, Tie::Alias | Tie::Shared) {
            self.mark(value.clone(), Role::Value(self.items.len()));
        }
        let moved = |range: Range<usize>| range.start + self.base..range.end + self.base;
        self.items.push(Item {
            path: Path(self.path.clone()),
            document: self.document,
            name: moved(name),
            value: moved(value),
            line,
            style,
            kind,
            tie,
            text,
            references,
            origin,
        });
        Ok(())
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Where an item is.
    pub(super) fn path_of(&self, at: usize) -> Vec<Step> {
        self.items[at].path.0.clone()
    }

    /// Says where the name of a mapping is, and the place for what is in it.
    pub(super) fn place(&mut self, at: usize, name: Range<usize>, value: usize) {
        let base = self.base;
        self.items[at].name = name.start + base..name.end + base;
        self.items[at].value = value + base..value + base;
    }

    /// Says where the list or mapping ends that is the item at this place.
    pub(super) fn close(&mut self, at: usize, end: usize) {
        self.items[at].value.end = end + self.base;
    }

    /// The document, if every byte has a role.
    pub(super) fn finish(mut self) -> Result<Document<'t>, Doubt> {
        self.marks.sort_by_key(|mark| (mark.range.start, mark.range.end));
        let mut spans = Vec::with_capacity(2 * self.marks.len());
        let mut at = 0;
        for mark in std::mem::take(&mut self.marks) {
            if mark.range.start < at {
                return Err(self.unplaced(mark.range.start));
            }
            self.fill(at..mark.range.start, &mut spans)?;
            at = mark.range.end;
            spans.push(mark);
        }
        self.fill(at..self.bytes.len(), &mut spans)?;
        let Self { bytes, format, dialect, items, .. } = self;
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        Ok(Document { bytes, format, dialect, items, spans, text, names: OnceCell::new() })
    }

    fn unplaced(&self, at: usize) -> Doubt {
        Doubt { line: self.line(at), why: "this part of the line is not understood" }
    }

    /// Gives what is between names and values its roles: comments, and signs of the format.
    fn fill(&self, range: Range<usize>, spans: &mut Vec<Span>) -> Result<(), Doubt> {
        let bytes = &self.bytes[..range.end];
        let mut at = range.start;
        let mut structure = at;
        while at < range.end {
            let rest = &bytes[at..];
            if let Some(len) = self.format.comment_len(rest) {
                if structure < at {
                    spans.push(Span { range: structure..at, role: Role::Structure });
                }
                spans.push(Span { range: at..at + len, role: Role::Comment });
                at += len;
                structure = at;
            } else {
                let len =
                    if at == 0 && self.base > 0 { self.base } else { self.format.sign_len(rest) };
                if len == 0 {
                    return Err(self.unplaced(at));
                }
                at += len;
            }
        }
        if structure < at {
            spans.push(Span { range: structure..at, role: Role::Structure });
        }
        Ok(())
    }
}

impl Format {
    /// The bytes of the comment that begins here, between names and values; `None` where none does.
    fn comment_len(self, rest: &[u8]) -> Option<usize> {
        let slashes = matches!(self, Self::Json | Self::Tfvars);
        if slashes && rest.starts_with(b"/*") {
            let end = rest[2..].windows(2).position(|pair| pair == b"*/");
            return end.map(|end| end + 4);
        }
        let begins = match (self, rest[0]) {
            (Self::Json, b'#') => false,
            (_, b'#') => true,
            (Self::Ini, b';') | (Self::Properties, b'!') => true,
            (Self::Json | Self::Tfvars, b'/') => rest.starts_with(b"//"),
            _ => false,
        };
        // Only then: what is between names may be one line of millions of bytes.
        let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
        begins.then(|| rest.iter().position(ends).unwrap_or(rest.len()))
    }

    /// The bytes of the sign that begins here; 0 where that is none of the format.
    fn sign_len(self, rest: &[u8]) -> usize {
        let word = || {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b",[]{}".contains(byte);
            rest.iter().position(ends).unwrap_or(rest.len())
        };
        let signs: &[u8] = match self {
            Self::Env => b"=",
            Self::Properties => b"=:",
            Self::Ini => b"[]=:",
            Self::Toml => b"[]{}=,.",
            Self::Json => b"[]{}:,",
            Self::Tfvars => b"[]{}=:,",
            Self::Yaml => b"[]{}:,-?.",
        };
        match rest[0] {
            b' ' | b'\t' | b'\n' | b'\r' => 1,
            b'\x0c' if self == Self::Properties => 1,
            b'!' if self == Self::Yaml && rest.starts_with(b"!<") => {
                rest.iter().position(|byte| *byte == b'>').map_or(0, |at| at + 1)
            }
            b'&' | b'!' | b'*' if self == Self::Yaml => word(),
            b'%' if self == Self::Yaml => {
                rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
            }
            byte => usize::from(signs.contains(&byte)),
        }
    }
}
