//! Allow lists: what a rule leaves out.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::meta::Regex;

use super::re2::compile;
use super::{AllowList, GitleaksError};

/// What a rule leaves out, and where it applies.
#[derive(Clone, Default)]
pub struct Exceptions {
    /// The file's path must match.
    pub(super) path: Option<Arc<Regex>>,
    pub(super) lists: Vec<Arc<List>>,
    /// All that was written, to tell one set of rules from another.
    pub(super) written: String,
}

pub(super) struct List {
    /// All kinds that the list has must apply, instead of one.
    all: bool,
    regexes: Vec<Regex>,
    target: Target,
    paths: Vec<Regex>,
    stopwords: Vec<String>,
}

#[derive(Clone, Copy)]
enum Target {
    Secret,
    Match,
    Line,
}

impl AllowList {
    pub(super) fn read(self, rule: &str) -> Result<List, GitleaksError> {
        let compiled =
            |all: &[String]| all.iter().map(|one| compile(one, rule)).collect::<Result<_, _>>();
        Ok(List {
            all: self.condition.is_some_and(|condition| {
                matches!(&condition.to_ascii_uppercase()[..], "AND" | "&&")
            }),
            regexes: compiled(&self.regexes)?,
            target: match self.regex_target.as_deref() {
                Some("match") => Target::Match,
                Some("line") => Target::Line,
                _ => Target::Secret,
            },
            paths: compiled(&self.paths)?,
            stopwords: self.stopwords.iter().map(|word| word.to_lowercase()).collect(),
        })
    }
}

impl Exceptions {
    /// What was written.
    pub(crate) fn text(&self) -> &str {
        &self.written
    }

    /// Whether a match is left out.
    pub(crate) fn apply(
        &self,
        text: &[u8],
        path: Option<&[u8]>,
        matched: &Range<usize>,
        value: &Range<usize>,
    ) -> bool {
        if let Some(wanted) = &self.path
            && !path.is_some_and(|path| wanted.is_match(path))
        {
            return true;
        }
        self.lists.iter().any(|list| list.allows(text, path, matched, value))
    }
}

impl List {
    fn allows(
        &self,
        text: &[u8],
        path: Option<&[u8]>,
        matched: &Range<usize>,
        value: &Range<usize>,
    ) -> bool {
        let target = match self.target {
            Target::Secret => value.clone(),
            Target::Match => matched.clone(),
            Target::Line => lines(text, matched),
        };
        let secret = String::from_utf8_lossy(&text[value.clone()]).to_lowercase();
        let mut answers = Vec::new();
        if !self.regexes.is_empty() {
            answers.push(self.regexes.iter().any(|regex| regex.is_match(&text[target.clone()])));
        }
        if !self.paths.is_empty() {
            answers
                .push(path.is_some_and(|path| self.paths.iter().any(|regex| regex.is_match(path))));
        }
        if !self.stopwords.is_empty() {
            answers.push(self.stopwords.iter().any(|word| secret.contains(word)));
        }
        !answers.is_empty()
            && if self.all { answers.iter().all(|&yes| yes) } else { answers.contains(&true) }
    }
}

/// The lines that a match touches, but at most 4 KiB on either side.
fn lines(text: &[u8], matched: &Range<usize>) -> Range<usize> {
    let first = matched.start.saturating_sub(4096);
    let last = (matched.end + 4096).min(text.len());
    let start =
        memchr::memrchr(b'\n', &text[first..matched.start]).map_or(first, |at| first + at + 1);
    let end = memchr::memchr(b'\n', &text[matched.end..last]).map_or(last, |at| matched.end + at);
    start..end
}
