//! A schema from what a program says of its own properties: a first draft, which a person goes over.

use serde_json::{Map, Value};

use super::{NewProperty, kind, read::is_name};

/// Bytes of the longest file that is read.
pub const MAX_LEN: usize = 16 << 20;
/// Objects in each other at most.
const MAX_DEPTH: usize = 32;
/// What stands in an example for a value that everybody chooses.
const CHOSEN: [&str; 9] = [
    "changeme",
    "change_me",
    "change-me",
    "secret",
    "password",
    "todo",
    "xxx",
    "example",
    "placeholder",
];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An example of a `.env` file.
    Env,
    /// Spring's configuration metadata.
    Spring,
    /// A JSON Schema.
    JsonSchema,
}

/// The file is not what it should be. Holds nothing of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is not UTF-8.
    #[error("this is not UTF-8")]
    NotText,
    /// It is not JSON.
    #[error("line {0}: this is not JSON")]
    NotJson(usize),
    /// It has no list of properties.
    #[error("it has no properties as {0} writes them")]
    NoProperties(&'static str),
}

/// The properties that a file describes, by name, each with what can be said of it.
///
/// # Errors
/// [`ImportError`].
pub fn import(
    bytes: &[u8],
    source: Option<Source>,
) -> Result<Vec<(String, NewProperty)>, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ImportError::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = text.trim_start().starts_with('{');
    let mut all = match source {
        Some(Source::Env) => env(text),
        None if !is_json => env(text),
        _ => {
            let value: Value =
                serde_json::from_str(text).map_err(|error| ImportError::NotJson(error.line()))?;
            let spring =
                source.map_or(value["properties"].is_array(), |from| from == Source::Spring);
            if spring { from_spring(&value)? } else { from_json_schema(&value)? }
        }
    };
    all.retain(|(name, _)| is_name(name));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    Ok(all)
}

fn is_secret(name: &str) -> bool {
    crate::detect::names_secret(name.as_bytes())
}

/// Lines `NAME=value`, also behind a '#': those need not be set.
fn env(text: &str) -> Vec<(String, NewProperty)> {
    let mut all = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim) {
        let (is_comment, content) = match line.strip_prefix('#') {
            Some(content) => (true, content.trim_start_matches('#').trim()),
            None => (false, line),
        };
        let content = content.strip_prefix("export ").unwrap_or(content);
        let entry = content.split_once('=').map(|(name, value)| (name.trim_end(), value.trim()));
        let good = |name: &str| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
                && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && (!is_comment || !name.contains(|c: char| c.is_ascii_lowercase()))
        };
        match entry.filter(|(name, _)| good(name)) {
            Some((name, value)) => {
                let value = without_quotes(value);
                let description = comment.join(" ");
                all.push((name.to_owned(), of_example(name, value, is_comment, description)));
                comment.clear();
            }
            None if is_comment && !content.is_empty() => comment.push(content),
            None => comment.clear(),
        }
    }
    all
}

/// A value without its quotes, or without the comment behind it.
fn without_quotes(value: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(inner) = value.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or(inner);
        }
    }
    match value.find(" #") {
        Some(at) => value[..at].trim_end(),
        None if value.starts_with('#') => "",
        None => value,
    }
}

/// Whether a value is of a type.
type Is = fn(&str) -> bool;

fn of_example(name: &str, value: &str, is_comment: bool, description: String) -> NewProperty {
    let secret = is_secret(name);
    let is_chosen = value.is_empty()
        || CHOSEN.iter().any(|word| value.to_ascii_lowercase().contains(word))
        || value.starts_with('<') && value.ends_with('>');
    let kinds: [(&str, Is); 5] = [
        ("int", kind::is_int),
        ("bool", kind::is_bool),
        ("url", kind::is_url),
        ("duration", kind::is_duration),
        ("size", kind::is_size),
    ];
    let fits = kinds.iter().find(|(_, is)| !is_chosen && is(value));
    let kind = fits.map(|(name, _)| (*name).to_owned()).filter(|kind| !secret || kind == "url");
    // A reference means nothing to the program that takes the default.
    let default = (!secret && !is_chosen && !value.contains("${")).then(|| value.to_owned());
    NewProperty {
        required: default.is_none() && !is_comment,
        default,
        kind,
        secret,
        description: (!description.is_empty()).then_some(description),
        ..NewProperty::default()
    }
}

/// `{"properties": [{"name", "type", "description", "defaultValue", "deprecation"}]}` (Spring Boot, Configuration Metadata).
fn from_spring(value: &Value) -> Result<Vec<(String, NewProperty)>, ImportError> {
    let no = ImportError::NoProperties("Spring");
    let listed = value["properties"].as_array().ok_or(no)?;
    let mut all = Vec::new();
    for one in listed {
        let Some(name) = one["name"].as_str() else { continue };
        let secret = is_secret(name);
        let kind = match one["type"].as_str().unwrap_or_default() {
            "java.lang.Integer" | "java.lang.Long" | "java.lang.Short" | "int" | "long" => {
                Some(if name.ends_with("port") { "port" } else { "int" })
            }
            "java.lang.Boolean" | "boolean" => Some("bool"),
            "java.lang.Double" | "java.lang.Float" | "double" | "float" => Some("number"),
            "java.time.Duration" => Some("duration"),
            "org.springframework.util.unit.DataSize" => Some("size"),
            "java.net.URI" | "java.net.URL" => Some("url"),
            kind if kind.starts_with("java.util.List") || kind.starts_with("java.util.Set") => {
                Some("list")
            }
            _ => None,
        };
        let mut new = NewProperty {
            default: plain(&one["defaultValue"]).filter(|_| !secret),
            kind: kind.map(str::to_owned),
            secret,
            description: one["description"].as_str().map(str::to_owned),
            ..NewProperty::default()
        };
        forget_unfit(&mut new);
        if !one["deprecation"].is_null() || one["deprecated"] == true {
            new.description = Some(
                format!("Deprecated. {}", new.description.unwrap_or_default()).trim().to_owned(),
            );
        }
        all.push((name.to_owned(), new));
    }
    Ok(all)
}

/// The properties of objects, in each other; their names are parted by dots.
fn from_json_schema(value: &Value) -> Result<Vec<(String, NewProperty)>, ImportError> {
    let mut all = Vec::new();
    let object = value.as_object().filter(|object| object.contains_key("properties"));
    object_schema(object.ok_or(ImportError::NoProperties("JSON Schema"))?, "", 0, &mut all);
    Ok(all)
}

fn object_schema(
    object: &Map<String, Value>,
    above: &str,
    depth: usize,
    all: &mut Vec<(String, NewProperty)>,
) {
    let required = |name: &str| {
        let names = object.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
    for (own, schema) in properties {
        let name = if above.is_empty() { own.clone() } else { format!("{above}.{own}") };
        let Some(schema) = schema.as_object() else { continue };
        if schema.contains_key("properties") && depth < MAX_DEPTH {
            object_schema(schema, &name, depth + 1, all);
            continue;
        }
        all.push((name.clone(), described(&name, schema, required(own))));
    }
}

fn described(name: &str, schema: &Map<String, Value>, required: bool) -> NewProperty {
    let get = |key: &str| schema.get(key).unwrap_or(&Value::Null);
    let first = |value: &Value| match value {
        Value::String(kind) => Some(kind.clone()),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").map(str::to_owned)
        }
        _ => None,
    };
    let secret = get("writeOnly") == true || get("format") == "password" || is_secret(name);
    let values: Vec<String> =
        get("enum").as_array().into_iter().flatten().filter_map(plain).collect();
    let is_port = get("minimum") == 1 && get("maximum") == 65535;
    let kind = match (first(get("type")).as_deref(), get("format").as_str()) {
        _ if !values.is_empty() => Some("enum"),
        (Some("integer"), _) if is_port => Some("port"),
        (Some("integer"), _) => Some("int"),
        (Some("number"), _) => Some("number"),
        (Some("boolean"), _) => Some("bool"),
        (Some("array"), _) => Some("list"),
        (Some("object"), _) => Some("json"),
        (_, Some("uri" | "url")) => Some("url"),
        (_, Some("duration")) => Some("duration"),
        _ => None,
    };
    let is_number = matches!(kind, Some("int" | "number"));
    let number = |key: &str| plain(get(key)).filter(|_| is_number);
    let length = |key: &str| get(key).as_u64().and_then(|length| usize::try_from(length).ok());
    let default = plain(get("default")).filter(|_| !secret);
    let mut new = NewProperty {
        required: required && default.is_none(),
        default,
        kind: kind.map(str::to_owned),
        values,
        pattern: get("pattern").as_str().and_then(whole),
        min: number("minimum"),
        max: number("maximum"),
        min_length: length("minLength"),
        max_length: length("maxLength"),
        secret,
        description: get("description").as_str().map(str::to_owned),
        ..NewProperty::default()
    };
    forget_unfit(&mut new);
    new
}

/// A pattern that matches a part of a text, as one that matches the whole; `None` where it is not understood here.
fn whole(pattern: &str) -> Option<String> {
    let begin = if pattern.starts_with('^') { "" } else { ".*" };
    let end = if pattern.ends_with('$') && !pattern.ends_with("\\$") { "" } else { ".*" };
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = if end.is_empty() { inner.strip_suffix('$').unwrap_or(inner) } else { inner };
    let whole = format!("{begin}(?:{inner}){end}");
    regex_automata::meta::Regex::new(&whole)
        .ok()
        .map(|_| if begin.is_empty() && end.is_empty() { inner.to_owned() } else { whole })
}

/// A text, number or boolean.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Takes what does not fit together out: others write it differently.
fn forget_unfit(new: &mut NewProperty) {
    let fits = |new: &NewProperty| super::new_property("", "x", new).is_ok();
    if !fits(new) {
        new.default = None;
    }
    if !fits(new) {
        (new.pattern, new.min, new.max) = (None, None, None);
    }
    if !fits(new) {
        (new.kind, new.values) = (None, Vec::new());
    }
}

#[cfg(test)]
mod tests;
