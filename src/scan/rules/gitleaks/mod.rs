//! Rules that gitleaks and betterleaks read: TOML with `[[rules]]` and allow lists (gitleaks, *Configuration*).
//!
//! Their expressions are Go's (RE2); nearly all mean the same here. What cannot be used is an error that names the rule:
//! leaving one out silently would make a scan look cleaner than it is.

mod exceptions;
mod re2;

use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;

pub use self::exceptions::Exceptions;
use self::exceptions::List;
use self::re2::{compile, translated};
use super::{Place, Rule};
use crate::sanitise;
use crate::scan::Rank;

/// The largest file of rules, in bytes.
pub const LARGEST: usize = 4 << 20;

/// A file of rules that cannot be used.
#[derive(Debug, Error)]
pub enum GitleaksError {
    /// More than [`LARGEST`] bytes.
    #[error("the file of rules is larger than 4 MiB")]
    TooLarge,
    /// No TOML, or a field of another type.
    #[error("the rules are not written as gitleaks expects: {0}")]
    Malformed(String),
    /// A rule without a name.
    #[error("rule number {0} has no id")]
    NoId(usize),
    /// A rule with neither an expression nor a path.
    #[error("rule '{0}' has neither a regex nor a path")]
    Empty(String),
    /// A rule that matches by path only.
    #[error("rule '{0}' matches file names only, which is not supported: give it a regex")]
    PathOnly(String),
    /// A field that changes what the rule finds, and is not read.
    #[error("rule '{rule}' uses '{field}', which is not supported")]
    Unsupported {
        /// The rule's name.
        rule: String,
        /// The field.
        field: &'static str,
    },
    /// An expression that is none.
    #[error("an expression of rule '{rule}' cannot be used: {reason}")]
    Expression {
        /// The rule's name, or `allowlist` for that of the file.
        rule: String,
        /// What the compiler says, in one line.
        reason: String,
    },
    /// `[extend]` names another file.
    #[error(
        "the rules extend another file by a path or a URL, which is not supported: put both into one file"
    )]
    Extends,
    /// No rule.
    #[error("the file has no rules")]
    None,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    rules: Vec<Foreign>,
    allowlist: Option<AllowList>,
    #[serde(default)]
    allowlists: Vec<AllowList>,
    extend: Option<Extend>,
}

#[derive(Deserialize)]
struct Extend {
    path: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Foreign {
    id: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    regex: String,
    path: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    entropy: Option<f64>,
    secret_group: Option<usize>,
    allowlist: Option<AllowList>,
    #[serde(default)]
    allowlists: Vec<AllowList>,
    #[serde(default)]
    required: Vec<toml::Value>,
    #[serde(default)]
    filter: Option<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AllowList {
    #[serde(default)]
    condition: Option<String>,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    regex_target: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    target_rules: Vec<String>,
}

/// Reads the rules of gitleaks and betterleaks.
///
/// Not read, and not needed to find the same: tags, allowed commits (this looks at no commit), and `useDefault` (say which
/// rules to add to on the command line).
///
/// # Errors
/// See [`GitleaksError`].
pub fn parse(text: &str) -> Result<Vec<Rule>, GitleaksError> {
    if text.len() > LARGEST {
        return Err(GitleaksError::TooLarge);
    }
    let file: File = toml::from_str(text)
        .map_err(|error| GitleaksError::Malformed(sanitise::text(error.message())))?;
    if file.extend.is_some_and(|extend| extend.path.is_some() || extend.url.is_some()) {
        return Err(GitleaksError::Extends);
    }
    let shared_text = format!("{:?} {:?}", file.allowlist, file.allowlists);
    let shared: Vec<(Vec<String>, Arc<List>)> = file
        .allowlist
        .into_iter()
        .chain(file.allowlists)
        .map(|list| Ok((list.target_rules.clone(), Arc::new(list.read("allowlist")?))))
        .collect::<Result<_, GitleaksError>>()?;
    if file.rules.is_empty() {
        return Err(GitleaksError::None);
    }
    file.rules
        .into_iter()
        .zip(1..)
        .map(|(rule, number)| rule.read(number, &shared, &shared_text))
        .collect()
}

impl Foreign {
    fn read(
        self,
        number: usize,
        shared: &[(Vec<String>, Arc<List>)],
        shared_text: &str,
    ) -> Result<Rule, GitleaksError> {
        let id = self.id.filter(|id| !id.is_empty()).ok_or(GitleaksError::NoId(number))?;
        let name = sanitise::text(&id);
        if !self.required.is_empty() {
            return Err(GitleaksError::Unsupported { rule: name, field: "required" });
        }
        if self.filter.is_some() {
            return Err(GitleaksError::Unsupported { rule: name, field: "filter" });
        }
        let path =
            self.path.as_deref().map(|path| compile(path, &name).map(Arc::new)).transpose()?;
        if self.regex.is_empty() {
            return Err(if path.is_some() {
                GitleaksError::PathOnly(name)
            } else {
                GitleaksError::Empty(name)
            });
        }
        let regex = compile(&self.regex, &name)?;
        let groups = regex.group_info().group_len(regex_automata::PatternID::ZERO);
        let written =
            format!("{:?} {shared_text:?} {:?} {:?}", self.path, self.allowlist, self.allowlists);
        let mut lists: Vec<Arc<List>> = shared
            .iter()
            .filter(|(targets, _)| targets.is_empty() || targets.contains(&id))
            .map(|(_, list)| Arc::clone(list))
            .collect();
        for list in self.allowlist.into_iter().chain(self.allowlists) {
            lists.push(Arc::new(list.read(&name)?));
        }
        Ok(Rule {
            service: id.clone(),
            id,
            about: self.description,
            keywords: self.keywords,
            place: Place::Text,
            any_case: true,
            expression: translated(&self.regex),
            // Without a number gitleaks takes the first group, if there is one.
            group: self.secret_group.unwrap_or(usize::from(groups > 1)),
            entropy: self.entropy.filter(|&least| least > 0.0),
            check: None,
            rank: Rank::Medium,
            revoke: "see the rule's description".to_owned(),
            yes: Vec::new(),
            no: Vec::new(),
            exceptions: Some(Exceptions { path, lists, written }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Detector;

    fn scan(rules: &str, text: &str, path: Option<&str>) -> Vec<String> {
        let detector = Detector::with_rules(parse(rules).unwrap()).unwrap();
        let mut hits = Vec::new();
        detector.scan(
            text.as_bytes(),
            path.map(str::as_bytes),
            std::slice::from_ref(&(0..text.len())),
            &mut hits,
        );
        hits.into_iter().map(|hit| text[hit.value].to_owned()).collect()
    }

    const SHOP: &str = r#"
        [[rules]]
        id = "shop"
        description = "shop token"
        regex = '''(?i)shop_([0-9a-z]{8})'''
        keywords = ["shop_"]
        entropy = 2.0
        [[rules.allowlists]]
        stopwords = ["demo"]
        [[rules.allowlists]]
        condition = "AND"
        paths = ['''(^|/)fixtures/''']
        regexes = ['''^a''']
        [allowlist]
        paths = ['''\.lock$''']
    "#;

    #[test]
    fn groups_entropy_and_allow_lists_count() {
        assert_eq!(scan(SHOP, "x = shop_q8w2e5r9", None), ["q8w2e5r9"]);
        assert_eq!(scan(SHOP, "x = SHOP_q8w2e5r9", None), ["q8w2e5r9"]);
        assert!(scan(SHOP, "x = shop_aaaaaaaa", None).is_empty());
        assert!(scan(SHOP, "x = shop_demo1234", None).is_empty());
        assert!(scan(SHOP, "x = shop_q8w2e5r9", Some("a.lock")).is_empty());
        assert!(scan(SHOP, "x = shop_a8w2e5r9", Some("fixtures/a")).is_empty());
        assert_eq!(scan(SHOP, "x = shop_q8w2e5r9", Some("fixtures/a")).len(), 1);
    }

    #[test]
    fn expressions_of_go_mean_the_same() {
        assert_eq!(translated(r"a{b}c{2}\Q$.\E"), r"a\{b}c{2}\$\.");
        assert_eq!(translated("[][a&&b--c]"), r"[\]\[a\&\&b\--c]");
        assert_eq!(translated("[[:alpha:]]{1,}"), "[[:alpha:]]{1,}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (rules, part) in [
            ("", "no rules"),
            ("[[rules]]\nregex = 'a'", "rule number 1 has no id"),
            ("[[rules]]\nid = 'x'", "'x' has neither"),
            ("[[rules]]\nid = 'x'\npath = 'a'", "file names only"),
            ("[[rules]]\nid = 'x'\nregex = '(?=a)'", "rule 'x' cannot be used"),
            ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.required]]\nid = 'y'", "'required'"),
            ("[extend]\npath = 'a'\n[[rules]]\nid = 'x'\nregex = 'a'", "extend another file"),
            ("rules = 3", "not written as"),
        ] {
            let error = parse(rules).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
