//! Configuration files of every format.

use git_shroud::config_format::{Format, Line, insert, is_shown, replace};
use git_shroud::environments::schema::Schema;

/// What is read comes out as it was; a change of one value changes no other.
fn read(format: Format, bytes: &[u8]) {
    let Ok(document) = format.parse(bytes) else { return };
    assert!(format.write(&document.items, document.tail) == bytes, "it comes out otherwise");
    format.repeated(&document.items);
    is_shown(format, &document, "a.b");
    for (at, item) in document.items.iter().enumerate().take(3) {
        let old = &item.content[document.places[at].value.clone()];
        let _ = format.decode(old);
        for value in ["", "7", "a: b # c", "\"'\\\n\u{e9}"] {
            if let Ok(changed) = replace(format, bytes, at, value, false) {
                assert!(format.parse(&changed).is_ok(), "what is written cannot be read");
            }
        }
    }
    if let Ok(changed) =
        insert(format, bytes, "new.name", Line::Value { text: "x y", literal: false })
    {
        assert!(format.parse(&changed).is_ok(), "what is written cannot be read");
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
