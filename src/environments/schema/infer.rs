//! A schema from what environments have: a first draft, which a person goes over.

use std::collections::BTreeSet;

use super::{NewProperty, kind};
use crate::environments::environment::{Environment, Setting, State};

/// The properties that the environments set, each with what can be said of it. No value is in it.
pub fn infer(environments: &[Environment]) -> Vec<(String, NewProperty)> {
    // What a locked file shows is no draft of what it holds.
    let names: BTreeSet<&String> = environments
        .iter()
        .flat_map(|one| {
            let is_read = |setting: &Setting| one.sources[setting.source].state == State::Read;
            let read = one.settings.iter().filter(move |(_, all)| all.iter().any(is_read));
            read.map(|(name, _)| name)
        })
        .collect();
    names.into_iter().map(|name| (name.clone(), describe(environments, name))).collect()
}

/// Whether a value is of a type.
type Is = fn(&str) -> bool;

fn describe(environments: &[Environment], name: &str) -> NewProperty {
    let settings: Vec<&Setting> = environments.iter().filter_map(|one| one.setting(name)).collect();
    let everywhere =
        environments.iter().filter(|one| one.is_complete()).all(|one| one.setting(name).is_some());
    let values: Vec<&str> = settings
        .iter()
        .filter(|setting| !setting.value.kind.is_compound() && !setting.value.is_empty())
        .map(|setting| setting.value.text.as_str())
        .collect();
    let all = |is: Is| !values.is_empty() && values.iter().all(|value| is(value));
    let is_private = |value: &&str| value.contains("PRIVATE KEY-----");
    let kinds: [(&str, Is); 6] = [
        ("int", kind::is_int),
        // A 0 or 1 is more often a number, and so taken above.
        ("bool", kind::is_bool),
        ("pem", kind::is_pem),
        ("url", kind::is_url),
        ("duration", kind::is_duration),
        ("size", kind::is_size),
    ];
    let kind = kinds.into_iter().find(|(_, is)| all(*is)).map(|(name, _)| name.to_owned());
    let secret = is_secret_name(name)
        || values.iter().any(is_private)
        || values.iter().any(|value| has_password(value));
    let differ = values.iter().collect::<BTreeSet<_>>().len() == values.len();
    NewProperty {
        required: everywhere && settings.iter().all(|setting| !setting.value.is_empty()),
        kind: kind.filter(|kind| {
            !(secret && matches!(kind.as_str(), "int" | "bool" | "duration" | "size"))
        }),
        secret,
        distinct: secret && values.len() > 1 && differ,
        ..NewProperty::default()
    }
}

/// Whether a name says that a secret follows, by the words that the scanner goes by.
fn is_secret_name(name: &str) -> bool {
    crate::detect::names_secret(name.as_bytes())
}

/// Whether a URL holds a password.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}
