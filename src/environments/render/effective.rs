//! What a program would get: the values of an environment, and the defaults where it sets none.

use super::names::variable;
use crate::config_format::{Kind, ReferenceError};
use crate::environments::environment::Environment;
use crate::environments::schema::Schema;

/// A property with the value that counts.
pub struct Effective<'e> {
    /// The property.
    pub name: &'e str,
    /// The names that lead to it, for outputs that have sections.
    pub path: Vec<&'e str>,
    /// The value; of a list, JSON.
    pub text: &'e str,
    /// What it is.
    pub kind: Kind,
    /// Whether references are in it as they are written.
    pub keeps_references: bool,
    /// Why its references could not be exchanged, where that was asked for.
    pub wrong: Option<&'e ReferenceError>,
}

/// The value that counts for one property, and whether it is the default.
pub fn effective_value<'e>(
    environment: &'e Environment,
    schema: Option<&'e Schema>,
    name: &str,
) -> Option<(&'e str, bool)> {
    match environment.setting_or_element(name) {
        Some(setting) => Some((&setting.value.text, false)),
        None if environment.sealed_value(name).is_some() => None,
        None => {
            let property = schema?.properties.get(name)?.of(&environment.name);
            property.default().map(|default| (default, true))
        }
    }
}

/// All properties with the values that count, by name; on request with what references stand for.
pub fn effective<'e>(
    environment: &'e Environment,
    schema: Option<&'e Schema>,
    expands: bool,
) -> Vec<Effective<'e>> {
    // Where the files have sections, the names of defaults are parted too.
    let nested = environment.settings.values().flatten().any(|setting| setting.path.len() > 1);
    let mut all: Vec<Effective<'e>> = environment
        .settings
        .keys()
        .filter_map(|name| {
            let setting = environment.setting(name)?;
            let path = setting.path.iter().map(String::as_str).collect();
            let text = if expands { setting.meant() } else { &setting.value.text };
            let wrong = setting.meant.as_ref().and_then(|meant| meant.as_ref().err());
            Some(Effective {
                name,
                path,
                text,
                kind: setting.value.kind,
                keeps_references: !expands && !setting.references.is_empty(),
                wrong: wrong.filter(|_| expands),
            })
        })
        .collect();
    for (name, property) in schema.iter().flat_map(|schema| &schema.properties) {
        let property = property.of(&environment.name);
        let Some(text) = property.default().filter(|_| environment.comparable(name).is_none())
        else {
            continue;
        };
        let literal = property.kind.is_literal() && crate::config_format::is_literal(text);
        all.push(Effective {
            name,
            path: if nested { name.split('.').collect() } else { vec![name] },
            text,
            kind: if literal && nested {
                if text.starts_with(['t', 'f']) { Kind::Boolean } else { Kind::Number }
            } else {
                Kind::Text
            },
            keeps_references: false,
            wrong: None,
        });
    }
    all.sort_by_key(|one| one.name);
    all
}

/// Those of the properties that are named, by their own names or as variables; all where no name is given.
///
/// # Errors
/// The first name that is none of them.
pub fn only<'e, 'n>(
    properties: Vec<Effective<'e>>,
    names: &'n [String],
) -> Result<Vec<Effective<'e>>, &'n str> {
    let is = |one: &Effective<'_>, name: &String| one.name == name || variable(one.name) == *name;
    if let Some(unknown) = names.iter().find(|name| properties.iter().all(|one| !is(one, name))) {
        return Err(unknown);
    }
    let wanted = |one: &Effective<'_>| names.is_empty() || names.iter().any(|name| is(one, name));
    Ok(properties.into_iter().filter(wanted).collect())
}
