//! A rule's regular expression: compiled when it is first needed, and matched in linear time.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use thiserror::Error;

use super::regex::{compile, longest};
use super::window::REACH;
use crate::detect::rules::{Anchor, Rule};

/// A rule that cannot be used.
#[derive(Debug, Error)]
pub enum ExpressionError {
    /// The expression is not one.
    #[error("the expression of rule '{rule}' cannot be used: {reason}")]
    Invalid {
        /// The rule's name.
        rule: String,
        /// What the compiler says, in one line.
        reason: String,
    },
    /// The rule takes its secret from a group that the expression has not.
    #[error("rule '{rule}' takes group {group}, which its expression does not have")]
    NoGroup {
        /// The rule's name.
        rule: String,
        /// The group.
        group: usize,
    },
}

/// One rule's.
#[derive(Default)]
pub(super) struct Expression(OnceLock<Option<Compiled>>);

struct Compiled {
    regex: Regex,
    /// Bytes of the longest match, as far as that is known.
    longest: Option<usize>,
}

/// What matched, and the secret in it.
type Ranges = (Range<usize>, Range<usize>);

impl Expression {
    /// Compiles it now.
    pub(super) fn compile(&self, rule: &Rule) -> Result<(), ExpressionError> {
        if rule.expression.is_empty() {
            return Ok(());
        }
        let invalid = |reason: String| ExpressionError::Invalid {
            rule: crate::sanitise::line(&rule.id),
            reason,
        };
        let compiled = build(rule).map_err(invalid)?;
        if rule.group >= compiled.regex.group_info().group_len(regex_automata::PatternID::ZERO) {
            return Err(ExpressionError::NoGroup {
                rule: crate::sanitise::line(&rule.id),
                group: rule.group,
            });
        }
        // Another thread may have been first, with the same expression.
        let _ = self.0.set(Some(compiled));
        Ok(())
    }

    fn regex(&self, rule: &Rule) -> Option<&Regex> {
        self.compiled(rule).map(|compiled| &compiled.regex)
    }

    fn compiled(&self, rule: &Rule) -> Option<&Compiled> {
        self.0.get_or_init(|| build(rule).ok()).as_ref()
    }

    /// How many bytes from its beginning on may decide on a match of [`Self::at`].
    pub(super) fn reach(&self, rule: &Rule) -> usize {
        let longest = self.compiled(rule).and_then(|compiled| compiled.longest);
        // An assertion may look at the byte behind the match.
        longest.unwrap_or(REACH).min(REACH) + 1
    }

    /// The match that begins exactly here.
    pub(super) fn at(&self, rule: &Rule, text: &[u8], at: usize) -> Option<Ranges> {
        let span = at..(at + REACH).min(text.len());
        let input = Input::new(text).span(span).anchored(Anchored::Yes);
        found(self.regex(rule)?, &input, rule.group)
    }

    /// The secret in a value that matches from end to end.
    pub(super) fn whole(
        &self,
        rule: &Rule,
        text: &[u8],
        value: &Range<usize>,
    ) -> Option<Range<usize>> {
        let input = Input::new(&text[value.clone()]).anchored(Anchored::Yes);
        let (_, secret) = found(self.regex(rule)?, &input, rule.group)?;
        Some(value.start + secret.start..value.start + secret.end)
    }

    /// Every match in a part of the text, one after the other.
    pub(super) fn all(&self, rule: &Rule, text: &[u8], span: Range<usize>) -> Vec<Ranges> {
        let Some(regex) = self.regex(rule) else { return Vec::new() };
        let mut all = Vec::new();
        let mut start = span.start;
        while start <= span.end {
            let input = Input::new(text).span(start..span.end);
            let Some((matched, value)) = found(regex, &input, rule.group) else { break };
            start = matched.end.max(start + usize::from(matched.is_empty())).max(matched.start + 1);
            all.push((matched, value));
        }
        all
    }
}

fn found(regex: &Regex, input: &Input<'_>, group: usize) -> Option<Ranges> {
    if group == 0 {
        let matched = regex.search(input)?.range();
        return Some((matched.clone(), matched));
    }
    let mut captures = regex.create_captures();
    regex.search_captures(input, &mut captures);
    let matched = captures.get_match()?.range();
    let value = captures.get_group(group)?;
    Some((matched, value.start..value.end))
}

fn build(rule: &Rule) -> Result<Compiled, String> {
    let regex = match rule.place {
        Anchor::Assigned => compile(&format!("\\A(?:{})\\z", rule.expression)),
        _ => compile(&rule.expression),
    }?;
    Ok(Compiled { regex, longest: longest(&rule.expression) })
}
