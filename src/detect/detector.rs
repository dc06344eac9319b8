//! Finds secrets in a text.
//!
//! One pass of two automata over the text says where a keyword is; everything else is tried only there. What is found
//! at a keyword depends on at most [`window::REACH`] bytes around it (and on the block, for a PEM key), never on what was
//! found before: so a part of a text can be scanned alone, with the same result.

use std::ops::Range;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::expression::{Expression, ExpressionError};
use super::hit::{self, Hit};
use super::keywords::Keywords;
use super::path;
use super::rank::Rank;
use super::rules::{self, Anchor, Rule};
use super::scan::{Patterns, Scan};
use super::{judge, window};

/// A set of rules, ready to scan with. Shared by threads as it is.
pub struct Detector {
    pub(super) patterns: Patterns,
    /// Rules that look at the whole text.
    whole: Vec<usize>,
    /// Whether any rule looks at the whole text once it has seen its keyword.
    pub(super) looks_at_texts: bool,
    /// Whether a file of rules says anything of what the rules find.
    pub(super) is_foreign: bool,
    hash: OnceLock<[u8; 32]>,
}

impl Detector {
    /// One with the project's own rules. No expression is compiled before a keyword of its rule was seen.
    pub fn builtin() -> Self {
        Self::new(rules::builtin())
    }

    /// One with these rules.
    ///
    /// # Errors
    /// An expression that is no regular expression, is too large, or lacks the group that the rule names.
    pub fn with_rules(rules: Vec<Rule>) -> Result<Self, ExpressionError> {
        let detector = Self::new(rules);
        for (rule, expression) in detector.patterns.rules.iter().zip(&detector.patterns.expressions)
        {
            expression.compile(rule)?;
        }
        Ok(detector)
    }

    /// Whether what one of the project's own rules found counts under what a file of rules says of all of them.
    fn counts(&self, hit: &mut Hit, text: &[u8], path: Option<&[u8]>) -> bool {
        let rule = &self.patterns.rules[hit.rule];
        let Some(foreign) = rule.foreign.as_ref().filter(|foreign| !foreign.has_expression())
        else {
            return true;
        };
        let unless = foreign.unless(rule, text, path, &hit.matched, &hit.value);
        hit.unless = unless.clone().flatten();
        unless.is_some()
    }

    fn new(rules: Vec<Rule>) -> Self {
        let whole = |rule: &Rule| rule.place == Anchor::Text && rule.keywords.is_empty();
        Self {
            whole: (0..rules.len()).filter(|&at| whole(&rules[at])).collect(),
            is_foreign: rules.iter().any(|rule| rule.foreign.is_some()),
            looks_at_texts: rules.iter().any(|rule| rule.place == Anchor::Text),
            patterns: Patterns {
                expressions: rules.iter().map(|_| Expression::default()).collect(),
                keywords: Keywords::new(&rules),
                rules,
            },
            hash: OnceLock::new(),
        }
    }

    /// The rule that a hit names.
    pub fn rule(&self, index: usize) -> &Rule {
        &self.patterns.rules[index]
    }

    /// All rules.
    pub fn rules(&self) -> &[Rule] {
        &self.patterns.rules
    }

    /// How sure a hit is that was found without the file's name, now that the name is known; `None` where it is no secret
    /// in such a file.
    pub fn rank_at(&self, hit: &Hit, path: &[u8]) -> Option<Rank> {
        let kind = path::kind(path);
        match &hit.ranks {
            Some(ranks) => ranks.at(kind),
            None => Some(judge::rank_at(&self.patterns.rules[hit.rule], hit.rank, kind)),
        }
    }

    /// Changes whenever another set of rules, or another version of this program, may find something else.
    pub fn rules_hash(&self) -> [u8; 32] {
        *self.hash.get_or_init(|| {
            let mut hasher = Sha256::new();
            hasher.update(env!("CARGO_PKG_VERSION"));
            self.patterns.rules.iter().for_each(|rule| rule.hash_into(&mut hasher));
            hasher.finalize().into()
        })
    }

    /// Adds to `hits` what looks like a secret in `text` and touches one of the ranges `within` (ascending, not
    /// overlapping), in the order of the values. `path` is the file's, with `/` between its parts.
    ///
    /// Takes time linear in the length of the text, whatever it holds.
    pub fn scan(
        &self,
        text: &[u8],
        path: Option<&[u8]>,
        within: &[Range<usize>],
        hits: &mut Vec<Hit>,
    ) {
        let all = window::around(text, within, window::OF_RIVALS);
        if !self.looks_at_texts {
            // Most parts have nothing, and then no hit gives way to another.
            let near = window::around(text, within, window::OF_HITS);
            let touches = |hit: &Hit| window::touches(&hit.matched, within);
            if near != all && !self.found(text, path, near).iter().any(touches) {
                return;
            }
        }
        let found = self.found(text, path, all);
        let weight = |hit: &Hit| self.patterns.rules[hit.rule].weight();
        let kept = hit::keep_best(found, weight);
        hits.extend(kept.into_iter().filter(|hit| window::touches(&hit.matched, within)));
    }

    /// Every hit whose keyword is in one of the windows.
    fn found(&self, text: &[u8], path: Option<&[u8]>, windows: Vec<Range<usize>>) -> Vec<Hit> {
        let mut scan = Scan::new(&self.patterns, text, path);
        for window in windows {
            self.patterns.keywords.find(text, window, |number, keyword| {
                scan.at(number, keyword);
            });
        }
        if !text.is_empty() {
            self.whole.iter().for_each(|&rule| scan.everywhere(rule));
        }
        let mut found = scan.found;
        found.retain_mut(|hit| self.counts(hit, text, path));
        found
    }
}
