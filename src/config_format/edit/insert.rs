//! Adding a name to a file: a line behind the others of its section, or a member behind the others in its braces.

use std::ops::Range;

use zeroize::Zeroizing;

use super::super::item::{Item, Kind, Path, Role, Step, Style, Tie};
use super::super::text::{is_blank, trim_start};
use super::super::{Document, Ending, Format, escapes};
use super::region::{LineKind, Lines, is_header};
use super::{EditError, Line, is_same, splice};

/// Adds a key, or a comment that shows it, behind the others of its section.
///
/// # Errors
/// [`EditError`].
pub fn insert(
    document: &Document<'_>,
    name: &str,
    line: Line<'_>,
) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let (text, literal, commented) = match line {
        Line::Value { text, literal } => (text, literal, false),
        Line::Comment { text, literal } => (text, literal, true),
    };
    let format = document.format;
    if commented && format == Format::Json {
        return Err(EditError::NoComments);
    }
    let raw = format.encode(document.dialect, text, literal).map_err(EditError::Value)?;
    if commented && raw.contains('\n') {
        return Err(EditError::Value("a value of several lines (not shown)"));
    }
    if document.find(name).is_some() && !commented {
        return Err(EditError::NoPlace);
    }
    let lines = Lines::of(document);
    let new = New { document, lines: &lines, raw: &raw, text, commented };
    for (container, rest) in containers(document, name) {
        for edits in new.ways(container, &rest) {
            let edits: Vec<_> =
                edits.iter().map(|(range, text)| (range.clone(), text.as_str())).collect();
            let bytes = splice(document.bytes, &edits);
            if new.is_meant(&bytes, name) {
                return Ok(bytes);
            }
        }
    }
    Err(EditError::NoPlace)
}

/// Whether a comment shows this key already.
pub fn is_shown(document: &Document<'_>, name: &str) -> bool {
    let lines = Lines::of(document);
    let shows = |comment: &[u8], name: &str| {
        let text = trim_start(comment.trim_ascii_start());
        let text =
            trim_start(text.strip_prefix(b"#").or(text.strip_prefix(b";")).unwrap_or_default());
        let quoted = escapes::quoted(name);
        let rest = text.strip_prefix(name.as_bytes()).or(text.strip_prefix(quoted.as_bytes()));
        matches!(rest.map(trim_start).and_then(|rest| rest.first()), Some(b'=' | b':'))
    };
    let all = document.spans.iter().filter(|span| span.role == Role::Comment);
    all.clone().any(|span| shows(&document.bytes[span.range.clone()], name))
        || containers(document, name).into_iter().any(|(container, rest)| {
            let region = lines.region(document, container);
            let within = lines.bytes(&region);
            let shown = rest.iter().rev().scan(String::new(), |shown, part| {
                let dotted =
                    if shown.is_empty() { part.clone() } else { format!("{part}.{shown}") };
                shown.clone_from(&dotted);
                Some(dotted)
            });
            let shown: Vec<String> = shown.collect();
            all.clone().filter(|span| within.contains(&span.range.start)).any(|span| {
                shown.iter().any(|name| shows(&document.bytes[span.range.clone()], name))
            })
        })
}

/// Where a name can be, the closest first: an item that holds others, or the top, and the parts of the name that are left.
fn containers(document: &Document<'_>, name: &str) -> Vec<(Option<usize>, Vec<String>)> {
    let format = document.format;
    let whole = || vec![name.to_owned()];
    if matches!(format, Format::Env | Format::Properties) {
        return vec![(None, whole())];
    }
    // Where the names in the file have dots themselves, so has this.
    let dotted = |step: &Step| matches!(step, Step::Name(name) if name.contains('.'));
    let dotted = format != Format::Ini
        && format != Format::Toml
        && document.items.iter().any(|item| item.path.0.last().is_some_and(dotted));
    let parts = |rest: &str| match (format, dotted) {
        (Format::Ini, _) => vec![rest.to_owned()],
        (_, true) => vec![rest.to_owned()],
        _ => rest.split('.').map(str::to_owned).collect(),
    };
    let mut found = Vec::new();
    for (at, item) in document.items.iter().enumerate() {
        if item.kind != Kind::Mapping || item.tie == Tie::Shared || item.tie == Tie::Alias {
            continue;
        }
        let own = item.full_name();
        let rest = if own.is_empty() {
            Some(name)
        } else {
            name.strip_prefix(&own).and_then(|rest| rest.strip_prefix('.'))
        };
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            found.push((own.len(), Some(at), parts(rest)));
        }
    }
    let has_top = found.iter().any(|(len, ..)| *len == 0);
    if !has_top {
        let rest = match format {
            Format::Ini => name.splitn(2, '.').map(str::to_owned).collect(),
            _ => parts(name),
        };
        found.push((0, None, rest));
    }
    found.sort_by_key(|(len, ..)| std::cmp::Reverse(*len));
    // A list has no names.
    let is_name = |rest: &[String]| rest.iter().all(|part| !part.is_empty() && !part.contains('['));
    found.into_iter().filter(|(.., rest)| is_name(rest)).map(|(_, at, rest)| (at, rest)).collect()
}

/// What should be added.
struct New<'d> {
    document: &'d Document<'d>,
    lines: &'d Lines,
    raw: &'d str,
    text: &'d str,
    commented: bool,
}

/// Bytes to exchange.
type Edits = Vec<(Range<usize>, String)>;

impl New<'_> {
    /// How it can be added, the best first.
    fn ways(&self, container: Option<usize>, rest: &[String]) -> Vec<Edits> {
        let (document, lines) = (self.document, self.lines);
        let item = container.map(|at| &document.items[at]);
        if let (Some(at), Some(Style::Flow)) = (container, item.map(|item| item.style)) {
            return self.member(at, rest);
        }
        let format = document.format;
        let region = lines.region(document, container);
        let indent = lines.indent(document, container, &region);
        let hash = if self.commented { "# " } else { "" };
        let separator = separator(document);
        let line = |name: &str| format!("{indent}{hash}{name}{separator}{}", self.raw);
        let here = |content: String| vec![lines.add(document, lines.place(&region), &content)];
        let before = |content: String| vec![lines.add(document, region.start, &content)];
        let own = item.map(Item::full_name).unwrap_or_default();
        let dotted = rest.join(".");
        if self.commented {
            return vec![here(line(&dotted))];
        }
        match format {
            Format::Yaml => {
                let mut content = String::new();
                for (depth, part) in rest.iter().enumerate() {
                    let deeper = "  ".repeat(depth);
                    let last = depth + 1 == rest.len();
                    let value =
                        if last { format!("{separator}{}", self.raw) } else { ":\n".to_owned() };
                    content.push_str(&format!("{indent}{deeper}{}{value}", written(part)));
                }
                // A block may be before it whose last line has no end.
                vec![here(content.clone()), before(content)]
            }
            Format::Json if container.is_none() => {
                vec![vec![(0..document.bytes.len(), self.fresh(rest))]]
            }
            Format::Toml | Format::Ini => {
                let mut ways = Vec::new();
                let is_table =
                    container.is_none() || item.is_some_and(|item| is_header(document, item));
                if rest.len() == 1
                    && is_table
                    && (format == Format::Toml || container.is_some() || own.is_empty())
                {
                    ways.push(here(line(&rest[0])));
                }
                if format == Format::Toml && !is_table {
                    let top = lines.region(document, None);
                    let content = line(&format!("{own}.{dotted}"));
                    ways.push(vec![lines.add(document, lines.place(&top), &content)]);
                }
                if rest.len() > 1 {
                    let (last, header) = rest.split_last().expect("it has several parts");
                    let above = if own.is_empty() { own } else { own + "." };
                    let header = header.join(".");
                    let content = format!("[{above}{header}]\n{last}{separator}{}", self.raw);
                    let end = lines.0.len();
                    let blank = lines.0.last().is_some_and(|line| line.kind != LineKind::Blank);
                    ways.push(vec![lines.add(
                        document,
                        end,
                        &format!("{}{content}", if blank { "\n" } else { "" }),
                    )]);
                    if format == Format::Toml {
                        ways.push(here(line(&dotted)));
                    }
                }
                ways
            }
            _ if rest.len() == 1 => vec![here(line(&rest[0])), before(line(&rest[0]))],
            _ => Vec::new(),
        }
    }

    /// A file of JSON that has nothing yet.
    fn fresh(&self, rest: &[String]) -> String {
        let mut text = "{".to_owned();
        for (depth, part) in rest.iter().enumerate() {
            let open = if depth + 1 == rest.len() { self.raw } else { "{" };
            let deeper = "  ".repeat(depth + 1);
            text.push_str(&format!("\n{deeper}{}: {open}", escapes::quoted(part).as_str()));
        }
        for depth in (0..rest.len()).rev() {
            text.push_str(&format!("\n{}}}", "  ".repeat(depth)));
        }
        text.push('\n');
        text
    }

    /// Behind the last member in braces.
    fn member(&self, at: usize, rest: &[String]) -> Vec<Edits> {
        let document = self.document;
        let (bytes, container) = (document.bytes, &document.items[at]);
        let depth = container.path.0.len();
        let own = |at: &usize| {
            let item = &document.items[*at];
            item.path.0.len() == depth + 1 && item.tie != Tie::Shared
        };
        if self.commented {
            return Vec::new();
        }
        let end = if document.ending() == Ending::CrLf { "\r\n" } else { "\n" };
        let first = document.children(at).find(own).map(|at| &document.items[at]);
        let last = document.children(at).filter(own).last().map(|at| &document.items[at]);
        let outer = blanks_before(
            bytes,
            if container.name.is_empty() { container.value.start } else { container.name.start },
        );
        let close = container.value.end - 1;
        let lines = first.map_or(bytes[container.value.clone()].contains(&b'\n'), |first| {
            blanks_before(bytes, first.name.start).contains('\n')
        });
        let inner = match first {
            Some(first) => blanks_before(bytes, first.name.start),
            None if lines || document.format == Format::Json => {
                let indent =
                    outer.rsplit('\n').next().filter(|_| outer.contains('\n')).unwrap_or_default();
                format!("{end}{indent}  ")
            }
            None => String::new(),
        };
        let unit = if inner.contains('\t') { "\t" } else { "  " };
        let member = self.written_member(rest, &inner, unit);
        let Some(last) = last else {
            let tail = if inner.is_empty() { "" } else { inner.strip_suffix("  ").unwrap_or(end) };
            return vec![vec![(
                container.value.start + 1..close,
                format!("{inner}{member}{tail}"),
            )]];
        };
        // Behind the comma and the comment that are on the line of the last member.
        let behind = &document.spans
            [document.spans.partition_point(|span| span.range.end <= last.value.end)..];
        let has_comma = (last.value.end..close).any(|at| {
            bytes[at] == b','
                && behind
                    .iter()
                    .any(|span| span.range.contains(&at) && span.role == Role::Structure)
        });
        let line =
            bytes[last.value.end..close].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let place = line.map_or(last.value.end, |len| last.value.end + len);
        let blank = if inner.is_empty() { " " } else { inner.as_str() };
        let hcl = document.format == Format::Tfvars && lines;
        let place = if has_comma || lines { place } else { last.value.end };
        let comma = last.value.end..last.value.end;
        vec![if has_comma {
            vec![(place..place, format!("{blank}{member},"))]
        } else if hcl {
            vec![(place..place, format!("{blank}{member}"))]
        } else {
            vec![(comma, ",".to_owned()), (place..place, format!("{blank}{member}"))]
        }]
    }

    fn written_member(&self, rest: &[String], inner: &str, unit: &str) -> String {
        let format = self.document.format;
        let sign = if matches!(format, Format::Toml | Format::Tfvars) { " = " } else { ": " };
        let (first, more) = rest.split_first().expect("a name has a part");
        let name = if format == Format::Json {
            escapes::quoted(first).to_string()
        } else {
            written(first)
        };
        if more.is_empty() {
            return format!("{name}{sign}{}", self.raw);
        }
        let deeper = if inner.contains('\n') { format!("{inner}{unit}") } else { String::new() };
        format!(
            "{name}{sign}{{{deeper}{}{}}}",
            self.written_member(more, &deeper, unit),
            if deeper.is_empty() { "" } else { inner }
        )
    }

    /// Whether the new bytes hold what the document holds, and this name with its text.
    fn is_meant(&self, bytes: &[u8], name: &str) -> bool {
        let document = self.document;
        let Ok(again) = document.format.parse_as(document.dialect, bytes) else { return false };
        let added = if self.commented { None } else { Some(again.find(name)) };
        let target = match added {
            None => None,
            Some(None) => return false,
            Some(Some(at)) => Some(at),
        };
        if let Some(at) = target {
            let item = &again.items[at];
            if *item.text != self.text || !item.is_scalar() || !item.references.is_empty() {
                return false;
            }
        }
        // New sections lead to it.
        let path = target.map(|at| &again.items[at].path);
        let mut old = document.items.iter().peekable();
        let is_new = |item: &Item| path.is_some_and(|path: &Path| path.0.starts_with(&item.path.0));
        let all = again.items.iter().all(|item| {
            let kept = |old: &&Item| old.path == item.path && old.document == item.document;
            match old.next_if(kept) {
                Some(old) => {
                    is_same(old, item) || old.kind == item.kind && item.kind == Kind::Mapping
                }
                None => is_new(item),
            }
        });
        all && old.next().is_none() && (again.repeated().is_none() || document.repeated().is_some())
    }
}

/// A name as YAML, TOML and Terraform write it.
fn written(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let plain = name.bytes().all(plain) && !name.starts_with(['-', '.']);
    if plain { name.to_owned() } else { escapes::quoted(name).to_string() }
}

/// The blanks and line ends before a byte.
fn blanks_before(bytes: &[u8], at: usize) -> String {
    let len = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let blanks = String::from_utf8_lossy(&bytes[at - len..at]).into_owned();
    // Blank lines are not repeated.
    let last = blanks.trim_end_matches([' ', '\t']);
    match last.strip_suffix('\n').map(|rest| if rest.ends_with('\r') { "\r\n" } else { "\n" }) {
        Some(end) => format!("{end}{}", &blanks[last.len()..]),
        None => blanks,
    }
}

/// What is between a name and its value, as it does in the file.
fn separator(document: &Document<'_>) -> String {
    let usual = match document.format {
        Format::Env => return "=".to_owned(),
        Format::Yaml | Format::Json => return ": ".to_owned(),
        Format::Toml | Format::Tfvars => return " = ".to_owned(),
        Format::Ini => " = ",
        Format::Properties => "=",
    };
    let own = |item: &&Item| item.is_scalar() && !item.value.is_empty();
    let Some(item) = document.items.iter().rev().find(own) else { return usual.to_owned() };
    let between = &document.bytes[item.name.end..item.value.start];
    let sign = |byte: &u8| is_blank(*byte) || matches!(byte, b'=' | b':');
    match between.iter().all(sign) {
        true => String::from_utf8_lossy(between).into_owned(),
        false => usual.to_owned(),
    }
}
