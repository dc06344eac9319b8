//! The lines of a document, and those of a section.

use std::ops::Range;

use super::super::item::{Item, Role, Style, Tie};
use super::super::{Document, Ending, Format};

/// Whether a table has a header of its own.
pub(super) fn is_header(document: &Document<'_>, item: &Item) -> bool {
    item.value.start > item.name.end || document.format == Format::Ini
}

/// What is on a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    Key,
    Comment,
    Blank,
}

pub(super) struct OneLine {
    /// With its end.
    range: Range<usize>,
    pub(super) kind: LineKind,
}

/// The lines of a document.
pub(super) struct Lines(pub(super) Vec<OneLine>);

impl Lines {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in document.bytes.split_inclusive(|byte| *byte == b'\n') {
            lines.push(OneLine { range: start..start + line.len(), kind: LineKind::Blank });
            start += line.len();
        }
        let mut all = Self(lines);
        for span in &document.spans {
            let kind = match span.role {
                Role::Comment => LineKind::Comment,
                Role::Name | Role::Value(_) => LineKind::Key,
                Role::Structure => {
                    let bytes = &document.bytes[span.range.clone()];
                    if bytes.trim_ascii().is_empty()
                        || span.range.start == 0 && bytes.starts_with(b"\xef")
                    {
                        continue;
                    }
                    LineKind::Key
                }
            };
            let blank = |byte: &u8| kind == LineKind::Key && byte.is_ascii_whitespace();
            let bytes = &document.bytes[span.range.clone()];
            let lead = bytes.iter().take_while(|byte| blank(byte)).count();
            let tail = bytes.iter().rev().take_while(|byte| blank(byte)).count();
            let (first, last) =
                (span.range.start + lead, (span.range.end - tail).max(span.range.start + lead + 1));
            for line in all.at(first)..=all.at(last - 1) {
                if let Some(line) = all.0.get_mut(line).filter(|line| line.kind != LineKind::Key) {
                    line.kind = kind;
                }
            }
        }
        all
    }

    /// The line of a byte.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|line| line.range.end <= byte)
    }

    pub(super) fn bytes(&self, region: &Range<usize>) -> Range<usize> {
        let end = self.0.last().map_or(0, |line| line.range.end);
        let start = |at: usize| self.0.get(at).map_or(end, |line| line.range.start);
        start(region.start)..start(region.end)
    }

    /// The lines within a section: behind its first line, and before the next section or whatever follows.
    pub(super) fn region(&self, document: &Document<'_>, container: Option<usize>) -> Range<usize> {
        let all = self.0.len();
        let sections = matches!(document.format, Format::Toml | Format::Ini);
        let headers = document
            .items
            .iter()
            .filter(|item| sections && item.kind.is_compound() && item.style == Style::Plain);
        let headers = headers
            .filter(|item| is_header(document, item))
            .map(|item| self.at(item.value.start - 1));
        let Some(at) = container else {
            return 0..headers.min().unwrap_or(all);
        };
        let item = &document.items[at];
        if sections {
            let own = if is_header(document, item) { self.at(item.value.start - 1) } else { 0 };
            return own + 1..headers.filter(|header| *header > own).min().unwrap_or(all);
        }
        let inside: Vec<usize> =
            document.children(at).filter(|at| document.items[*at].tie != Tie::Shared).collect();
        let starts =
            inside.iter().map(|at| document.items[*at].name.start).filter(|start| *start > 0);
        let first = starts.min().map_or(item.value.start, |start| start.min(item.value.start));
        let behind = document.items.iter().filter(|other| {
            other.tie != Tie::Shared
                && !other.name.is_empty()
                && other.name.start >= item.value.end
                && item.value.end > 0
        });
        let next = behind.map(|other| self.at(other.name.start)).min().unwrap_or(all);
        let document_end = self.0[self.at(first).min(all)..].iter().position(|line| {
            let bytes = &document.bytes[line.range.clone()];
            line.range.start >= item.value.end
                && (bytes.starts_with(b"---") || bytes.starts_with(b"..."))
        });
        let document_end = document_end.map_or(all, |len| self.at(first) + len);
        self.at(first)..next.min(document_end).max(self.at(first))
    }

    /// Where in a region a line is added: behind its last key and the comments right behind that, unless these lead over to
    /// what follows.
    pub(super) fn place(&self, region: &Range<usize>) -> usize {
        let own = &self.0[region.clone()];
        let last = own.iter().rposition(|line| line.kind == LineKind::Key);
        let begin = last.map_or(region.start, |last| region.start + last + 1);
        let behind = &self.0[begin..region.end];
        if region.end == self.0.len() {
            let shown = behind.iter().rposition(|line| line.kind != LineKind::Blank);
            return shown.map_or(begin, |last| begin + last + 1);
        }
        let count = behind.iter().take_while(|line| line.kind == LineKind::Comment).count();
        if begin + count == region.end { begin } else { begin + count }
    }

    /// What is before the names of a mapping.
    pub(super) fn indent(
        &self,
        document: &Document<'_>,
        container: Option<usize>,
        region: &Range<usize>,
    ) -> String {
        let at = container.filter(|_| document.format == Format::Yaml);
        let Some(at) = at else { return String::new() };
        let depth = document.items[at].path.0.len() + 1;
        let mut child = document.children(at).map(|at| &document.items[at]);
        let child = child.find(|item| item.path.0.len() == depth && item.tie != Tie::Shared);
        let line = self.bytes(&(region.start..region.start + 1)).start;
        " ".repeat(child.map_or(0, |child| {
            let line = self.0.get(self.at(child.name.start)).map_or(line, |line| line.range.start);
            child.name.start - line
        }))
    }

    /// A line that is added before another.
    pub(super) fn add(
        &self,
        document: &Document<'_>,
        before: usize,
        content: &str,
    ) -> (Range<usize>, String) {
        let end = if document.ending() == Ending::CrLf { "\r\n" } else { "\n" };
        let at = self.bytes(&(before..before)).start;
        let ended = at == 0 || document.bytes[at - 1] == b'\n';
        let content = content.replace('\n', end);
        let text = match ended {
            true => format!("{content}{end}"),
            false => format!("{end}{content}"),
        };
        (at..at, text)
    }
}
