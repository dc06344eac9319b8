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
use super::matcher::Matcher;
use super::path::{self, PathKind};
use super::rank::Rank;
use super::rules::gitleaks::Match;
use super::rules::{self, Anchor, Check, Rule};
use super::{assignment, check, judge, name, pem, phrase, random, url, window};

/// Whether the name of a property says by itself that its value is a secret, as `db.password` and `api_key` do.
pub fn names_secret(name: &[u8]) -> bool {
    name::kind(name).is_some_and(|kind| kind != name::Kind::Key)
}

/// Whether a value looks as if a program drew it.
pub fn looks_random(value: &[u8]) -> bool {
    random::is(value, LEAST_DRAWN)
}

/// Bytes of a value that looks drawn, at least.
const LEAST_DRAWN: usize = 8;

/// A set of rules, ready to scan with. Shared by threads as it is.
pub struct Detector {
    rules: Vec<Rule>,
    expressions: Vec<Expression>,
    keywords: Keywords,
    /// Rules that look at the whole text.
    whole: Vec<usize>,
    /// Whether any rule looks at the whole text once it has seen its keyword.
    looks_at_texts: bool,
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
        for (rule, expression) in detector.rules.iter().zip(&detector.expressions) {
            expression.compile(rule)?;
        }
        Ok(detector)
    }

    /// Whether what one of the project's own rules found counts under what a file of rules says of all of them.
    fn counts(&self, hit: &mut Hit, text: &[u8], path: Option<&[u8]>) -> bool {
        let rule = &self.rules[hit.rule];
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
            expressions: rules.iter().map(|_| Expression::default()).collect(),
            keywords: Keywords::new(&rules),
            whole: (0..rules.len()).filter(|&at| whole(&rules[at])).collect(),
            looks_at_texts: rules.iter().any(|rule| rule.place == Anchor::Text),
            rules,
            hash: OnceLock::new(),
        }
    }

    /// The rule that a hit names.
    pub fn rule(&self, index: usize) -> &Rule {
        &self.rules[index]
    }

    /// All rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How sure a hit is that was found without the file's name, now that the name is known; `None` where it is no secret
    /// in such a file.
    pub fn rank_at(&self, hit: &Hit, path: &[u8]) -> Option<Rank> {
        let kind = path::kind(path);
        match &hit.ranks {
            Some(ranks) => ranks.at(kind),
            None => Some(judge::rank_at(&self.rules[hit.rule], hit.rank, kind)),
        }
    }

    /// Changes whenever another set of rules, or another version of this program, may find something else.
    pub fn rules_hash(&self) -> [u8; 32] {
        *self.hash.get_or_init(|| {
            let mut hasher = Sha256::new();
            hasher.update(env!("CARGO_PKG_VERSION"));
            self.rules.iter().for_each(|rule| rule.hash_into(&mut hasher));
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
        let weight = |hit: &Hit| self.rules[hit.rule].weight();
        let kept = hit::keep_best(found, weight);
        hits.extend(kept.into_iter().filter(|hit| window::touches(&hit.matched, within)));
    }

    /// Every hit whose keyword is in one of the windows.
    fn found(&self, text: &[u8], path: Option<&[u8]>, windows: Vec<Range<usize>>) -> Vec<Hit> {
        let mut scan = Scan {
            detector: self,
            text,
            path: path.map_or(PathKind::Unknown, path::kind),
            file: path,
            found: Vec::new(),
            assigned: None,
            texts: Vec::new(),
        };
        for window in windows {
            self.keywords.find(text, window, |rule, keyword| scan.at_keyword(rule, keyword));
        }
        if !text.is_empty() {
            self.whole.iter().for_each(|&rule| scan.everywhere(rule));
        }
        let mut found = scan.found;
        found.retain_mut(|hit| self.counts(hit, text, path));
        found
    }
}

/// What is in the first and last line of every private key (RFC 7468), on one line or escaped.
const MARK: &[u8] = b"PRIVATE KEY";

impl Matcher for Detector {
    fn window(&self) -> usize {
        // That of a hit that gives way to another does not reach further: the two overlap, and the other one's reach is its own.
        window::REACH
    }

    fn reaches_far(&self, text: &[u8], within: &[Range<usize>]) -> bool {
        let marked = |part: &Range<usize>| {
            let start = part.start.saturating_sub(MARK.len());
            let end = (part.end + MARK.len()).min(text.len());
            memchr::memmem::find(&text[start..end], MARK).is_some()
        };
        self.rules.iter().any(|rule| rule.place == Anchor::Text) || within.iter().any(marked)
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        Self::scan(self, text, None, within, hits);
    }
}

/// One scan of one text.
struct Scan<'a> {
    detector: &'a Detector,
    text: &'a [u8],
    path: PathKind,
    file: Option<&'a [u8]>,
    found: Vec<Hit>,
    /// The assignment read last: several keywords may be in one name.
    assigned: Option<(Range<usize>, Option<assignment::Assignment>)>,
    /// For each rule whether it looked at the whole text; empty before any did.
    texts: Vec<bool>,
}

impl Scan<'_> {
    fn at_keyword(&mut self, rule: usize, keyword: Range<usize>) {
        let place = self.detector.rules[rule].place;
        match place {
            Anchor::Token => self.token(rule, keyword),
            Anchor::Near => self.near(rule, keyword),
            Anchor::Assigned => self.assigned(rule, keyword),
            Anchor::Text => {
                self.texts.resize(self.detector.rules.len(), false);
                if !std::mem::replace(&mut self.texts[rule], true) {
                    self.everywhere(rule);
                }
            }
            Anchor::Code => self.code(rule, keyword),
        }
    }

    fn token(&mut self, rule: usize, keyword: Range<usize>) {
        if !window::begins_word(self.text, keyword.start) {
            return;
        }
        let expression = &self.detector.expressions[rule];
        let Some((matched, value)) =
            expression.at(&self.detector.rules[rule], self.text, keyword.start)
        else {
            return;
        };
        // What is longer than a match may be ends in the middle.
        let cut = matched.len() >= window::LONG_TOKEN;
        if cut || window::ends_word(self.text, matched.end) {
            self.judge(rule, matched, value);
        }
    }

    fn near(&mut self, rule: usize, keyword: Range<usize>) {
        if window::crowded(self.text, &keyword) {
            return;
        }
        let expression = &self.detector.expressions[rule];
        let span = window::near(self.text, &keyword);
        let found = expression.all(&self.detector.rules[rule], self.text, span);
        for (matched, value) in found {
            if matched.start <= keyword.start && matched.end >= keyword.end {
                self.judge(rule, matched, value);
            }
        }
    }

    fn everywhere(&mut self, rule: usize) {
        let which = &self.detector.rules[rule];
        if let Some(foreign) = which.foreign.as_ref().filter(|foreign| foreign.has_expression()) {
            let rank = judge::rank_at(which, which.rank, self.path);
            let hit = |Match { matched, value, unless }| {
                let sure = Hit::sure(value, matched, rank);
                Hit { rule, unless, ..sure }
            };
            self.found.extend(foreign.find(self.text, self.file).into_iter().map(hit));
            return;
        }
        let expression = &self.detector.expressions[rule];
        let all = expression.all(&self.detector.rules[rule], self.text, 0..self.text.len());
        for (matched, value) in all {
            self.judge(rule, matched, value);
        }
    }

    fn assigned(&mut self, rule: usize, keyword: Range<usize>) {
        let Some(found) = self.assignment(&keyword) else { return };
        let expression = &self.detector.expressions[rule];
        let Some(value) = expression.whole(&self.detector.rules[rule], self.text, &found.value)
        else {
            return;
        };
        let name = &self.text[found.name.clone()];
        let in_name = keyword.start.saturating_sub(found.name.start);
        if name::may_be_secret(name) && name::names(name, in_name..in_name + keyword.len()) {
            self.judge(rule, found.matched(), value);
        }
    }

    fn code(&mut self, rule: usize, keyword: Range<usize>) {
        let text = self.text;
        let Some(check) = self.detector.rules[rule].check else { return };
        let found = match check {
            Check::Password | Check::Secret => self
                .assignment(&keyword)
                .and_then(|assigned| judge::assigned(text, &assigned, check)),
            Check::Url => url::at(text, &keyword),
            Check::Pem => pem::at(text, &keyword),
            Check::Authorization => phrase::authorization(text, &keyword),
            Check::CommandLine => phrase::command_line(text, &keyword),
            Check::Pgpass => phrase::pgpass(text, &keyword, self.file),
            Check::Card => check::card(text, &keyword),
            Check::Iban => check::iban(text, &keyword),
            Check::Crc32Base62
            | Check::Bech32
            | Check::Jwt
            | Check::DiscordId
            | Check::AwsKeyId => None,
        };
        let Some(mut found) = found else { return };
        // It has the mark of a service, and not the shape: another rule would have said so, and is better if it did.
        if check == Check::Secret && self.detector.keywords.marks(&text[found.value.clone()]) {
            let short = found.value.len() < window::SHORT_TOKEN;
            let most = if short { Rank::Low } else { Rank::Medium };
            found.rank = found.rank.min(most);
            found.ranks = found.ranks.map(|ranks| ranks.at_most(most));
        }
        // Once the file is known, nothing is left open.
        if self.file.is_some()
            && let Some(ranks) = found.ranks.take()
        {
            let Some(rank) = ranks.at(self.path) else { return };
            found.rank = rank;
        }
        self.found.push(Hit { rule, ..found });
    }

    fn assignment(&mut self, keyword: &Range<usize>) -> Option<assignment::Assignment> {
        let name = assignment::name_at(self.text, keyword)?;
        match &self.assigned {
            Some((last, found)) if *last == name => found.clone(),
            _ => {
                let found = assignment::read(self.text, name.clone());
                self.assigned = Some((name, found.clone()));
                found
            }
        }
    }

    /// Ranks what an expression matched, or leaves it.
    fn judge(&mut self, rule: usize, matched: Range<usize>, value: Range<usize>) {
        let which = &self.detector.rules[rule];
        if matches!(which.place, Anchor::Token | Anchor::Near)
            && window::in_block(self.text, &value)
        {
            return;
        }
        if let Some((rank, facts)) = judge::matched(which, &self.text[value.clone()], self.path) {
            self.found.push(Hit { rule, facts, ..Hit::sure(value, matched, rank) });
        }
    }
}
