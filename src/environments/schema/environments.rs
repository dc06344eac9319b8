//! Adding an environment to a schema, and taking one out: no other byte of the file changes.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::{Location, Schema, SchemaError};
use crate::config_format::quoted;
use crate::environments::FOLDER;

/// How the environments are written.
enum Written<'t> {
    /// `environments = ["dev"]`.
    List(&'t DeArray<'t>),
    /// `environments = {dev = ["…"]}`.
    Inline(&'t DeTable<'t>),
    /// `[environments]`, with a line for each.
    Lines(&'t DeTable<'t>),
    /// `environments.dev = ["…"]`.
    Dotted(&'t DeTable<'t>),
}

fn wrong(why: &str) -> SchemaError {
    SchemaError { line: 0, why: why.to_owned() }
}

fn not_toml() -> SchemaError {
    wrong("this is not TOML")
}

/// The text of a schema with one more environment, whose own folder lies upon these places.
///
/// # Errors
/// The schema cannot be read, has the environment already or lists none, or could not be read with it.
pub fn add_environment(text: &str, name: &str, layers: &[String]) -> Result<String, SchemaError> {
    let before = Schema::parse(text.as_bytes())?;
    if !Location::is_name(name) {
        return Err(wrong(
            "the name of an environment consists of a-z, 0-9, '-', '_' and '.', and of '/' between application and environment",
        ));
    }
    if before.environments.iter().any(|location| location.name == name) {
        return Err(wrong("there is an environment of this name already"));
    }
    let table = DeTable::parse(text).map_err(|_| not_toml())?;
    let table = table.get_ref();
    let (key, written) = written(text, table)?;
    let own = format!("{FOLDER}/{name}");
    let places = || {
        let places = layers.iter().chain([&own]).map(|place| quoted(place).to_string());
        format!("[{}]", places.collect::<Vec<_>>().join(", "))
    };
    let entry = format!("{} = {}", quoted(name).as_str(), places());
    let (at, added) = match written {
        Written::List(list) if layers.is_empty() => {
            let ends = list.iter().map(Spanned::span).collect::<Vec<_>>();
            after_last(text, &ends, &key, &quoted(name))
        }
        Written::List(list) => return converted(text, list, &entry),
        Written::Inline(table) => {
            let mut spans: Vec<_> =
                table.iter().map(|(key, value)| key.span().start..value.span().end).collect();
            spans.sort_by_key(|span| span.start);
            after_last(text, &spans, &key, &entry)
        }
        Written::Lines(table) => (end_of_lines(text, table, &key), format!("{entry}\n")),
        Written::Dotted(table) => {
            (end_of_lines(text, table, &key), format!("environments.{entry}\n"))
        }
    };
    let mut after = text[..at].to_owned();
    if added.ends_with('\n') && !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    after.push_str(&added);
    after.push_str(&text[at..]);
    checked(&before, after, |names| names.push(name.to_owned()))
}

/// The text of a schema without an environment, and without its name where properties name it.
///
/// # Errors
/// The schema cannot be read or written so, or has no such environment or no other.
pub fn remove_environment(text: &str, name: &str) -> Result<String, SchemaError> {
    let before = Schema::parse(text.as_bytes())?;
    if !before.environments.iter().any(|location| location.name == name) {
        return Err(wrong("the schema has no environment of this name"));
    }
    if before.environments.len() == 1 {
        return Err(wrong("it is the only environment"));
    }
    let parsed = DeTable::parse(text).map_err(|_| not_toml())?;
    let table = parsed.get_ref();
    let mut cuts: Vec<Range<usize>> = Vec::new();
    match written(text, table)?.1 {
        Written::List(list) => cuts.extend(element(list, name)),
        Written::Inline(table) => {
            let mut spans: Vec<_> = table
                .iter()
                .map(|(key, value)| (key.get_ref() == name, key.span().start..value.span().end))
                .collect();
            spans.sort_by_key(|(_, span)| span.start);
            cuts.extend(among(&spans));
        }
        Written::Lines(table) | Written::Dotted(table) => {
            let entry = table.iter().find(|(key, _)| key.get_ref() == name);
            cuts.extend(entry.map(|(key, value)| {
                let start = text[..key.span().start].rfind('\n').map_or(0, |at| at + 1);
                let end = value.span().end;
                start..text[end..].find('\n').map_or(text.len(), |at| end + at + 1)
            }));
        }
    }
    if let Some(DeValue::Table(properties)) = table.get("properties").map(Spanned::get_ref) {
        for property in properties.values() {
            let DeValue::Table(attributes) = property.get_ref() else { continue };
            if let Some(DeValue::Array(list)) = attributes.get("explicit").map(Spanned::get_ref) {
                cuts.extend(element(list, name));
            }
        }
    }
    cuts.sort_by_key(|cut| cut.start);
    let mut after = String::new();
    let mut at = 0;
    for cut in cuts {
        after.push_str(text.get(at..cut.start).unwrap_or_default());
        at = cut.end;
    }
    after.push_str(&text[at..]);
    checked(&before, after, |names| names.retain(|one| one != name))
}

/// The key of the environments, and how they are written.
fn written<'t>(
    text: &str,
    table: &'t DeTable<'_>,
) -> Result<(Range<usize>, Written<'t>), SchemaError> {
    let none = || wrong("it lists no environments; write: environments = [\"dev\", \"prod\"]");
    let (key, value) = table.get_key_value("environments").ok_or_else(none)?;
    let rest = text[key.span().end..].trim_start_matches(['"', '\'', ' ', '\t']);
    let written = match value.get_ref() {
        DeValue::Array(list) => Written::List(list),
        DeValue::Table(table) if rest.starts_with('=') => Written::Inline(table),
        DeValue::Table(table) if rest.starts_with('.') => Written::Dotted(table),
        DeValue::Table(table) => Written::Lines(table),
        _ => return Err(none()),
    };
    let span = if matches!(written, Written::List(_) | Written::Inline(_)) {
        value.span()
    } else {
        key.span()
    };
    Ok((span, written))
}

/// Where and how an element goes behind the last of a list, in the way in which the others are written.
fn after_last(
    text: &str,
    spans: &[Range<usize>],
    whole: &Range<usize>,
    element: &str,
) -> (usize, String) {
    match spans {
        [] => (whole.start + 1, element.to_owned()),
        [.., before, last] => {
            let between = &text[before.end..last.start];
            let plain = between.chars().all(|c| c == ',' || c.is_whitespace());
            let between = if plain { between } else { ", " };
            (last.end, format!("{between}{element}"))
        }
        [last] => (last.end, format!(", {element}")),
    }
}

/// Behind the last line of a table; behind its head where it has none.
fn end_of_lines(text: &str, table: &DeTable<'_>, head: &Range<usize>) -> usize {
    let last = table.iter().map(|(_, value)| value.span().end).max().unwrap_or(head.end);
    text[last..].find('\n').map_or(text.len(), |at| last + at + 1)
}

/// A list as a table of the same environments, and one more.
fn converted(text: &str, list: &DeArray<'_>, entry: &str) -> Result<String, SchemaError> {
    let before = Schema::parse(text.as_bytes())?;
    let (Some(first), Some(last)) = (list.iter().next(), list.iter().last()) else {
        return Err(wrong("it lists no environments"));
    };
    let open = text[..first.span().start].rfind('[').ok_or_else(not_toml)?;
    let close = text[last.span().end..].find(']').ok_or_else(not_toml)? + last.span().end;
    let names = list.iter().filter_map(|name| name.get_ref().as_str());
    let mut entries: Vec<String> = names
        .clone()
        .map(|name| format!("{} = [{}]", *quoted(name), *quoted(&format!("{FOLDER}/{name}"))))
        .collect();
    entries.push(entry.to_owned());
    let after = format!("{}{{{}}}{}", &text[..open], entries.join(", "), &text[close + 1..]);
    let added = DeTable::parse(&after).map_err(|_| not_toml())?;
    let added = added.get_ref().get("environments").and_then(|value| match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .map(|(key, _)| key.get_ref().to_string())
            .find(|name| before.environments.iter().all(|location| location.name != *name)),
        _ => None,
    });
    checked(&before, after, |names| names.extend(added))
}

/// What to cut out for an element of a list, with one of the commas beside it.
fn element(list: &DeArray<'_>, name: &str) -> Option<Range<usize>> {
    let is_it = |one: &Spanned<DeValue<'_>>| one.get_ref().as_str() == Some(name);
    among(&list.iter().map(|one| (is_it(one), one.span())).collect::<Vec<_>>())
}

fn among(spans: &[(bool, Range<usize>)]) -> Option<Range<usize>> {
    let at = spans.iter().position(|(is_it, _)| *is_it)?;
    let own = &spans[at].1;
    Some(match (at.checked_sub(1).map(|before| &spans[before].1), spans.get(at + 1)) {
        (Some(before), _) => before.end..own.end,
        (None, Some((_, next))) => own.start..next.start,
        (None, None) => own.clone(),
    })
}

/// The new text, if it says what was meant.
fn checked(
    before: &Schema,
    after: String,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<String, SchemaError> {
    let names = |schema: &Schema| {
        schema.environments.iter().map(|location| location.name.clone()).collect::<Vec<_>>()
    };
    let mut expected = names(before);
    change(&mut expected);
    let now = Schema::parse(after.as_bytes())?;
    let same = now.properties.keys().eq(before.properties.keys()) && now.files == before.files;
    if names(&now) != expected || !same {
        return Err(wrong(
            "the list of environments is written in a way that is not known here; change it by hand",
        ));
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "\n# c\n[properties.a]\ndefault = 1\nexplicit = [\"dev\", \"prod\"]\n";

    #[test]
    fn an_environment_is_added_in_every_way_of_writing() {
        for (before, after) in [
            (
                "environments = [\"dev\", \"prod\"] # c\n",
                "environments = [\"dev\", \"prod\", \"qa\"] # c\n",
            ),
            (
                "environments = [\n  \"dev\",\n  \"prod\",\n]\n",
                "environments = [\n  \"dev\",\n  \"prod\",\n  \"qa\",\n]\n",
            ),
            (
                "environments = {dev = [\"a\"], prod = [\"b\"]}\n",
                "environments = {dev = [\"a\"], prod = [\"b\"], \"qa\" = [\"environments/qa\"]}\n",
            ),
            (
                "[environments]\ndev = [\"a\"] # x\nprod = [\n\"b\"]\n",
                "[environments]\ndev = [\"a\"] # x\nprod = [\n\"b\"]\n\"qa\" = [\"environments/qa\"]\n",
            ),
            (
                "environments.dev = [\"a\"]\nenvironments.prod = [\"b\"]\n",
                "environments.dev = [\"a\"]\nenvironments.prod = [\"b\"]\nenvironments.\"qa\" = [\"environments/qa\"]\n",
            ),
        ] {
            let text = format!("{before}{REST}");
            let added = add_environment(&text, "qa", &[]).unwrap();
            assert_eq!(added, format!("{after}{REST}"));
            assert_eq!(remove_environment(&added, "qa").unwrap(), text);
            let removed = remove_environment(&text, "dev").unwrap();
            let schema = Schema::parse(removed.as_bytes()).unwrap();
            assert_eq!(schema.environments.len(), 1);
            assert_eq!(schema.properties["a"].explicit, ["prod"]);
        }
    }

    #[test]
    fn layers_make_a_table_of_a_list() {
        let text = format!("environments = [\"dev\", \"prod\"]\n{REST}");
        let added = add_environment(&text, "api/dev", &["environments/dev".to_owned()]).unwrap();
        let schema = Schema::parse(added.as_bytes()).unwrap();
        assert_eq!(schema.environments[0].paths, ["environments/dev"]);
        assert_eq!(schema.environments[2].name, "api/dev");
        assert_eq!(schema.environments[2].paths, ["environments/dev", "environments/api/dev"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let text = format!("environments = [\"dev\", \"prod\"]\n{REST}");
        for name in ["dev", "A", "../x", ""] {
            assert!(add_environment(&text, name, &[]).is_err(), "{name}");
        }
        assert!(add_environment("", "qa", &[]).is_err());
        assert!(remove_environment(&text, "qa").is_err());
        assert!(remove_environment("environments = [\"dev\"]\n", "dev").is_err());
    }
}
