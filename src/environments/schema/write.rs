//! Adding a property to a schema. A new table goes to the end, so that nothing else of the file changes.

use std::fmt::Write as _;

use super::{Schema, SchemaError, read::is_name};

/// What a new property is to say; attributes that are not there are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProperty {
    /// `required = true`.
    pub required: bool,
    /// `default = "…"`.
    pub default: Option<String>,
    /// `explicit = ["…"]`.
    pub explicit: Vec<String>,
    /// `type = "…"`.
    pub kind: Option<String>,
    /// `values = ["…"]`.
    pub values: Vec<String>,
    /// `pattern = "…"`.
    pub pattern: Option<String>,
    /// `min = "…"`.
    pub min: Option<String>,
    /// `max = "…"`.
    pub max: Option<String>,
    /// `min_length = …`.
    pub min_length: Option<usize>,
    /// `max_length = …`.
    pub max_length: Option<usize>,
    /// `forbidden = ["…"]`.
    pub forbidden: Vec<String>,
    /// `secret = true`.
    pub secret: bool,
    /// `distinct = true`.
    pub distinct: bool,
    /// `since = "…"`.
    pub since: Option<String>,
    /// `removed = "…"`.
    pub removed: Option<String>,
    /// `description = "…"`.
    pub description: Option<String>,
}

/// The text of a schema with one more property behind all others.
///
/// # Errors
/// The schema cannot be read, has the property already, or could not be read with it.
pub fn new_property(text: &str, name: &str, new: &NewProperty) -> Result<String, SchemaError> {
    let schema = Schema::parse(text.as_bytes())?;
    let error = |line, why: &str| SchemaError { line, why: why.to_owned() };
    if let Some(property) = schema.properties.get(name) {
        return Err(error(property.line, "the property already exists"));
    }
    if !is_name(name) {
        return Err(error(0, "this cannot be the name of a property"));
    }
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut added = text.to_owned();
    if !added.is_empty() && !added.ends_with('\n') {
        added.push_str(ending);
    }
    if !added.is_empty() {
        added.push_str(ending);
    }
    added.push_str(&new.to_text(name).replace('\n', ending));
    Schema::parse(added.as_bytes())?;
    Ok(added)
}

impl NewProperty {
    /// The property as a table of TOML.
    pub fn to_text(&self, name: &str) -> String {
        let quoted = |text: &str| crate::config_format::quoted(text).to_string();
        let list = |texts: &[String]| {
            let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        };
        let mut text = format!("[properties.{}]\n", quoted(name));
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                writeln!(text, "{name} = {value}").expect("a String takes any text");
            }
        };
        let flag = |set: bool| set.then(|| "true".to_owned());
        put("description", self.description.as_deref().map(quoted));
        put("type", self.kind.as_deref().map(quoted));
        put("values", (!self.values.is_empty()).then(|| list(&self.values)));
        put("pattern", self.pattern.as_deref().map(quoted));
        put("min", self.min.as_deref().map(quoted));
        put("max", self.max.as_deref().map(quoted));
        put("min_length", self.min_length.map(|length| length.to_string()));
        put("max_length", self.max_length.map(|length| length.to_string()));
        put("forbidden", (!self.forbidden.is_empty()).then(|| list(&self.forbidden)));
        put("required", flag(self.required));
        put("default", self.default.as_deref().map(quoted));
        put("explicit", (!self.explicit.is_empty()).then(|| list(&self.explicit)));
        put("secret", flag(self.secret));
        put("distinct", flag(self.distinct));
        put("since", self.since.as_deref().map(quoted));
        put("removed", self.removed.as_deref().map(quoted));
        text
    }
}
