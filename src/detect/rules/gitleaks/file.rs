//! The shape of a file of rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::GitleaksError;
use crate::sanitise;

/// Fields that are not read, in any table.
type Rest = BTreeMap<String, Value>;

#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub(super) rules: Vec<Written>,
    allowlist: Option<AllowList>,
    #[serde(default)]
    allowlists: Vec<AllowList>,
    #[serde(default)]
    pub(super) extend: Extend,
    pub(super) filter: Option<String>,
    pub(super) prefilter: Option<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Default, Deserialize)]
pub(super) struct Extend {
    #[serde(default)]
    path: String,
    #[serde(default)]
    url: String,
    #[serde(default, rename = "usedefault")]
    pub(super) use_default: bool,
    #[serde(default, rename = "disabledrules")]
    pub(super) disabled_rules: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) regex: String,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    pub(super) entropy: f64,
    #[serde(default, rename = "secretgroup")]
    pub(super) secret_group: usize,
    #[serde(default, rename = "tokenefficiency")]
    pub(super) token_efficiency: bool,
    #[serde(default, rename = "skipreport")]
    pub(super) skip_report: bool,
    pub(super) specificity: Option<i64>,
    pub(super) filter: Option<String>,
    pub(super) validate: Option<Value>,
    #[serde(default)]
    pub(super) required: Vec<Required>,
    allowlist: Option<AllowList>,
    #[serde(default)]
    allowlists: Vec<AllowList>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize)]
pub(super) struct Required {
    #[serde(default)]
    pub(super) id: String,
    #[serde(rename = "withinlines")]
    pub(super) within_lines: Option<usize>,
    #[serde(rename = "withincolumns")]
    pub(super) within_columns: Option<usize>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Deserialize)]
pub(super) struct AllowList {
    #[serde(default)]
    pub(super) condition: String,
    #[serde(default)]
    pub(super) regexes: Vec<String>,
    #[serde(default, rename = "regextarget")]
    pub(super) regex_target: String,
    #[serde(default)]
    pub(super) paths: Vec<String>,
    #[serde(default)]
    pub(super) stopwords: Vec<String>,
    #[serde(default)]
    pub(super) commits: Vec<String>,
    #[serde(default, rename = "targetrules")]
    pub(super) target_rules: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

/// Fields that say nothing of what is found.
const OF_FILE: [&str; 4] = ["title", "description", "minversion", "betterleaksminversion"];
const OF_RULE: [&str; 2] = ["tags", "confidence"];
const OF_LIST: [&str; 1] = ["description"];

impl File {
    /// Reads it. Names of fields count in any case, as they do for these tools.
    pub(super) fn read(text: &str) -> Result<Self, GitleaksError> {
        let malformed =
            |error: toml::de::Error| GitleaksError::Malformed(sanitise::line(error.message()));
        let table: Table = toml::from_str(text).map_err(malformed)?;
        let mut file: Self = Value::Table(lowered(table)?).try_into().map_err(malformed)?;
        known("the file", &file.rest, &OF_FILE)?;
        known("'extend'", &file.extend.rest, &[])?;
        for list in file.allowlist.iter().chain(&file.allowlists) {
            known("'allowlists'", &list.rest, &OF_LIST)?;
        }
        for rule in &file.rules {
            let name = format!("rule '{}'", sanitise::line(&rule.id));
            known(&name, &rule.rest, &OF_RULE)?;
            for list in rule.allowlist.iter().chain(&rule.allowlists) {
                known(&name, &list.rest, &OF_LIST)?;
            }
            for required in &rule.required {
                known(&name, &required.rest, &[])?;
            }
        }
        if !file.extend.path.is_empty() || !file.extend.url.is_empty() {
            return Err(GitleaksError::Extends);
        }
        file.allowlists.extend(file.allowlist.take());
        Ok(file)
    }

    /// The lists for all rules, or for some.
    pub(super) fn lists(&self) -> &[AllowList] {
        &self.allowlists
    }
}

impl Written {
    /// The rule's own lists.
    pub(super) fn lists(&self) -> impl Iterator<Item = &AllowList> {
        self.allowlist.iter().chain(&self.allowlists)
    }
}

/// A field that is not known may change what is found.
fn known(of: &str, rest: &Rest, harmless: &[&str]) -> Result<(), GitleaksError> {
    match rest.keys().find(|field| !harmless.contains(&&field[..])) {
        None => Ok(()),
        Some(field) => {
            Err(GitleaksError::Unsupported { of: of.to_owned(), field: sanitise::line(field) })
        }
    }
}

fn lowered(table: Table) -> Result<Table, GitleaksError> {
    let mut made = Table::new();
    for (name, value) in table {
        let name = name.to_lowercase();
        let value = match value {
            Value::Table(table) => Value::Table(lowered(table)?),
            Value::Array(values) => Value::Array(
                values
                    .into_iter()
                    .map(|value| match value {
                        Value::Table(table) => lowered(table).map(Value::Table),
                        value => Ok(value),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            value => value,
        };
        if made.insert(name.clone(), value).is_some() {
            let name = sanitise::line(&name);
            return Err(GitleaksError::Malformed(format!("'{name}' is there twice")));
        }
    }
    Ok(made)
}
