//! One scan of one text: what is tried at a keyword, and how far around it anything decides on what is found.

use std::ops::Range;

use super::assignment::{self, Assignment};
use super::expression::Expression;
use super::hit::Hit;
use super::keywords::Keywords;
use super::path::{self, PathKind};
use super::rank::Rank;
use super::rules::gitleaks::Match;
use super::rules::{Anchor, Check, Rule};
use super::{check, judge, jwk, name, pair, pem, phrase, reach, url, window, wrapped};

/// A set of rules, ready to be tried.
pub(super) struct Patterns {
    pub(super) rules: Vec<Rule>,
    pub(super) expressions: Vec<Expression>,
    pub(super) keywords: Keywords,
}

/// One scan of one text.
pub(super) struct Scan<'a> {
    patterns: &'a Patterns,
    text: &'a [u8],
    path: PathKind,
    file: Option<&'a [u8]>,
    /// What was found.
    pub(super) found: Vec<Hit>,
    /// The name read last, and what is assigned to it: several keywords may be in one.
    assigned: Option<(Range<usize>, Option<Assignment>)>,
    /// For each rule whether it looked at the whole text; empty before any did.
    texts: Vec<bool>,
}

impl<'a> Scan<'a> {
    /// Of a text in a file of this path, where that is known.
    pub(super) fn new(patterns: &'a Patterns, text: &'a [u8], file: Option<&'a [u8]>) -> Self {
        Self {
            patterns,
            text,
            path: file.map_or(PathKind::Unknown, path::kind),
            file,
            found: Vec::new(),
            assigned: None,
            texts: Vec::new(),
        }
    }

    /// Tries every rule of a keyword. Returns all that decides on what is found there; `None` where no rule has it like this.
    pub(super) fn at(&mut self, number: u32, keyword: Range<usize>) -> Option<Range<i64>> {
        let mut all: Option<Range<i64>> = None;
        for rule in self.patterns.keywords.rules(number, &self.text[keyword.clone()]) {
            let extent = self.try_at(rule, &keyword);
            all = Some(all.map_or(extent.clone(), |all| reach::join(all, extent)));
        }
        all
    }

    fn try_at(&mut self, rule: usize, keyword: &Range<usize>) -> Range<i64> {
        match self.patterns.rules[rule].place {
            Anchor::Token => self.token(rule, keyword),
            Anchor::Near => self.near(rule, keyword),
            Anchor::Assigned => self.assigned(rule, keyword),
            Anchor::Text => {
                self.texts.resize(self.patterns.rules.len(), false);
                if !std::mem::replace(&mut self.texts[rule], true) {
                    self.everywhere(rule);
                }
                i64::MIN..i64::MAX
            }
            Anchor::Code => self.code(rule, keyword),
        }
    }

    fn token(&mut self, rule: usize, keyword: &Range<usize>) -> Range<i64> {
        let near = reach::around(keyword, 3, 1);
        if !window::begins_word(self.text, keyword.start) {
            return near;
        }
        let which = &self.patterns.rules[rule];
        let expression = &self.patterns.expressions[rule];
        let first = keyword.start..keyword.start;
        let tried = reach::join(near, reach::around(&first, 0, expression.reach(which)));
        let Some((matched, value)) = expression.at(which, self.text, keyword.start) else {
            return tried;
        };
        let beside = reach::around(&(value.start..value.start), window::OF_BLOCK, window::OF_BLOCK);
        let extent = reach::join(reach::join(tried, beside), reach::around(&matched, 0, 1));
        // What is longer than a match may be ends in the middle.
        let cut = matched.len() >= window::LONG_TOKEN;
        if cut || window::ends_word(self.text, matched.end) {
            self.judge(rule, matched, value);
        }
        extent
    }

    fn near(&mut self, rule: usize, keyword: &Range<usize>) -> Range<i64> {
        if window::crowded(self.text, keyword) {
            return reach::around(keyword, window::BEFORE, 0);
        }
        let expression = &self.patterns.expressions[rule];
        let span = window::near(self.text, keyword);
        let found = expression.all(&self.patterns.rules[rule], self.text, span);
        for (matched, value) in found {
            if matched.start <= keyword.start && matched.end >= keyword.end {
                self.judge(rule, matched, value);
            }
        }
        let beside = window::OF_BLOCK + 1;
        reach::around(keyword, window::BEFORE + beside, window::AFTER + beside)
    }

    /// Tries a rule on the whole text.
    pub(super) fn everywhere(&mut self, rule: usize) {
        let which = &self.patterns.rules[rule];
        if let Some(foreign) = which.foreign.as_ref().filter(|foreign| foreign.has_expression()) {
            let rank = judge::rank_at(which, which.rank, self.path);
            let hit = |Match { matched, value, unless }| {
                let sure = Hit::sure(value, matched, rank);
                Hit { rule, unless, ..sure }
            };
            self.found.extend(foreign.find(self.text, self.file).into_iter().map(hit));
            return;
        }
        let expression = &self.patterns.expressions[rule];
        let all = expression.all(&self.patterns.rules[rule], self.text, 0..self.text.len());
        for (matched, value) in all {
            self.judge(rule, matched, value);
        }
    }

    fn assigned(&mut self, rule: usize, keyword: &Range<usize>) -> Range<i64> {
        let (found, extent) = self.assignment(keyword);
        let Some(found) = found else { return extent };
        let expression = &self.patterns.expressions[rule];
        let Some(value) = expression.whole(&self.patterns.rules[rule], self.text, &found.value)
        else {
            return extent;
        };
        let name = &self.text[found.name.clone()];
        let in_name = keyword.start.saturating_sub(found.name.start);
        if name::may_be_secret(name) && name::names(name, in_name..in_name + keyword.len()) {
            self.judge(rule, found.matched(), value);
        }
        extent
    }

    fn code(&mut self, rule: usize, keyword: &Range<usize>) -> Range<i64> {
        let text = self.text;
        let Some(check) = self.patterns.rules[rule].check else {
            return reach::around(keyword, 0, 0);
        };
        let mut extent = reach::of_check(check, text, keyword);
        let found = match check {
            Check::Password | Check::Secret => return self.assigned_to(rule, check, keyword),
            Check::Basic => pair::basic(text, keyword),
            Check::EncodedPair => pair::encoded(text, keyword),
            Check::Identified => pair::identified(text, keyword),
            Check::Jwk => jwk::at(text, keyword),
            Check::Url => url::at(text, keyword),
            Check::Pem => pem::at(text, keyword),
            Check::Authorization => phrase::authorization(text, keyword),
            Check::CommandLine => phrase::command_line(text, keyword),
            Check::Pgpass => phrase::pgpass(text, keyword, self.file),
            Check::Card => check::card(text, keyword),
            Check::Iban => check::iban(text, keyword),
            Check::Crc32Base62
            | Check::Bech32
            | Check::Jwt
            | Check::DiscordId
            | Check::Nkey
            | Check::EncodedObject
            | Check::Hash
            | Check::AwsKeyId => None,
        };
        let Some(found) = found else { return extent };
        // A block that is whole does not depend on what is far behind it.
        if check == Check::Pem {
            extent = reach::around(&found.matched, 1, pem::BEHIND);
        }
        self.keep(rule, check, found);
        extent
    }

    /// Judges what is assigned to a name, of a list every element. Returns all that decides.
    fn assigned_to(&mut self, rule: usize, check: Check, keyword: &Range<usize>) -> Range<i64> {
        let (mut next, mut extent) = self.assignment(keyword);
        for _ in 0..wrapped::MOST_ELEMENTS {
            let Some(assigned) = next else { break };
            extent = reach::join(extent, judge::extent(self.text, &assigned));
            if let Some(found) = judge::assigned(self.text, &assigned, check) {
                self.keep(rule, check, found);
            }
            if !assigned.listed {
                break;
            }
            let behind = reach::around(&assigned.value, 0, wrapped::OF_ELEMENT);
            extent = reach::join(extent, behind);
            let found = (assigned.name.start, &assigned.value, assigned.quoted);
            let following = wrapped::next_element(self.text, found.0, found.1, found.2);
            next = following.map(|(value, quoted)| Assignment { value, quoted, ..assigned });
        }
        extent
    }

    /// Adds what code found.
    fn keep(&mut self, rule: usize, check: Check, mut found: Hit) {
        let text = self.text;
        // It has the mark of a service, and not the shape: another rule would have said so, and is better if it did.
        if check == Check::Secret && self.patterns.keywords.marks(&text[found.value.clone()]) {
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

    /// What is assigned to the name that a keyword is in, and the bytes that decide on that.
    fn assignment(&mut self, keyword: &Range<usize>) -> (Option<Assignment>, Range<i64>) {
        let Some(name) = assignment::name_at(self.text, keyword) else {
            return (None, assignment::extent(self.text, keyword, None));
        };
        let found = match &self.assigned {
            Some((last, found)) if *last == name => found.clone(),
            _ => assignment::read(self.text, name.clone()),
        };
        let extent = assignment::extent(self.text, keyword, Some((&name, found.as_ref())));
        self.assigned = Some((name, found.clone()));
        (found, extent)
    }

    /// Ranks what an expression matched, or leaves it.
    fn judge(&mut self, rule: usize, matched: Range<usize>, value: Range<usize>) {
        let which = &self.patterns.rules[rule];
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
