//! YAML 1.2 by `granit-parser`, with what readers of YAML 1.1 take from it too: merge keys (`<<`) and their numbers.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{
    ErrorKind, Event, ParseResult, Parser, ScalarStyle, Span, StrInput, StructureStyle,
};
use zeroize::Zeroizing;

use super::Doubt;
use super::build::{Builder, MAX_DEPTH, New};
use super::item::{Kind, Role, Step, Style, Tie};

/// Names and aliases of one document that are looked at for merge keys and aliases, at most.
const MAX_WORK: usize = 1 << 22;

/// A value as it is written; aliases are not followed yet.
struct Node {
    range: Range<usize>,
    anchor: usize,
    tagged: bool,
    style: Style,
    content: NodeContent,
}

enum NodeContent {
    Scalar(Zeroizing<String>, Kind),
    List(Vec<Node>),
    Mapping(Vec<(Name, Node)>),
    Alias(usize),
}

struct Name {
    text: String,
    range: Range<usize>,
    merges: bool,
}

pub(super) fn read<'t>(mut builder: Builder<'t>, text: &'t str) -> Result<Builder<'t>, Doubt> {
    let options = granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut events =
        Events { text, parser: Parser::new_from_str_with_options(text, options), at: 0 };
    loop {
        let (event, _) = events.next(&builder)?;
        match event {
            Event::StreamEnd => return Ok(builder),
            Event::DocumentStart(..) => {
                let (event, span) = events.next(&builder)?;
                let root = events.node(event, &span, &builder)?;
                let mut anchors = HashMap::new();
                root.find_anchors(&mut anchors);
                let mut emit = Emit {
                    builder,
                    anchors,
                    open: HashSet::new(),
                    origins: HashMap::new(),
                    budget: MAX_WORK,
                };
                // A document without anything has no value.
                if !(root.range.is_empty() && matches!(root.content, NodeContent::Scalar(..))) {
                    emit.node(&root, 0..0, None)?;
                }
                builder = emit.builder;
            }
            Event::DocumentEnd => builder.document += 1,
            _ => {}
        }
    }
}

struct Events<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// Where the last event ended.
    at: usize,
}

impl<'t> Events<'t> {
    fn next(&mut self, builder: &Builder<'_>) -> Result<(Event<'t>, Span), Doubt> {
        let next: Option<ParseResult<'t>> = self.parser.next();
        match next {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(self.at).min(self.text.len());
                let why = match error.kind() {
                    ErrorKind::UnknownAnchor => "the alias has no anchor",
                    _ => self.why(at),
                };
                Err(builder.doubt(at, why))
            }
            None => Err(builder.doubt(self.text.len(), "the file ends too early")),
        }
    }

    /// Why this is not YAML.
    fn why(&self, at: usize) -> &'static str {
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(line..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if line.contains("{{") || line.contains("{%") {
            return "this is a template, not YAML";
        }
        let conflict = ["<<<<<<< ", "=======", ">>>>>>> "];
        if conflict.iter().any(|sign| line.starts_with(sign)) {
            return "this is a mark of a merge conflict";
        }
        match line.trim_start_matches(' ').starts_with('\t') {
            true => "the indentation contains a tab",
            false => "this is not YAML",
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: &Span,
        builder: &Builder<'_>,
    ) -> Result<Node, Doubt> {
        let mut range = span.byte_range().unwrap_or_default();
        let node =
            |range, anchor, tagged, style, content| Node { range, anchor, tagged, style, content };
        let before = std::mem::replace(&mut self.at, range.end);
        Ok(match event {
            Event::Alias(id) => node(range, 0, false, Style::Plain, NodeContent::Alias(id)),
            Event::Scalar(text, style, anchor, tag) => {
                let empty = range.is_empty() && style == ScalarStyle::Plain;
                if empty {
                    // The place for a value is behind the sign.
                    let rest = self.text[range.end..].trim_start_matches(' ');
                    if rest.starts_with(':') {
                        let at = self.text.len() - rest.len() + 1;
                        range = at..at;
                        self.at = at;
                    }
                }
                let text = Zeroizing::new(if empty { String::new() } else { text.into_owned() });
                let core = tag.as_ref().and_then(|tag| tag.core_suffix());
                let kind = match (style, &tag) {
                    (ScalarStyle::Plain, None) if empty => Kind::Null,
                    (ScalarStyle::Plain, None) => super::number::yaml(&text),
                    _ if core == Some("int") || core == Some("float") => Kind::Number,
                    _ if core == Some("bool") => Kind::Boolean,
                    _ if core == Some("null") => Kind::Null,
                    _ => Kind::Text,
                };
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal | ScalarStyle::Folded => {
                        range = self.block(before, range);
                        Style::Block
                    }
                };
                let text = match kind {
                    Kind::Null => Zeroizing::default(),
                    Kind::Boolean => Zeroizing::new(text.to_ascii_lowercase()),
                    _ => text,
                };
                node(range, anchor, tag.is_some(), style, NodeContent::Scalar(text, kind))
            }
            Event::SequenceStart(style, anchor, tag) => {
                let mut list = Vec::new();
                loop {
                    let (event, span) = self.next(builder)?;
                    if event == Event::SequenceEnd {
                        range.end = self.end(style, &span, range.start);
                        break;
                    }
                    list.push(self.node(event, &span, builder)?);
                }
                node(range, anchor, tag.is_some(), structure(style), NodeContent::List(list))
            }
            Event::MappingStart(style, anchor, tag) => {
                let mut mapping = Vec::new();
                loop {
                    let (event, span) = self.next(builder)?;
                    if event == Event::MappingEnd {
                        range.end = self.end(style, &span, range.start);
                        break;
                    }
                    let merges = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
                    let key = self.node(event, &span, builder)?;
                    let NodeContent::Scalar(text, _) = key.content else {
                        let why = match self.text[key.range.start..].starts_with('{') {
                            true => self.why(key.range.start),
                            false => "a name must be a single value",
                        };
                        return Err(builder.doubt(key.range.start, why));
                    };
                    let name = Name { text: (*text).clone(), range: key.range, merges };
                    let (event, span) = self.next(builder)?;
                    mapping.push((name, self.node(event, &span, builder)?));
                }
                node(range, anchor, tag.is_some(), structure(style), NodeContent::Mapping(mapping))
            }
            _ => return Err(builder.doubt(range.start, "this is not YAML")),
        })
    }

    /// Where a list or mapping ends: at its bracket, or behind its last value.
    fn end(&mut self, style: StructureStyle, span: &Span, start: usize) -> usize {
        if style == StructureStyle::Flow {
            self.at = span.byte_range().unwrap_or_default().end;
        }
        self.at.max(start)
    }

    /// A block with its header, without the last line end, and where it is not kept without the blank lines behind it.
    fn block(&mut self, before: usize, content: Range<usize>) -> Range<usize> {
        let header = &self.text[before..content.start];
        // A tag or comment may be between.
        let sign = header.split('#').next().unwrap_or(header).rfind(['|', '>']);
        let start = before + sign.unwrap_or(0);
        let line = self.text[start..content.start].split(['#', '\n']).next().unwrap_or_default();
        let whole = &self.text[start..content.end];
        // The parser may have gone into the indentation of the next line.
        let lines = whole.rfind('\n').filter(|at| whole[at + 1..].trim().is_empty());
        let mut whole = lines.map_or(whole, |at| &whole[..=at]);
        if line.contains('+') {
            whole = whole.strip_suffix('\n').unwrap_or(whole);
            whole = whole.strip_suffix('\r').unwrap_or(whole);
        } else {
            while let Some(at) = whole.rfind('\n').filter(|at| whole[*at..].trim().is_empty()) {
                whole = whole[..at].trim_end_matches('\r');
            }
        }
        self.at = start + whole.len();
        start..self.at
    }
}

fn structure(style: StructureStyle) -> Style {
    if style == StructureStyle::Flow { Style::Flow } else { Style::Plain }
}

impl Node {
    fn find_anchors<'n>(&'n self, anchors: &mut HashMap<usize, &'n Node>) {
        if self.anchor != 0 {
            anchors.insert(self.anchor, self);
        }
        match &self.content {
            NodeContent::List(list) => list.iter().for_each(|node| node.find_anchors(anchors)),
            NodeContent::Mapping(mapping) => {
                mapping.iter().for_each(|(_, node)| node.find_anchors(anchors));
            }
            NodeContent::Scalar(..) | NodeContent::Alias(_) => {}
        }
    }
}

/// Follows aliases, and says what is where.
struct Emit<'t, 'n> {
    builder: Builder<'t>,
    anchors: HashMap<usize, &'n Node>,
    /// The anchors that are being followed.
    open: HashSet<usize>,
    /// The items of values at the places where they are written.
    origins: HashMap<*const Node, usize>,
    /// How much may still be followed.
    budget: usize,
}

impl<'n> Emit<'_, 'n> {
    /// `alias` are the bytes of the alias by which the value is here, and whether it stands for exactly this value.
    fn node(
        &mut self,
        node: &'n Node,
        name: Range<usize>,
        alias: Option<(Range<usize>, bool)>,
    ) -> Result<(), Doubt> {
        let (value, tie) = match &alias {
            Some((range, true)) => (range.clone(), Tie::Alias),
            Some((range, false)) => (range.clone(), Tie::Shared),
            None if node.anchor != 0 => (node.range.clone(), Tie::Anchor),
            None if node.tagged => (node.range.clone(), Tie::Tag),
            None => (node.range.clone(), Tie::None),
        };
        if alias.is_none() {
            self.builder.mark(name.clone(), Role::Name);
        }
        let here = self.builder.len();
        let origin = match &alias {
            Some(_) => self.origins.get(&std::ptr::from_ref(node)).copied(),
            None => self.origins.insert(std::ptr::from_ref(node), here).filter(|_| false),
        };
        let inside = alias.map(|(range, _)| (range, false));
        let mut push = |kind, text: &str| {
            let text = Zeroizing::new(text.to_owned());
            let new = New::alone(name.clone(), value.clone(), kind, node.style, text);
            self.builder.push(New { tie, origin, ..new })
        };
        match &node.content {
            NodeContent::Scalar(text, kind) => push(*kind, text),
            NodeContent::List(list) => {
                push(Kind::List, "")?;
                for (index, node) in list.iter().enumerate() {
                    self.builder.path.push(Step::Index(index));
                    self.node(node, 0..0, inside.clone())?;
                    self.builder.path.pop();
                }
                Ok(())
            }
            NodeContent::Mapping(_) => {
                push(Kind::Mapping, "")?;
                self.members(node, inside.as_ref(), &HashSet::new())
            }
            NodeContent::Alias(id) => self.follow(*id, node, |emit, target, range| {
                emit.node(target, name, Some((range, inside.is_none())))
            }),
        }
    }

    /// Reads what an alias stands for, at the bytes of the alias.
    fn follow(
        &mut self,
        id: usize,
        alias: &'n Node,
        then: impl FnOnce(&mut Self, &'n Node, Range<usize>) -> Result<(), Doubt>,
    ) -> Result<(), Doubt> {
        let at = alias.range.start;
        let target = self.anchors.get(&id).copied();
        let target = target.ok_or_else(|| self.builder.doubt(at, "the alias has no anchor"))?;
        if !self.open.insert(id) || self.open.len() > MAX_DEPTH {
            return Err(self.builder.doubt(at, "the alias is inside its own anchor"));
        }
        then(self, target, alias.range.clone())?;
        self.open.remove(&id);
        Ok(())
    }

    /// The members of a mapping: its own, then those that it merges and does not have.
    fn members(
        &mut self,
        node: &'n Node,
        inside: Option<&(Range<usize>, bool)>,
        known: &HashSet<&'n str>,
    ) -> Result<(), Doubt> {
        let NodeContent::Mapping(mapping) = &node.content else {
            return Err(self.builder.doubt(node.range.start, "only mappings can be merged"));
        };
        let work = known.len() + mapping.len() + 1;
        self.budget = self
            .budget
            .checked_sub(work)
            .ok_or_else(|| self.builder.doubt(node.range.start, "the aliases repeat too much"))?;
        let mut have = known.clone();
        have.extend(mapping.iter().filter(|(name, _)| !name.merges).map(|(name, _)| &*name.text));
        for (name, value) in mapping {
            if name.merges {
                if inside.is_none() {
                    self.builder.mark(name.range.clone(), Role::Name);
                }
                self.merge(value, inside, &mut have)?;
            } else if !known.contains(&*name.text) {
                self.builder.path.push(Step::Name(name.text.clone()));
                self.node(value, name.range.clone(), inside.cloned())?;
                self.builder.path.pop();
            }
        }
        Ok(())
    }

    /// Takes the members of a mapping into another.
    fn merge(
        &mut self,
        value: &'n Node,
        inside: Option<&(Range<usize>, bool)>,
        have: &mut HashSet<&'n str>,
    ) -> Result<(), Doubt> {
        match &value.content {
            NodeContent::List(list) => {
                list.iter().try_for_each(|value| self.merge(value, inside, have))
            }
            NodeContent::Alias(id) => {
                let (id, known) = (*id, have.clone());
                self.follow(id, value, |emit, target, range| {
                    let inside = inside.cloned().unwrap_or((range, false));
                    if let NodeContent::Mapping(mapping) = &target.content {
                        have.extend(mapping.iter().map(|(name, _)| &*name.text));
                    }
                    emit.members(target, Some(&inside), &known)
                })
            }
            NodeContent::Mapping(_) => self.members(value, inside, &have.clone()),
            NodeContent::Scalar(..) => {
                Err(self.builder.doubt(value.range.start, "only mappings can be merged"))
            }
        }
    }
}
