//! Where keywords are: one pass over the text.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::detect::rules::{Anchor, Rule};

/// From this many bytes on, the automaton that is faster and takes longer to build pays.
const MUCH_TEXT: usize = 2 << 20;

/// The automaton that is faster grows with the square of its keywords, nearly: with more than so many bytes of them the
/// other one stays.
const MANY_KEYWORDS: usize = 64 << 10;

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
    many: bool,
    small: OnceLock<AhoCorasick>,
    fast: OnceLock<AhoCorasick>,
    /// How many bytes were looked at.
    seen: AtomicUsize,
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
        let many = by_pattern.keys().map(Vec::len).sum::<usize>() > MANY_KEYWORDS;
        let (patterns, owners) = by_pattern.into_iter().unzip();
        let token = |rule: &&Rule| rule.place == Anchor::Token;
        let prefixes = rules.iter().filter(token).flat_map(|rule| &rule.keywords);
        let prefixes = prefixes.map(|keyword| keyword.clone().into_bytes()).collect();
        Self {
            many,
            marks: OnceLock::new(),
            prefixes,
            patterns,
            owners,
            small: OnceLock::new(),
            fast: OnceLock::new(),
            seen: AtomicUsize::new(0),
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

    /// Calls `each` with every rule and place whose keyword begins and ends in the window.
    pub(super) fn find(
        &self,
        text: &[u8],
        window: Range<usize>,
        mut each: impl FnMut(usize, Range<usize>),
    ) {
        if self.patterns.is_empty() {
            return;
        }
        let seen = self.seen.fetch_add(window.len(), Ordering::Relaxed);
        let automaton = if !self.many && seen.saturating_add(window.len()) > MUCH_TEXT {
            self.fast.get_or_init(|| self.build(AhoCorasickKind::DFA))
        } else {
            self.small.get_or_init(|| self.build(AhoCorasickKind::ContiguousNFA))
        };
        for found in automaton.find_overlapping_iter(Input::new(text).span(window)) {
            let place = found.start()..found.end();
            for (rule, spelling) in &self.owners[found.pattern()] {
                if spelling.as_ref().is_none_or(|spelling| text[place.clone()] == spelling[..]) {
                    each(*rule, place.clone());
                }
            }
        }
    }

    fn build(&self, kind: AhoCorasickKind) -> AhoCorasick {
        AhoCorasick::builder()
            .kind(Some(kind))
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(&self.patterns)
            .expect("a rule file of 4 MiB has fewer states than an automaton can hold")
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
