//! What a configuration file holds: its values, each with its path and its bytes.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The name of a key, section or mapping.
    Name(String),
    /// A place in a list, counted from 0.
    Index(usize),
}

/// The steps that lead to a value, the outermost first. Written as `hosts[0].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The names alone; `None` where a list is on the way.
    pub fn names(&self) -> Option<Vec<&str>> {
        self.0
            .iter()
            .map(|step| match step {
                Step::Name(name) => Some(name.as_str()),
                Step::Index(_) => None,
            })
            .collect()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if at == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What kind of value it is, in formats that tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text. `.env`, properties and INI know nothing else.
    Text,
    /// A number without quotes, as it is written.
    Number,
    /// `true` or `false` without quotes.
    Boolean,
    /// A date or time of TOML.
    Date,
    /// `null`, or nothing at all where that means the same.
    Null,
    /// A list.
    List,
    /// A section, table, mapping or object.
    Mapping,
}

impl Kind {
    /// Whether it is a number or boolean.
    pub fn is_literal(self) -> bool {
        matches!(self, Self::Number | Self::Boolean)
    }

    /// Whether it holds other values.
    pub fn is_compound(self) -> bool {
        matches!(self, Self::List | Self::Mapping)
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes. For lists and mappings: by lines, not in brackets.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// In backticks.
    Backtick,
    /// A block of lines: `|` and `>` of YAML, `'''` and `"""` of TOML, a heredoc.
    Block,
    /// In brackets or braces.
    Flow,
}

/// Why a value cannot be looked at without others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It is here alone.
    None,
    /// Others may refer to it, by an anchor of YAML.
    Anchor,
    /// A tag of YAML says what it is.
    Tag,
    /// It is an alias; the bytes are those of `*name`, the text that of the anchor.
    Alias,
    /// It comes from within another part of the file, by an alias or a merge key.
    Shared,
}

/// A value of a file.
#[derive(Clone)]
pub struct Item {
    /// The names and places that lead to it.
    pub path: Path,
    /// The document it is in, counted from 0. Only YAML has more than one.
    pub document: usize,
    /// The bytes of its own name; empty in lists.
    pub name: Range<usize>,
    /// The bytes of the value, with its quotes; where it has none, the place for it.
    pub value: Range<usize>,
    /// The line on which the value begins, of a list or mapping its name; counted from 1.
    pub line: usize,
    /// How it is written.
    pub style: Style,
    /// What it is.
    pub kind: Kind,
    /// Whether it depends on another part of the file.
    pub tie: Tie,
    /// The item that an alias or merge key takes it from.
    pub origin: Option<usize>,
    /// As the program that reads the file gets it; nothing for lists and mappings.
    pub text: Zeroizing<String>,
    /// Where in the text the `$` of references is that the reader exchanges, as `${NAME}` of `.env` files.
    pub references: Vec<usize>,
}

impl Item {
    /// Whether it is a single value, not a list or mapping.
    pub fn is_scalar(&self) -> bool {
        !self.kind.is_compound()
    }

    /// How the value is named: its path; behind the first document with `@1.` before it, and so on.
    pub fn full_name(&self) -> String {
        match (self.document, self.path.0.first()) {
            (0, _) => self.path.to_string(),
            (document, Some(Step::Name(_))) => format!("@{document}.{}", self.path),
            (document, _) => format!("@{document}{}", self.path),
        }
    }
}

/// What some bytes of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A name, with its quotes.
    Name,
    /// A value, with its quotes: the item at this place.
    Value(usize),
    /// A comment, without its line end.
    Comment,
    /// Blanks, line ends, signs, anchors, tags, directives.
    Structure,
}

/// Bytes with one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which bytes.
    pub range: Range<usize>,
    /// What they are.
    pub role: Role,
}
