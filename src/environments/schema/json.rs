//! The properties as a JSON Schema (draft 2020-12), for editors and other programs.

use serde_json::{Map, Value, json};

use super::{Absence, Property, Schema, Type};

impl Schema {
    /// A JSON Schema of what an environment holds: flat, or with an object for each part of a name before a dot.
    pub fn to_json_schema(&self, nested: bool) -> Value {
        let mut root = object();
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        root["title"] = "Configuration of one environment".into();
        // What is a file of its own is in no other.
        let values = self.properties.iter().filter(|(_, property)| property.file.is_none());
        for (name, property) in values {
            let path: Vec<&str> = if nested { name.split('.').collect() } else { vec![name] };
            insert(&mut root, &path, property);
        }
        root
    }
}

fn object() -> Value {
    json!({"type": "object", "properties": {}, "additionalProperties": false})
}

fn insert(object_schema: &mut Value, path: &[&str], property: &Property) {
    let Some((first, rest)) = path.split_first() else { return };
    if property.absence == Absence::Missing && property.removed.is_none() {
        let required = object_schema
            .as_object_mut()
            .map(|map| map.entry("required").or_insert_with(|| Value::Array(Vec::new())));
        if let Some(Value::Array(names)) = required
            && !names.iter().any(|name| name == first)
        {
            names.push((*first).into());
        }
    }
    let Some(Value::Object(properties)) = object_schema.get_mut("properties") else { return };
    if rest.is_empty() {
        properties.insert((*first).to_owned(), describe(property));
    } else {
        let below = properties.entry(*first).or_insert_with(object);
        // A name that is a value and a section at once: the section counts.
        if below.get("properties").is_none() {
            *below = object();
        }
        insert(below, rest, property);
    }
}

fn describe(property: &Property) -> Value {
    let mut schema = Map::new();
    let any_of =
        |kind: &str, pattern: &str| json!([{"type": kind}, {"type": "string", "pattern": pattern}]);
    match &property.kind {
        Type::Int => drop(schema.insert("anyOf".into(), any_of("integer", "^[+-]?[0-9]+$"))),
        Type::Number => {
            schema.insert(
                "anyOf".into(),
                any_of("number", "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$"),
            );
        }
        Type::Port => {
            schema.insert(
                "anyOf".into(),
                json!([
                    {"type": "integer", "minimum": 1, "maximum": 65535},
                    {"type": "string", "pattern": "^[0-9]{1,5}$"},
                ]),
            );
        }
        Type::List => drop(schema.insert("type".into(), json!(["array", "string"]))),
        Type::Json => {}
        Type::Bool => {
            let words = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff]|0|1)$";
            schema.insert("anyOf".into(), any_of("boolean", words));
        }
        Type::Enum(values) => drop(schema.insert("enum".into(), values.clone().into())),
        Type::Duration | Type::Size => {
            schema.insert("type".into(), json!(["string", "integer"]));
        }
        Type::Url => {
            schema.insert("type".into(), "string".into());
            schema.insert("format".into(), "uri".into());
        }
        Type::Base64 => {
            schema.insert("type".into(), "string".into());
            schema.insert("contentEncoding".into(), "base64".into());
        }
        Type::Pem => {
            schema.insert("type".into(), "string".into());
            schema.insert("contentMediaType".into(), "application/x-pem-file".into());
        }
        // Numbers and booleans are text to most programs.
        Type::String => {
            schema.insert("type".into(), json!(["string", "number", "boolean"]));
        }
    }
    let limits = &property.limits;
    if matches!(property.kind, Type::Int | Type::Number | Type::Port) {
        for (name, limit) in [("minimum", &limits.min), ("maximum", &limits.max)] {
            if let Some(limit) = limit {
                schema.insert(name.into(), limit.value.into());
            }
        }
    }
    for (name, limit) in [("minLength", limits.min_length), ("maxLength", limits.max_length)] {
        if let Some(limit) = limit {
            schema.insert(name.into(), limit.into());
        }
    }
    if !limits.forbidden.is_empty() {
        schema.insert("not".into(), json!({"enum": limits.forbidden}));
    }
    if let Some((pattern, _)) = &property.pattern {
        schema.insert("pattern".into(), format!("^(?:{pattern})$").into());
    }
    if let Some(default) = property.default() {
        schema.insert("default".into(), default.into());
    }
    if let Some(description) = &property.description {
        schema.insert("description".into(), description.as_str().into());
    }
    if property.removed.is_some() {
        schema.insert("deprecated".into(), true.into());
    }
    if property.secret {
        schema.insert("writeOnly".into(), true.into());
    }
    Value::Object(schema)
}
