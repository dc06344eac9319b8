//! A rule of another tool at work: where it matches, what it takes as the secret, and what else must be there.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::Input;
use regex_automata::meta::Regex;

use super::condition::{Answer, Candidate, Patterns, Test, trimmed};

/// What decides on another tool's rule.
pub struct Foreign {
    /// `None` for a rule that matches by path alone, and for one of this program's own.
    pub(super) part: Option<Arc<Part>>,
    pub(super) required: Vec<Required>,
    /// A rule that matches by path alone.
    pub(super) by_path: Option<Patterns>,
    /// What is left out: of its matches, or of paths.
    pub(super) left_out: Arc<Test>,
    /// It finds what others find, too, and gives way to them.
    pub(super) generic: bool,
    /// Of the whole file, to tell one set of rules from another.
    pub(super) digest: [u8; 32],
}

/// What one rule matches, alone.
pub(super) struct Part {
    pub(super) id: String,
    pub(super) about: String,
    pub(super) regex: Regex,
    /// The group that is the secret; without, the first that matched anything.
    pub(super) group: Option<usize>,
    pub(super) left_out: Arc<Test>,
}

/// Another rule that must match, too.
pub(super) struct Required {
    pub(super) part: Arc<Part>,
    /// So many lines above or below at most.
    pub(super) lines: Option<usize>,
    /// So many columns away at most, in bytes.
    pub(super) columns: Option<usize>,
}

/// A match that counts.
pub(crate) struct Match {
    /// The whole of it.
    pub(crate) matched: Range<usize>,
    /// The secret.
    pub(crate) value: Range<usize>,
    /// The paths at which it does not count.
    pub(crate) unless: Option<Arc<Test>>,
}

impl Foreign {
    /// SHA-256 of the file that it comes from.
    pub(crate) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Whether it gives way to any other rule.
    pub(crate) fn is_generic(&self) -> bool {
        self.generic
    }

    /// Whether it looks for matches itself.
    pub(crate) fn has_expression(&self) -> bool {
        self.part.is_some()
    }

    /// Whether the name of a file is what it looks for.
    pub(crate) fn names(&self, path: &[u8]) -> bool {
        self.by_path.as_ref().is_some_and(|wanted| wanted.match_any(path))
            && !self.left_out.holds_at(path)
    }

    /// Whether the rule matches by path alone.
    pub(crate) fn is_by_path(&self) -> bool {
        self.by_path.is_some()
    }

    /// What counts in a text, in the order of the matches.
    pub(crate) fn find(&self, text: &[u8], path: Option<&[u8]>) -> Vec<Match> {
        let Some(part) = &self.part else { return Vec::new() };
        let mut found = part.find(text, path);
        let mut starts = None;
        for required in &self.required {
            if found.is_empty() {
                break;
            }
            let starts = starts.get_or_insert_with(|| Starts::new(text));
            let others = Groups::new(required.part.find(text, path), starts);
            found.retain_mut(|one| {
                let Some(away) = others.unless(required, &one.matched, starts) else {
                    return false;
                };
                if let Some(away) = away {
                    let own = one.unless.take();
                    one.unless = Some(Test::any(own.into_iter().chain([away]).collect()));
                }
                true
            });
        }
        found
    }

    /// The paths at which a match of one of this program's own rules does not count; `None` if it counts at none.
    pub(crate) fn unless(
        &self,
        rule: &super::Rule,
        text: &[u8],
        path: Option<&[u8]>,
        matched: &Range<usize>,
        value: &Range<usize>,
    ) -> Option<Option<Arc<Test>>> {
        let of = Candidate { rule: &rule.id, about: &rule.about, text, matched, value };
        match self.left_out.answer(&of, path) {
            Answer::Yes => None,
            Answer::No => Some(None),
            Answer::Open(rest) => Some(Some(rest)),
        }
    }
}

impl Part {
    fn find(&self, text: &[u8], path: Option<&[u8]>) -> Vec<Match> {
        let mut found = Vec::new();
        let mut captures = self.regex.create_captures();
        let mut start = 0;
        while start <= text.len() {
            self.regex.search_captures(&Input::new(text).span(start..text.len()), &mut captures);
            let Some(matched) = captures.get_match().map(|matched| matched.range()) else { break };
            start = matched.end.max(matched.start + 1);
            let group = |group| captures.get_group(group).map(|span| span.start..span.end);
            let value = match self.group {
                Some(wanted) => group(wanted),
                None => (1..captures.group_len()).filter_map(group).find(|value| !value.is_empty()),
            };
            // Without its line ends, as these tools take it.
            let whole = trimmed(&text[matched.clone()]).len();
            let ends = matched.len() - whole;
            let before = text[matched.clone()].iter().take_while(|&&byte| byte == b'\n').count();
            let whole = matched.start + before.min(ends)..matched.start + before.min(ends) + whole;
            let value = value.unwrap_or(whole);
            if value.is_empty() {
                continue;
            }
            let of = Candidate {
                rule: &self.id,
                about: &self.about,
                text,
                matched: &matched,
                value: &value,
            };
            let unless = match self.left_out.answer(&of, path) {
                Answer::Yes => continue,
                Answer::No => None,
                Answer::Open(rest) => Some(rest),
            };
            found.push(Match { matched, value, unless });
        }
        found
    }
}

/// Where the lines of a text begin.
struct Starts(Vec<usize>);

impl Starts {
    fn new(text: &[u8]) -> Self {
        Self(std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1)).collect())
    }

    /// Line and column, both from 0.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.0.partition_point(|&start| start <= at) - 1;
        (line, at - self.0[line])
    }
}

/// Matches that do not count at the same paths, with the places where they begin.
struct Groups(Vec<Group>);

/// The paths, and for each match line and column.
type Group = (Option<Arc<Test>>, Vec<(usize, usize)>);

impl Groups {
    fn new(found: Vec<Match>, starts: &Starts) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for one in found {
            let place = starts.place(one.matched.start);
            match groups.iter_mut().find(|(unless, _)| *unless == one.unless) {
                Some((_, places)) => places.push(place),
                None => groups.push((one.unless, vec![place])),
            }
        }
        Self(groups)
    }

    /// `None` where nothing is near enough; else the paths at which nothing near counts.
    fn unless(
        &self,
        required: &Required,
        near: &Range<usize>,
        starts: &Starts,
    ) -> Option<Option<Arc<Test>>> {
        let (first, column) = starts.place(near.start);
        let (last, _) = starts.place(near.end.saturating_sub(1).max(near.start));
        let lines = required.lines.map(|by| first.saturating_sub(by)..=last.saturating_add(by));
        let is_near = |places: &[(usize, usize)]| {
            let places = match &lines {
                None => places,
                Some(lines) => {
                    let start = places.partition_point(|(line, _)| line < lines.start());
                    let end = places.partition_point(|(line, _)| line <= lines.end());
                    &places[start..end]
                }
            };
            match required.columns {
                None => !places.is_empty(),
                Some(by) => places.iter().any(|(_, other)| other.abs_diff(column) <= by),
            }
        };
        let mut all = Vec::new();
        for (unless, _) in self.0.iter().filter(|(_, places)| is_near(places)) {
            match unless {
                None => return Some(None),
                Some(unless) => all.push(Arc::clone(unless)),
            }
        }
        if all.is_empty() { None } else { Some(Some(Test::all(all))) }
    }
}
