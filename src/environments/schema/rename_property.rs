//! Renaming a property in a schema: its tables get another name, and no other byte changes.

use super::{Schema, SchemaError};
use crate::config_format::quoted;

/// What the head of a property's table begins with.
const HEAD: &str = "properties";

/// The text of a schema in which a property has another name; `None` where it does not know the property.
///
/// # Errors
/// The schema cannot be read, has the new name already, or is written in a way that is not known here.
pub fn rename_property(text: &str, old: &str, new: &str) -> Result<Option<String>, SchemaError> {
    let before = Schema::parse(text.as_bytes())?;
    let wrong = |why: &str| SchemaError { line: 0, why: why.to_owned() };
    if let Some(property) = before.properties.get(new) {
        return Err(SchemaError {
            line: property.line,
            why: "there is a property of this name already".to_owned(),
        });
    }
    if !before.properties.contains_key(old) {
        return Ok(None);
    }
    let mut after = String::with_capacity(text.len() + new.len());
    for line in text.split_inclusive('\n') {
        match own_name(line, old) {
            Some((begin, end)) => {
                after.push_str(&line[..begin]);
                after.push_str(&quoted(new));
                after.push_str(&line[end..]);
            }
            None => after.push_str(line),
        }
    }
    let now = Schema::parse(after.as_bytes())?;
    let expected = before.properties.keys().map(|name| if name == old { new } else { name });
    let mut expected: Vec<&str> = expected.collect();
    expected.sort_unstable();
    if !now.properties.keys().eq(expected) {
        return Err(wrong(
            "the schema is written in a way that is not known here; rename it there by hand",
        ));
    }
    Ok(Some(after))
}

/// Where the name of a property is in the head of its table, `[properties."NAME"]` or one below it.
fn own_name(line: &str, name: &str) -> Option<(usize, usize)> {
    let blank = |c: char| matches!(c, ' ' | '\t');
    let rest = line.trim_start_matches(blank).strip_prefix('[')?.trim_start_matches(blank);
    let rest = rest.strip_prefix(HEAD)?.trim_start_matches(blank);
    let rest = rest.strip_prefix('.')?.trim_start_matches(blank);
    let begin = line.len() - rest.len();
    let end = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].find(quote)? + 2,
        _ => rest.find([']', '.', ' ', '\t'])?,
    };
    let found = &rest[..end];
    let is_it = found == name || *found == **quoted(name) || found == format!("'{name}'");
    is_it.then_some((begin, begin + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_gets_another_name_and_nothing_else_changes() {
        let text = "# A\n[properties.A] # A\ndefault = \"A\"\n[properties.\"A\".environments.dev]\nrequired = true\n[properties.\"A.b\"]\n";
        let after = rename_property(text, "A", "c.d").unwrap().unwrap();
        assert_eq!(
            after,
            "# A\n[properties.\"c.d\"] # A\ndefault = \"A\"\n[properties.\"c.d\".environments.dev]\nrequired = true\n[properties.\"A.b\"]\n"
        );
        assert_eq!(rename_property(&after, "A", "x").unwrap(), None);
        assert!(rename_property(&after, "c.d", "A.b").is_err());
        assert!(rename_property("properties = {A = {}}\n", "A", "B").is_err());
    }
}
