//! What a document holds, as those see it that ask for values by name.

use std::collections::{HashMap, HashSet};

use zeroize::Zeroizing;

use super::item::{Item, Kind, Path, Step, Style, Tie};
use super::{Dialect, Document, Format, env_value, escapes, ini_value, number};

/// Bytes behind a value that may be a part of it for another reader.
const BEHIND: usize = 4096;

/// A value that has a name: a single one that is in no list, or a whole list.
pub struct Property {
    /// The name, with a dot between its parts.
    pub name: String,
    /// The parts.
    pub path: Vec<String>,
    /// The place among the document's items.
    pub item: usize,
    /// The value.
    pub value: Value,
}

/// A value, wiped on drop.
pub struct Value {
    /// As the program that reads the file gets it; of a list or mapping, JSON.
    pub text: Zeroizing<String>,
    /// What it is.
    pub kind: Kind,
}

impl Value {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.kind == Kind::Null || (self.kind == Kind::Text && self.text.trim().is_empty())
    }
}

impl Format {
    /// A path in one way of writing, where programs take several for the same: INI has names in any case.
    pub fn same_name(self, path: &Path) -> Path {
        let mut path = path.clone();
        if self == Self::Ini {
            for step in &mut path.0 {
                if let Step::Name(name) = step {
                    name.make_ascii_lowercase();
                }
            }
        }
        path
    }
}

impl Document<'_> {
    /// The item of this name, as [`Item::full_name`] writes it.
    pub fn find(&self, name: &str) -> Option<usize> {
        let names = self.names.get_or_init(|| {
            let mut names = HashMap::new();
            for (at, item) in self.items.iter().enumerate() {
                names.entry(item.full_name()).or_insert(at);
            }
            names
        });
        names.get(name).copied()
    }

    /// The values that have a name of their own. An empty mapping is one, too.
    pub fn properties(&self) -> Vec<Property> {
        let mut properties = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            let is_whole = item.kind != Kind::Mapping || self.is_empty(at);
            let Some(path) = item.path.names().filter(|path| is_whole && !path.is_empty()) else {
                continue;
            };
            // Whole sections without anything are no values.
            if item.kind == Kind::Mapping && item.style != Style::Flow {
                continue;
            }
            properties.push(Property {
                name: item.full_name(),
                path: path.into_iter().map(str::to_owned).collect(),
                item: at,
                value: self.value(at),
            });
        }
        properties
    }

    /// The value of an item.
    pub fn value(&self, at: usize) -> Value {
        let item = &self.items[at];
        let text = if item.is_scalar() { item.text.clone() } else { self.json(at) };
        Value { text, kind: item.kind }
    }

    /// The places of the items in a list or mapping, at any depth.
    pub fn children(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let above = &self.items[at];
        let inside = move |other: &usize| {
            let item = &self.items[*other];
            item.document == above.document
                && item.path.0.len() > above.path.0.len()
                && item.path.0.starts_with(&above.path.0)
        };
        (at + 1..self.items.len()).filter(inside)
    }

    /// Whether an item is a list or mapping in brackets with nothing in it. What is in brackets follows at once.
    pub fn is_empty(&self, at: usize) -> bool {
        let item = &self.items[at];
        let is_inside = |next: &Item| {
            next.document == item.document
                && next.path.0.len() > item.path.0.len()
                && next.path.0.starts_with(&item.path.0)
        };
        item.kind.is_compound()
            && item.style == Style::Flow
            && !self.items.get(at + 1).is_some_and(is_inside)
    }

    /// An item as JSON, without blanks, the names in order. Numbers that JSON does not have are text.
    pub fn json(&self, at: usize) -> Zeroizing<String> {
        let mut items: Vec<&Item> =
            std::iter::once(at).chain(self.children(at)).map(|at| &self.items[at]).collect();
        // What is in an item is behind it then.
        items.sort_by_key(|item| &item.path);
        let mut out = Zeroizing::new(String::new());
        self.put_json(&mut items.into_iter().peekable(), &mut out);
        out
    }

    /// The next of the items, with those that are in it.
    fn put_json<'i>(
        &self,
        items: &mut std::iter::Peekable<impl Iterator<Item = &'i Item>>,
        out: &mut Zeroizing<String>,
    ) {
        let Some(item) = items.next() else { return };
        match item.kind {
            Kind::Null => out.push_str("null"),
            Kind::Boolean => out.push_str(&item.text),
            Kind::Number => match number::json(self.format, &item.text) {
                Some(number) => out.push_str(&number),
                None => out.push_str(&escapes::quoted(&item.text)),
            },
            Kind::Text | Kind::Date => out.push_str(&escapes::quoted(&item.text)),
            Kind::List | Kind::Mapping => {
                let signs = if item.kind == Kind::List { ['[', ']'] } else { ['{', '}'] };
                out.push(signs[0]);
                let mut first = true;
                while let Some(member) =
                    items.peek().filter(|member| member.path.0.starts_with(&item.path.0))
                {
                    if !std::mem::take(&mut first) {
                        out.push(',');
                    }
                    if let Some(Step::Name(name)) = member.path.0.last() {
                        out.push_str(&escapes::quoted(name));
                        out.push(':');
                    }
                    self.put_json(items, out);
                }
                out.push(signs[1]);
            }
        }
    }

    /// The first item whose name is before it already, by what the programs that read this format take for the same.
    pub fn repeated(&self) -> Option<usize> {
        let mut seen = HashSet::new();
        self.items.iter().position(|item| {
            let same = || (item.document, self.format.same_name(&item.path));
            item.tie != Tie::Shared && !seen.insert(same())
        })
    }

    /// How often each name is there, with its document, by what the programs that read this format take for the same.
    pub fn keys(&self) -> HashMap<(usize, Path), usize> {
        let mut keys = HashMap::new();
        for item in self.items.iter().filter(|item| item.tie != Tie::Shared) {
            *keys.entry((item.document, self.format.same_name(&item.path))).or_default() += 1;
        }
        keys
    }

    /// The readers that take the value for another one than its text, without a word of it. None where the document is for
    /// one reader.
    pub fn differing(&self, at: usize) -> Vec<Dialect> {
        let item = &self.items[at];
        match (self.format, self.dialect) {
            (Format::Env, None) => env_value::differing(self.behind_sign(at), &item.text).collect(),
            (Format::Ini, None) if item.is_scalar() && item.style != Style::Block => {
                let line = self.behind_sign(at).lines().next().unwrap_or_default();
                ini_value::differing(line.trim_start_matches([' ', '\t']), &item.text).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a value is read in the same way by all readers that the file is for: those that read what was there before. In
    /// INI a comment that is behind a value stays there, though some take it for a part of the value.
    pub(super) fn is_read_alike(&self, at: usize, before: &Document<'_>) -> bool {
        let readers = |document: &Document<'_>| -> Vec<Dialect> {
            let after = document.behind_sign(at);
            let reads = |dialect: &Dialect| env_value::read(Some(*dialect), after).is_ok();
            Dialect::ENV.into_iter().filter(reads).collect()
        };
        let lost = || {
            let now = readers(self);
            readers(before).iter().any(|reader| !now.contains(reader))
        };
        let known = if self.format == Format::Ini { before.differing(at) } else { Vec::new() };
        self.differing(at).iter().all(|reader| known.contains(reader))
            && (self.format != Format::Env || self.dialect.is_some() || !lost())
    }

    /// What is behind the sign of an item, and some of what follows the value.
    fn behind_sign(&self, at: usize) -> &str {
        let item = &self.items[at];
        // Not all: a reader that finds no end would go through the whole file for each value.
        let end = (item.value.end.max(item.name.end) + BEHIND).min(self.text.len());
        let end = self.text.ceil_char_boundary(end);
        let rest = self.text.get(item.name.end..end).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t']);
        rest.strip_prefix(['=', ':']).unwrap_or(rest)
    }
}
