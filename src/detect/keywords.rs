//! Where keywords are: one pass over the text.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::finder::Finder;
use crate::detect::rules::{Anchor, Rule};

/// A rule, and the spelling that counts, where case does.
type Owner = (usize, Option<Vec<u8>>);

/// All rules' keywords.
pub(super) struct Keywords {
    /// Each keyword once, in lower case.
    patterns: Vec<Vec<u8>>,
    /// For each pattern, the rules that have it.
    owners: Vec<Vec<Owner>>,
    /// What tokens of one service begin with, and hardly anything else does; sorted.
    marks: OnceLock<Vec<Vec<u8>>>,
    /// What tokens begin with.
    prefixes: Vec<Vec<u8>>,
    longest: usize,
    finder: Option<Finder>,
    /// For the keywords of a file of rules that are too many for the finder, or too short.
    automaton: OnceLock<AhoCorasick>,
}

impl Keywords {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut by_pattern: BTreeMap<Vec<u8>, Vec<Owner>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for keyword in rule.keywords.iter().filter(|keyword| !keyword.is_empty()) {
                let lower = keyword.to_ascii_lowercase().into_bytes();
                let spelling = (!rule.ignores_case()).then(|| keyword.clone().into_bytes());
                by_pattern.entry(lower).or_default().push((at, spelling));
            }
        }
        let (patterns, owners): (Vec<Vec<u8>>, Vec<Vec<Owner>>) = by_pattern.into_iter().unzip();
        let spellings = |owners: &'_ Vec<Owner>| -> Vec<Vec<u8>> {
            let all: Option<Vec<_>> = owners.iter().map(|(_, spelling)| spelling.clone()).collect();
            all.unwrap_or_default()
        };
        let spellings: Vec<_> = owners.iter().map(spellings).collect();
        let finder = Finder::new(&patterns, &spellings);
        let token = |rule: &&Rule| rule.place == Anchor::Token;
        let prefixes = rules.iter().filter(token).flat_map(|rule| &rule.keywords);
        let prefixes = prefixes.map(|keyword| keyword.clone().into_bytes()).collect();
        Self {
            longest: patterns.iter().map(Vec::len).max().unwrap_or(0),
            finder,
            marks: OnceLock::new(),
            prefixes,
            patterns,
            owners,
            automaton: OnceLock::new(),
        }
    }

    /// Whether the value begins with what marks the tokens of one service.
    pub(super) fn marks(&self, value: &[u8]) -> bool {
        // The last mark that is not greater than the value is the only one that may begin it, unless one begins another.
        let marks = self.marks.get_or_init(|| {
            let mut marks = self.prefixes.clone();
            marks.retain(|prefix| is_mark(prefix));
            marks.sort();
            marks
        });
        let after = marks.partition_point(|mark| &mark[..] <= value);
        marks[..after].iter().rev().take(4).any(|mark| value.starts_with(mark))
    }

    /// Bytes of the longest keyword.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Bytes of a keyword, by its number.
    pub(super) fn len(&self, keyword: u32) -> usize {
        self.patterns.get(keyword as usize).map_or(0, Vec::len)
    }

    /// The rules of a keyword, by its number, where it is spelled like this.
    pub(super) fn rules<'k>(
        &'k self,
        keyword: u32,
        word: &'k [u8],
    ) -> impl Iterator<Item = usize> + 'k {
        let owners = self.owners.get(keyword as usize).into_iter().flatten();
        let spelled = move |spelling: &Option<Vec<u8>>| {
            spelling.as_ref().is_none_or(|spelling| word == spelling)
        };
        owners.filter(move |(_, spelling)| spelled(spelling)).map(|&(rule, _)| rule)
    }

    /// Calls `each` with the number and the place of every keyword that begins in the window; it may end behind it. The
    /// spelling of some may be none of theirs.
    pub(super) fn find(
        &self,
        text: &[u8],
        window: Range<usize>,
        mut each: impl FnMut(u32, Range<usize>),
    ) {
        if self.patterns.is_empty() {
            return;
        }
        if let Some(finder) = &self.finder {
            return finder.find(text, window, each);
        }
        let automaton = self.automaton.get_or_init(|| {
            AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(true)
                .build(&self.patterns)
                .expect("a rule file of 4 MiB has fewer states than an automaton can hold")
        });
        let end = window.end.saturating_add(self.longest.saturating_sub(1)).min(text.len());
        for found in automaton.find_overlapping_iter(Input::new(text).span(window.start..end)) {
            if found.start() < window.end {
                each(found.pattern().as_u32(), found.start()..found.end());
            }
        }
    }
}

/// At least five characters with a sign in them, and no English word: `xoxb-`, `glpat-`, not `test_`.
fn is_mark(keyword: &[u8]) -> bool {
    let sign = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
    let mut letters = keyword.split(sign).filter(|part| !part.is_empty());
    keyword.len() >= 5
        && keyword.iter().any(sign)
        && !letters.all(|part| super::words::is_word(part) || part.len() < 2)
}
