//! What is left out: allow lists, least entropies and filters as one expression.
//!
//! An object is looked at once, whatever paths it has, so the path is often not known yet. Then the part of an expression
//! that asks for nothing else remains, and is asked again for each place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;

use super::GitleaksError;
use super::re2::compile;
use crate::detect::words;

/// Bytes of a line that are looked at on either side of a match.
const LINE: usize = 4096;

/// A question to a match.
#[derive(Debug, PartialEq, Eq)]
pub enum Test {
    /// Always the same.
    Is(bool),
    /// All of them hold.
    All(Vec<Arc<Self>>),
    /// One of them holds.
    Any(Vec<Arc<Self>>),
    /// It does not hold.
    Not(Arc<Self>),
    /// One of the expressions matches somewhere.
    Matches(Field, Patterns),
    /// One of the words is in it, in any case.
    Contains(Field, Words),
    /// It begins with one of these.
    Starts(Field, Vec<String>),
    /// It ends with one of these.
    Ends(Field, Vec<String>),
    /// It is one of these.
    Equals(Field, Vec<String>),
    /// A number compares so with another.
    Compare(Measure, Order, Number),
    /// It falls into few pieces, as text that people write does.
    Wordy(Field),
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The group that is the secret.
    Secret,
    /// The whole match, without line ends around it.
    Match,
    /// The lines that the match touches.
    Line,
    /// The rule's id.
    Rule,
    /// The rule's description.
    About,
    /// The file's path; this text where there is none.
    Path(String),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Shannon entropy, in bits a byte.
    Entropy(Field),
    /// Characters.
    Length(Field),
}

/// How it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Same,
    /// `!=`
    Other,
}

/// A number of a rule file, by its bits (IEEE 754).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u64);

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self(number.to_bits())
    }
}

/// Expressions; one of them must match.
pub struct Patterns {
    written: Vec<String>,
    regex: Regex,
}

impl Patterns {
    /// Compiles them; `rule` is named where that fails.
    pub(super) fn new(written: Vec<String>, rule: &str) -> Result<Self, GitleaksError> {
        let joined: Vec<_> = written.iter().map(|one| format!("(?:{one})")).collect();
        let regex = compile(&joined.join("|"), rule).or_else(|error| {
            // One of them alone may say better what is wrong.
            written.iter().try_for_each(|one| compile(one, rule).map(drop))?;
            Err(error)
        })?;
        Ok(Self { written, regex })
    }
}

/// Words: one of them must be there.
pub struct Words {
    written: Vec<String>,
    automaton: AhoCorasick,
}

impl Words {
    /// `rule` is named where there are too many.
    pub(super) fn new(written: Vec<String>, rule: &str) -> Result<Self, GitleaksError> {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&written);
        let automaton = automaton.map_err(|_| GitleaksError::Expression {
            rule: rule.to_owned(),
            reason: "too many words".to_owned(),
        })?;
        Ok(Self { written, automaton })
    }
}

impl Patterns {
    /// Whether one of them matches somewhere.
    pub(super) fn match_any(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.written).finish()
    }
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Patterns {}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.written).finish()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Words {}

/// A match that is judged.
pub(super) struct Candidate<'a> {
    pub(super) rule: &'a str,
    pub(super) about: &'a str,
    pub(super) text: &'a [u8],
    pub(super) matched: &'a Range<usize>,
    pub(super) value: &'a Range<usize>,
}

/// What is known of a [`Test`].
pub(super) enum Answer {
    Yes,
    No,
    /// It depends on the path, in this way.
    Open(Arc<Test>),
}

impl Test {
    /// One of these.
    pub(super) fn any(mut tests: Vec<Arc<Self>>) -> Arc<Self> {
        if tests.len() == 1 { tests.remove(0) } else { Arc::new(Self::Any(tests)) }
    }

    /// All of these.
    pub(super) fn all(mut tests: Vec<Arc<Self>>) -> Arc<Self> {
        if tests.len() == 1 { tests.remove(0) } else { Arc::new(Self::All(tests)) }
    }

    /// Whether a test that asks for nothing but the path holds for this one. Without a path it is as if it were empty.
    pub(crate) fn holds_at(self: &Arc<Self>, path: &[u8]) -> bool {
        let nothing =
            Candidate { rule: "", about: "", text: b"", matched: &(0..0), value: &(0..0) };
        matches!(self.answer(&nothing, Some(path)), Answer::Yes)
    }

    /// As much as can be said; with a path it is never open.
    pub(super) fn answer(self: &Arc<Self>, of: &Candidate<'_>, path: Option<&[u8]>) -> Answer {
        match &**self {
            Self::Is(yes) => Answer::from(*yes),
            Self::Not(test) => match test.answer(of, path) {
                Answer::Yes => Answer::No,
                Answer::No => Answer::Yes,
                Answer::Open(rest) => Answer::Open(Arc::new(Self::Not(rest))),
            },
            Self::Any(tests) => {
                let mut open = Vec::new();
                for test in tests {
                    match test.answer(of, path) {
                        Answer::Yes => return Answer::Yes,
                        Answer::No => {}
                        Answer::Open(rest) => open.push(rest),
                    }
                }
                if open.is_empty() { Answer::No } else { Answer::Open(Self::any(open)) }
            }
            Self::All(tests) => {
                let mut open = Vec::new();
                for test in tests {
                    match test.answer(of, path) {
                        Answer::Yes => {}
                        Answer::No => return Answer::No,
                        Answer::Open(rest) => open.push(rest),
                    }
                }
                if open.is_empty() { Answer::Yes } else { Answer::Open(Self::all(open)) }
            }
            Self::Matches(field, patterns) => {
                self.leaf(field, of, path, |value| patterns.match_any(value))
            }
            Self::Contains(field, words) => {
                self.leaf(field, of, path, |value| words.automaton.is_match(value))
            }
            Self::Starts(field, starts) => self.leaf(field, of, path, |value| {
                starts.iter().any(|start| value.starts_with(start.as_bytes()))
            }),
            Self::Ends(field, ends) => self.leaf(field, of, path, |value| {
                ends.iter().any(|end| value.ends_with(end.as_bytes()))
            }),
            Self::Equals(field, all) => {
                self.leaf(field, of, path, |value| all.iter().any(|one| one.as_bytes() == value))
            }
            Self::Compare(measure, order, with) => {
                let (Measure::Entropy(field) | Measure::Length(field)) = measure;
                self.leaf(field, of, path, |value| order.holds(measure.of(value), *with))
            }
            Self::Wordy(field) => self.leaf(field, of, path, words::is_text),
        }
    }

    fn leaf(
        self: &Arc<Self>,
        field: &Field,
        of: &Candidate<'_>,
        path: Option<&[u8]>,
        holds: impl Fn(&[u8]) -> bool,
    ) -> Answer {
        Answer::from(holds(match field {
            Field::Secret => &of.text[of.value.clone()],
            Field::Match => trimmed(&of.text[of.matched.clone()]),
            Field::Line => &of.text[lines(of.text, of.matched)],
            Field::Rule => of.rule.as_bytes(),
            Field::About => of.about.as_bytes(),
            Field::Path(missing) => match path {
                Some(b"") => missing.as_bytes(),
                Some(path) => path,
                None => return Answer::Open(Arc::clone(self)),
            },
        }))
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Measure {
    #[expect(clippy::cast_precision_loss, reason = "texts are shorter than 2^52 characters")]
    fn of(&self, value: &[u8]) -> f64 {
        match self {
            Self::Entropy(_) if value.is_empty() => 0.0,
            Self::Entropy(_) => words::entropy(value),
            Self::Length(_) => String::from_utf8_lossy(value).chars().count() as f64,
        }
    }
}

impl Order {
    #[expect(clippy::float_cmp, reason = "the file asks for exactly this number")]
    fn holds(self, left: f64, right: Number) -> bool {
        let right = f64::from_bits(right.0);
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Same => left == right,
            Self::Other => left != right,
        }
    }
}

/// Without line feeds at both ends.
pub(super) fn trimmed(matched: &[u8]) -> &[u8] {
    let start = matched.iter().take_while(|&&byte| byte == b'\n').count();
    let end = matched[start..].iter().rev().take_while(|&&byte| byte == b'\n').count();
    &matched[start..matched.len() - end]
}

/// The lines that a match touches, but at most [`LINE`] bytes on either side.
fn lines(text: &[u8], matched: &Range<usize>) -> Range<usize> {
    let first = matched.start.saturating_sub(LINE);
    let last = (matched.end + LINE).min(text.len());
    let start =
        memchr::memrchr(b'\n', &text[first..matched.start]).map_or(first, |at| first + at + 1);
    let end = memchr::memchr(b'\n', &text[matched.end..last]).map_or(last, |at| matched.end + at);
    start..end
}
