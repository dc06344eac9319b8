//! Configuration files of every format.

use git_shroud::config_format::{Dialect, Format, Line, insert, is_shown, remove, replace};
use git_shroud::environments::schema::Schema;

/// Every byte has a role; a change of one value changes no other.
fn read(format: Format, bytes: &[u8]) {
    read_as(format, None, bytes);
    Dialect::all(format).iter().for_each(|dialect| read_as(format, Some(*dialect), bytes));
}

fn read_as(format: Format, dialect: Option<Dialect>, bytes: &[u8]) {
    let Ok(document) = format.parse_as(dialect, bytes) else { return };
    let mut at = 0;
    for span in &document.spans {
        assert!(span.range.start == at, "the spans do not follow each other");
        at = span.range.end;
    }
    assert!(at == bytes.len(), "the spans do not cover the file");
    document.repeated();
    document.properties();
    is_shown(&document, "a.b");
    for at in 0..document.items.len().min(3) {
        document.differing(at);
        for value in ["", "7", "a: b # c", "\"'\\\n\u{e9}"] {
            if let Ok(changed) = replace(&document, at, value, false) {
                assert!(
                    format.parse_as(dialect, &changed).is_ok(),
                    "what is written cannot be read"
                );
            }
        }
        let _ = remove(&document, at);
    }
    if let Ok(changed) = insert(&document, "new.name", Line::Value { text: "x y", literal: false })
    {
        assert!(format.parse_as(dialect, &changed).is_ok(), "what is written cannot be read");
    }
}

pub(super) fn config_env(bytes: &[u8]) {
    read(Format::Env, bytes);
}

pub(super) fn config_ini(bytes: &[u8]) {
    read(Format::Ini, bytes);
}

pub(super) fn config_json(bytes: &[u8]) {
    read(Format::Json, bytes);
}

pub(super) fn config_properties(bytes: &[u8]) {
    read(Format::Properties, bytes);
}

pub(super) fn config_tfvars(bytes: &[u8]) {
    read(Format::Tfvars, bytes);
}

pub(super) fn config_toml(bytes: &[u8]) {
    read(Format::Toml, bytes);
}

pub(super) fn config_yaml(bytes: &[u8]) {
    read(Format::Yaml, bytes);
}

/// A schema.
pub(super) fn config_schema(bytes: &[u8]) {
    if let Ok(schema) = Schema::parse(bytes) {
        schema.to_json_schema(false);
        schema.to_json_schema(true);
    }
}
