//! Every rule finds what it says, and leaves what it says.

use std::collections::HashSet;

use super::Detector;
use super::rules::{Anchor, Rule, builtin};
use super::template::expand;
use super::window::LONGEST_KEYWORD;

fn texts<'a>(
    rule: &'a Rule,
    templates: &'a [String],
) -> impl Iterator<Item = (String, &'a String)> {
    templates
        .iter()
        .enumerate()
        .map(|(at, template)| (expand(template, &format!("{}/{at}", rule.id)), template))
}

/// Each rule alone, so that no other one is better.
fn alone(rule: &Rule) -> Detector {
    Detector::with_rules(vec![rule.clone()]).unwrap_or_else(|error| panic!("{error}"))
}

fn finds(detector: &Detector, text: &str) -> bool {
    let mut hits = Vec::new();
    detector.scan(text.as_bytes(), None, std::slice::from_ref(&(0..text.len())), &mut hits);
    !hits.is_empty()
}

#[test]
fn every_example_is_found_by_its_rule_and_no_other_text_is() {
    let mut wrong = Vec::new();
    for rule in builtin() {
        let detector = alone(&rule);
        for (text, template) in texts(&rule, &rule.yes) {
            if !finds(&detector, &text) {
                wrong.push(format!("{} does not find {template}", rule.id));
            }
        }
        for (text, template) in texts(&rule, &rule.no) {
            if finds(&detector, &text) {
                wrong.push(format!("{} finds {template}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n"), wrong.len());
}

#[test]
fn every_rule_has_a_name_of_its_own_examples_of_both_kinds_and_its_keywords_in_them() {
    let mut names = HashSet::new();
    let mut services = HashSet::new();
    for rule in builtin() {
        assert!(names.insert(rule.id.clone()), "two rules are called {}", rule.id);
        services.insert(rule.service.clone());
        assert!(
            rule.keywords.iter().all(|keyword| keyword.len() <= LONGEST_KEYWORD),
            "{}",
            rule.id
        );
        assert!(!rule.yes.is_empty() && !rule.no.is_empty(), "{} lacks examples", rule.id);
        assert!(!rule.revoke.is_empty() && !rule.about.is_empty(), "{} says too little", rule.id);
        assert_eq!(rule.expression.is_empty(), rule.place == Anchor::Code, "{}", rule.id);
        for (text, template) in texts(&rule, &rule.yes) {
            let text = if rule.ignores_case() { text.to_lowercase() } else { text };
            let has = |keyword: &String| {
                text.contains(
                    if rule.ignores_case() { keyword.to_lowercase() } else { keyword.clone() }
                        .as_str(),
                )
            };
            assert!(rule.keywords.iter().any(has), "{}: no keyword in {template}", rule.id);
        }
    }
    assert!(services.len() >= 200, "{} services", services.len());
}

#[test]
fn examples_are_the_same_at_every_run_and_leave_other_braces() {
    assert_eq!(expand("a{hex:4}b", "x"), expand("a{hex:4}b", "x"));
    assert_ne!(expand("{hex:16}", "x"), expand("{hex:16}", "y"));
    assert_eq!(expand("${NAME} {\"k\": {}} {", "x"), "${NAME} {\"k\": {}} {");
}
