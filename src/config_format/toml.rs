//! TOML 1.1: `toml` says whether the file is sound, `toml_parser` where everything in it is.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{ParseError, Raw, Source};
use zeroize::Zeroizing;

use super::Doubt;
use super::build::{Builder, New};
use super::item::{Kind, Role, Step, Style};

pub(super) fn read<'t>(builder: Builder<'t>, text: &'t str) -> Result<Builder<'t>, Doubt> {
    // This bounds the depth, too.
    toml::de::DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let twice = error.message().contains("duplicate key");
        builder.doubt(at, if twice { "the key appears twice" } else { "this is not TOML" })
    })?;
    let source = Source::new(text);
    let mut reader = Reader {
        builder,
        source,
        table: Vec::new(),
        keys: Vec::new(),
        arrays: HashMap::new(),
        known: HashMap::new(),
        open: Vec::new(),
    };
    let mut events: Vec<Event> = Vec::new();
    let mut receive = |event| events.push(event);
    parse_document(&source.lex().into_vec(), &mut receive, &mut ());
    events.into_iter().try_for_each(|event| reader.event(&event))?;
    Ok(reader.builder)
}

struct Reader<'t> {
    builder: Builder<'t>,
    source: Source<'t>,
    /// The path of the table that the last header opened.
    table: Vec<Step>,
    /// The parts of the name that is being read.
    keys: Vec<(String, Range<usize>)>,
    /// How many elements each array of tables has.
    arrays: HashMap<Vec<Step>, usize>,
    /// The tables and arrays that are items already.
    known: HashMap<Vec<Step>, usize>,
    /// The lists and inline tables that are open: the item of each, the path before it, and the next index of a list.
    open: Vec<(usize, Vec<Step>, Option<usize>)>,
}

impl Reader<'_> {
    fn event(&mut self, event: &Event) -> Result<(), Doubt> {
        let range = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::SimpleKey => {
                let mut name = String::new();
                let raw = self.raw(event);
                raw.decode_key(&mut Text(&mut name), &mut None::<ParseError>);
                self.builder.mark(range.clone(), Role::Name);
                self.keys.push((name, range));
                Ok(())
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                let is_array = event.kind() == EventKind::ArrayTableClose;
                self.builder.path.clear();
                let name = self.enter()?;
                if is_array {
                    self.compound(Kind::List, name, range.end)?;
                    let path = self.builder.path.clone();
                    let count = self.arrays.entry(path).or_default();
                    *count += 1;
                    self.builder.path.push(Step::Index(*count - 1));
                    self.compound(Kind::Mapping, 0..0, range.end)?;
                } else {
                    self.compound(Kind::Mapping, name, range.end)?;
                }
                self.table.clone_from(&self.builder.path);
                Ok(())
            }
            EventKind::Scalar => {
                let mut text = Zeroizing::new(String::with_capacity(range.len()));
                let kind =
                    self.raw(event).decode_scalar(&mut Text(&mut text), &mut None::<ParseError>);
                let raw = &self.source.input()[range.clone()];
                let (kind, style) = match kind {
                    ScalarKind::String => (Kind::Text, style(raw)),
                    ScalarKind::Boolean(_) => (Kind::Boolean, Style::Plain),
                    ScalarKind::DateTime => (Kind::Date, Style::Plain),
                    ScalarKind::Float | ScalarKind::Integer(_) => (Kind::Number, Style::Plain),
                };
                if style == Style::Plain {
                    raw.clone_into(&mut text);
                }
                self.value(range, kind, style, text)?;
                self.left();
                Ok(())
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let is_array = event.kind() == EventKind::ArrayOpen;
                let kind = if is_array { Kind::List } else { Kind::Mapping };
                let before = self.value(range, kind, Style::Flow, Zeroizing::default())?;
                let item = self.builder.len() - 1;
                self.open.push((item, before, is_array.then_some(0)));
                Ok(())
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                if let Some((item, before, _)) = self.open.pop() {
                    self.builder.close(item, range.end);
                    self.builder.path = before;
                    self.left();
                }
                Ok(())
            }
            EventKind::Error => Err(self.builder.doubt(range.start, "this is not TOML")),
            _ => Ok(()),
        }
    }

    fn raw(&self, event: &Event) -> Raw<'_> {
        self.source.get(event).expect("the event is of this text")
    }

    /// Goes down the names that were read, from the path as it is. The bytes of the last.
    fn enter(&mut self) -> Result<Range<usize>, Doubt> {
        let keys = std::mem::take(&mut self.keys);
        let last = keys.len().saturating_sub(1);
        let mut range = 0..0;
        for (depth, (name, own)) in keys.into_iter().enumerate() {
            self.builder.path.push(Step::Name(name));
            range = own;
            if depth < last {
                let count = self.arrays.get(&self.builder.path).copied();
                if count.is_none() {
                    self.compound(Kind::Mapping, range.clone(), range.end)?;
                }
                self.builder.path.extend(count.map(|count| Step::Index(count - 1)));
            }
        }
        Ok(range)
    }

    /// Says that there is a table or array of tables, once; a header of its own counts more than a part of a name.
    fn compound(&mut self, kind: Kind, name: Range<usize>, at: usize) -> Result<(), Doubt> {
        if let Some(known) = self.known.get(&self.builder.path) {
            if at > name.end {
                self.builder.place(*known, name, at);
            }
            return Ok(());
        }
        self.known.insert(self.builder.path.clone(), self.builder.len());
        self.builder.push(New::alone(name, at..at, kind, Style::Plain, Zeroizing::default()))
    }

    /// Adds a value: an element of the list that is open, else behind a name. The path before it.
    fn value(
        &mut self,
        value: Range<usize>,
        kind: Kind,
        style: Style,
        text: Zeroizing<String>,
    ) -> Result<Vec<Step>, Doubt> {
        if self.open.is_empty() {
            self.builder.path.clone_from(&self.table);
        }
        let before = self.builder.path.clone();
        let name = match self.open.last_mut() {
            Some((_, _, Some(index))) => {
                self.builder.path.push(Step::Index(*index));
                *index += 1;
                0..0
            }
            _ => self.enter()?,
        };
        self.builder.push(New::alone(name, value, kind, style, text))?;
        Ok(before)
    }

    /// Back from a value to what holds it.
    fn left(&mut self) {
        match self.open.last() {
            Some((item, ..)) => {
                let path = self.builder.path_of(*item);
                self.builder.path = path;
            }
            None => self.builder.path.clone_from(&self.table),
        }
    }
}

fn style(raw: &str) -> Style {
    match raw.as_bytes() {
        [b'"', b'"', b'"', ..] | [b'\'', b'\'', b'\'', ..] => Style::Block,
        [b'\'', ..] => Style::Single,
        _ => Style::Double,
    }
}

/// Text that is decoded into room that is there already.
struct Text<'s>(&'s mut String);

impl<'i> toml_parser::decoder::StringBuilder<'i> for Text<'_> {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn push_str(&mut self, append: &'i str) -> bool {
        self.0.push_str(append);
        true
    }

    fn push_char(&mut self, append: char) -> bool {
        self.0.push(append);
        true
    }
}
