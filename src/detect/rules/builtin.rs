//! The project's own rules, read from the files of `data/`.

use serde::Deserialize;

use super::Rule;

/// Shapes that no single service has: keys in PEM, URLs with passwords, values that are called a password.
const STRUCTURE: &str = include_str!("data/structure.toml");

/// Secrets without a shape of their own, by kind of service: known by the name that they are assigned to.
const ASSIGNED: [&str; 15] = [
    include_str!("data/assigned/cloud.toml"),
    include_str!("data/assigned/forges.toml"),
    include_str!("data/assigned/delivery.toml"),
    include_str!("data/assigned/money.toml"),
    include_str!("data/assigned/chat.toml"),
    include_str!("data/assigned/monitoring.toml"),
    include_str!("data/assigned/identity.toml"),
    include_str!("data/assigned/ai.toml"),
    include_str!("data/assigned/databases.toml"),
    include_str!("data/assigned/frameworks.toml"),
    include_str!("data/assigned/content.toml"),
    include_str!("data/assigned/social.toml"),
    include_str!("data/assigned/business.toml"),
    include_str!("data/assigned/features.toml"),
    include_str!("data/assigned/data.toml"),
];

/// Secrets that their own shape tells, by kind of service, in the order in which their rules are numbered.
const SHAPES: [&str; 14] = [
    include_str!("data/forges.toml"),
    include_str!("data/packages.toml"),
    include_str!("data/cloud.toml"),
    include_str!("data/databases.toml"),
    include_str!("data/ai.toml"),
    include_str!("data/ai-services.toml"),
    include_str!("data/delivery.toml"),
    include_str!("data/monitoring.toml"),
    include_str!("data/chat.toml"),
    include_str!("data/mail.toml"),
    include_str!("data/money.toml"),
    include_str!("data/business.toml"),
    include_str!("data/tools.toml"),
    include_str!("data/calls.toml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

fn read(text: &str) -> Vec<Rule> {
    toml::from_str::<File>(text).expect("a test reads every rule file").rule
}

/// The rules. Their order decides between two that match the same bytes, are as sure and say as much: the first one stays
/// ([`Rule::weight`], then the number). Those of [`ASSIGNED`] are in the order of their names, whichever file they are in, so
/// that a rule can go to another file and no finding changes.
pub fn builtin() -> Vec<Rule> {
    let mut rules = read(STRUCTURE);
    let mut assigned: Vec<_> = ASSIGNED.into_iter().flat_map(read).collect();
    assigned.sort_by(|a, b| a.id.cmp(&b.id));
    rules.extend(assigned);
    rules.extend(SHAPES.into_iter().flat_map(read));
    rules
}
