//! From a file to rules.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::condition::{Field, Measure, Number, Order, Patterns, Test, Words};
use super::file::{AllowList, File, Written};
use super::search::{Foreign, Part, Required};
use super::{GitleaksError, LARGEST, RuleFile, filter, re2};
use crate::detect::Rank;
use crate::detect::rules::{self, Anchor, Rule};
use crate::sanitise;

/// Reads the rules of gitleaks and betterleaks.
///
/// `validate` is never run, as it asks services on the network. `useDefault` adds this program's own rules. Tags,
/// versions and allowed commits have no effect.
///
/// # Errors
/// See [`GitleaksError`].
pub fn parse(text: &str) -> Result<RuleFile, GitleaksError> {
    if text.len() > LARGEST {
        return Err(GitleaksError::TooLarge);
    }
    let file = File::read(text)?;
    let digest = Sha256::digest(text).into();
    if file.rules.is_empty() && !file.extend.use_default {
        return Err(GitleaksError::None);
    }
    let shared = Shared::of(&file)?;
    let mut notes = Vec::new();
    let validated = file.rules.iter().filter(|rule| rule.validate.is_some()).count();
    if validated > 0 {
        notes.push(format!(
            "{} would ask services if a secret is valid; git-shroud asks nobody",
            crate::error::count(validated as u64, "rule")
        ));
    }
    // Of two rules with the same id the last one counts, as it does for these tools.
    let mut last = BTreeMap::new();
    for (at, rule) in file.rules.iter().enumerate() {
        if rule.id.is_empty() {
            return Err(GitleaksError::NoId(at + 1));
        }
        last.insert(&rule.id[..], at);
    }
    let written: Vec<_> = last.values().map(|&at| &file.rules[at]).collect();
    let mut made = Vec::new();
    if file.extend.use_default {
        notes.push("'useDefault' adds the rules of this program, not those of gitleaks".to_owned());
        let replaced = |id: &str| last.get(id).is_some_and(|&at| !file.rules[at].is_change());
        for mut rule in rules::builtin() {
            if file.extend.disabled_rules.contains(&rule.id) || replaced(&rule.id) {
                continue;
            }
            let change = last.get(&rule.id[..]).map(|&at| &file.rules[at]);
            rule.foreign = Some(Arc::new(shared.over(&rule.id, change, digest)?));
            made.push(rule);
        }
        let unknown =
            |rule: &&&Written| rule.is_change() && !made.iter().any(|own| own.id == rule.id);
        for rule in written.iter().filter(unknown) {
            let name = sanitise::line(&rule.id);
            notes.push(format!(
                "'{name}' changes a rule of gitleaks that this program does not have"
            ));
        }
    }
    let rules = written.into_iter().filter(|rule| !(file.extend.use_default && rule.is_change()));
    made.extend(compiled(rules, &shared, digest)?);
    Ok(RuleFile { rules: made, notes })
}

/// The rules of the file itself.
fn compiled<'f>(
    written: impl Iterator<Item = &'f Written>,
    shared: &Shared,
    digest: [u8; 32],
) -> Result<Vec<Rule>, GitleaksError> {
    let written: Vec<_> = written.collect();
    let mut parts = HashMap::new();
    for rule in &written {
        if let Some(part) = rule.part(shared)? {
            parts.insert(&rule.id[..], Arc::new(part));
        }
    }
    let mut made = Vec::new();
    for rule in written {
        let required = rule.required.iter().map(|required| {
            let part = parts.get(&required.id[..]).ok_or_else(|| GitleaksError::Required {
                rule: sanitise::line(&rule.id),
                required: sanitise::line(&required.id),
            })?;
            Ok(Required {
                part: Arc::clone(part),
                lines: required.within_lines,
                columns: required.within_columns,
            })
        });
        let required = required.collect::<Result<_, _>>()?;
        // It only serves others.
        if rule.skip_report {
            continue;
        }
        let part = parts.get(&rule.id[..]).map(Arc::clone);
        let by_path = match (&part, &rule.path) {
            (None, Some(path)) => {
                Some(Patterns::new(vec![path.clone()], &sanitise::line(&rule.id))?)
            }
            _ => None,
        };
        let left_out = match by_path {
            Some(_) => shared.of_path(rule)?,
            None => Arc::new(Test::Is(false)),
        };
        made.push(Rule {
            service: rule.id.clone(),
            id: rule.id.clone(),
            about: rule.description.clone(),
            keywords: rule.keywords.iter().filter(|word| !word.is_empty()).cloned().collect(),
            place: if part.is_some() { Anchor::Text } else { Anchor::Code },
            any_case: true,
            expression: String::new(),
            group: 0,
            entropy: None,
            check: None,
            rank: Rank::Medium,
            revoke: "see the rule's description".to_owned(),
            yes: Vec::new(),
            no: Vec::new(),
            foreign: Some(Arc::new(Foreign {
                part,
                required,
                by_path,
                left_out,
                generic: rule.specificity == Some(0),
                digest,
            })),
        });
    }
    Ok(made)
}

/// What the file leaves out of every rule's matches.
struct Shared {
    /// With the rules that they are for; for all, if there are none.
    lists: Vec<(Vec<String>, Arc<Test>)>,
    filter: Option<Arc<Test>>,
    prefilter: Option<Arc<Test>>,
}

impl Shared {
    fn of(file: &File) -> Result<Self, GitleaksError> {
        let lists = file.lists().iter().filter_map(|list| {
            let test = list.test("allowlists").transpose()?;
            Some(test.map(|test| (list.target_rules.clone(), test)))
        });
        let filter = file.filter.as_deref().map(|text| read(text, "filter", true));
        let prefilter = file.prefilter.as_deref().map(|text| read(text, "prefilter", false));
        Ok(Self {
            lists: lists.collect::<Result<_, _>>()?,
            filter: filter.transpose()?.flatten(),
            prefilter: prefilter.transpose()?.flatten(),
        })
    }

    fn lists<'s>(&'s self, id: &'s str) -> impl Iterator<Item = Arc<Test>> + 's {
        let mine =
            move |targets: &[String]| targets.is_empty() || targets.iter().any(|it| it == id);
        self.lists
            .iter()
            .filter(move |(targets, _)| mine(targets))
            .map(|(_, test)| Arc::clone(test))
    }

    /// For a rule of this program's own, which the file may change.
    fn over(
        &self,
        id: &str,
        change: Option<&Written>,
        digest: [u8; 32],
    ) -> Result<Foreign, GitleaksError> {
        let mut left_out = change.map_or_else(|| Ok(Vec::new()), Written::left_out)?;
        left_out.extend(self.lists(id).chain(self.filter.clone()).chain(self.prefilter.clone()));
        Ok(Foreign {
            part: None,
            required: Vec::new(),
            by_path: None,
            left_out: Test::any(left_out),
            generic: false,
            digest,
        })
    }

    /// For a rule that matches by path alone: it has no finding that a filter could ask about.
    fn of_path(&self, rule: &Written) -> Result<Arc<Test>, GitleaksError> {
        let name = sanitise::line(&rule.id);
        let mut left_out = Vec::new();
        for list in rule.lists() {
            left_out.extend(list.test(&name)?);
        }
        left_out.extend(self.lists(&rule.id).chain(self.prefilter.clone()));
        Ok(Test::any(left_out))
    }
}

impl Written {
    /// Whether it only changes a rule that is elsewhere.
    fn is_change(&self) -> bool {
        self.regex.is_empty() && self.path.is_none()
    }

    /// What it matches; `None` if it has no expression.
    fn part(&self, shared: &Shared) -> Result<Option<Part>, GitleaksError> {
        let name = sanitise::line(&self.id);
        if self.regex.is_empty() {
            return if self.path.is_some() { Ok(None) } else { Err(GitleaksError::Empty(name)) };
        }
        let regex = re2::compile(&self.regex, &name)?;
        if self.secret_group >= regex.group_info().group_len(regex_automata::PatternID::ZERO) {
            return Err(GitleaksError::Group { rule: name, group: self.secret_group });
        }
        let mut left_out = self.left_out()?;
        left_out.extend(shared.lists(&self.id));
        left_out.extend(shared.filter.clone().into_iter().chain(shared.prefilter.clone()));
        Ok(Some(Part {
            id: self.id.clone(),
            about: self.description.clone(),
            regex,
            group: (self.secret_group > 0).then_some(self.secret_group),
            left_out: Test::any(left_out),
        }))
    }

    /// What it says itself, the quickest first.
    fn left_out(&self) -> Result<Vec<Arc<Test>>, GitleaksError> {
        let name = sanitise::line(&self.id);
        let mut tests = Vec::new();
        if self.entropy > 0.0 {
            let entropy = Measure::Entropy(Field::Secret);
            let least = Number::from(self.entropy);
            tests.push(Arc::new(Test::Compare(entropy, Order::AtMost, least)));
        }
        if self.token_efficiency {
            tests.push(Arc::new(Test::Wordy(Field::Secret)));
        }
        if let Some(text) = &self.filter {
            tests.extend(read(text, &name, true)?);
        }
        for list in self.lists() {
            tests.extend(list.test(&name)?);
        }
        if let Some(path) = &self.path {
            let path = Patterns::new(vec![path.clone()], &name)?;
            let path = Test::Matches(Field::Path(String::new()), path);
            tests.push(Arc::new(Test::Not(Arc::new(path))));
        }
        Ok(tests)
    }
}

/// A filter; `None` for an empty one.
fn read(text: &str, rule: &str, finding: bool) -> Result<Option<Arc<Test>>, GitleaksError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let test = filter::read(text, rule, finding);
    test.map(Some).map_err(|error| GitleaksError::Filter { rule: rule.to_owned(), error })
}

impl AllowList {
    /// When it applies; `None` if never.
    fn test(&self, rule: &str) -> Result<Option<Arc<Test>>, GitleaksError> {
        let unknown = |field| GitleaksError::Value { rule: rule.to_owned(), field };
        let all = match &self.condition.to_ascii_uppercase()[..] {
            "AND" | "&&" => true,
            "" | "OR" | "||" => false,
            _ => return Err(unknown("condition")),
        };
        let target = match &self.regex_target[..] {
            "" | "secret" => Field::Secret,
            "match" => Field::Match,
            "line" => Field::Line,
            _ => return Err(unknown("regexTarget")),
        };
        let mut tests = Vec::new();
        if !self.regexes.is_empty() {
            let regexes = Patterns::new(self.regexes.clone(), rule)?;
            tests.push(Arc::new(Test::Matches(target, regexes)));
        }
        if !self.stopwords.is_empty() {
            let words = Words::new(self.stopwords.clone(), rule)?;
            tests.push(Arc::new(Test::Contains(Field::Secret, words)));
        }
        if !self.paths.is_empty() {
            let paths = Patterns::new(self.paths.clone(), rule)?;
            tests.push(Arc::new(Test::Matches(Field::Path(String::new()), paths)));
        }
        // The same bytes may be in many commits, so no commit is asked for: what must be one of these is never left out.
        if tests.is_empty() || (all && !self.commits.is_empty()) {
            return Ok(None);
        }
        Ok(Some(if all { Test::all(tests) } else { Test::any(tests) }))
    }
}
