//! `git shroud config list`

use serde_json::{Value, json};

use super::super::Context;
use super::{SchemaOption, load, locked, show, unread, warn_unread};
use crate::environments::SCHEMA_FILE;
use crate::environments::check::reuse::is_secret;
use crate::environments::environment::Environment;
use crate::environments::files::Loaded;
use crate::environments::render::effective::effective;
use crate::error::Outcome;
use crate::ui::count;

/// List the environments, or the properties of one, with the places that set them
///
/// Shows no values, unless you ask with --show. Of an environment that is locked and sealed by value, lists the names ('sealed').
/// Exit status 3 if its names, or the values of --show, are not known.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config list
  $ git shroud config list dev
  $ git shroud config list dev --json")]
pub(super) struct List {
    /// The environment [default: list the environments]
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    #[command(flatten)]
    schema: SchemaOption,
    /// Print the plaintext values
    #[arg(long, requires = "environment")]
    show: bool,
    /// Print JSON: {"environments": [{"name", "locked", "properties", "files"}]}, or of one
    /// {"environment", "complete", "properties": [{"name", "default", "sealed", "secret", "origin", "description"}]}
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, self.environment.as_slice())?;
        if self.environment.is_none() {
            return self.environments(context, &loaded);
        }
        let environment = loaded.only();
        let all = effective(environment, loaded.schema.as_ref(), false);
        let mut rows = Vec::new();
        let mut listed: Vec<(&str, Value)> = Vec::new();
        for one in &all {
            let setting = environment.setting(one.name);
            let property =
                loaded.schema.as_ref().and_then(|schema| schema.properties.get(one.name));
            let origin = match setting {
                Some(setting) => (environment.sources[setting.source].path.as_str(), setting.line),
                None => (SCHEMA_FILE, property.map_or(1, |property| property.line)),
            };
            let state = if setting.is_some() { "set" } else { "default" };
            let place = format!("{}:{}", show(origin.0), origin.1);
            let mut row = vec![(show(one.name), None), (state.to_owned(), None), (place, None)];
            let mut value = described(&loaded, one.name, state, origin);
            if self.show {
                row.push((show(one.text), None));
                value["value"] = one.text.into();
            }
            rows.push(row);
            listed.push((one.name, value));
        }
        for name in environment.sealed.keys() {
            let Some(sealed) = environment.sealed_value(name) else { continue };
            let origin = (environment.sources[sealed.source].path.as_str(), sealed.line);
            let place = format!("{}:{}", show(origin.0), origin.1);
            rows.push(vec![(show(name), None), ("sealed".to_owned(), None), (place, None)]);
            listed.push((name, described(&loaded, name, "sealed", origin)));
        }
        rows.sort_by(|a, b| a[0].0.cmp(&b[0].0));
        listed.sort_by_key(|(name, _)| *name);
        let is_complete = environment.is_complete() || environment.has_all_names() && !self.show;
        if self.json {
            context.ui.json(&json!({
                "environment": environment.name,
                "complete": is_complete,
                "properties": listed.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
            }));
        } else if !rows.is_empty() {
            context.ui.table(&rows);
        }
        if is_complete { Ok(()) } else { incomplete(context, &loaded) }
    }

    fn environments(&self, context: &Context, loaded: &Loaded) -> Outcome {
        if self.json {
            let all = loaded.environments.iter().map(|environment| {
                let files: Vec<_> =
                    environment.sources.iter().map(|source| source.path.as_str()).collect();
                json!({
                    "name": environment.name,
                    "locked": environment.is_locked(),
                    "properties": environment.count_names(),
                    "files": files,
                })
            });
            context.ui.json(&json!({"environments": all.collect::<Vec<_>>()}));
            return Ok(());
        }
        let row = |environment: &Environment| {
            let count_names = || super::count_properties(environment.count_names());
            let state = match (environment.is_locked(), environment.is_complete()) {
                (true, _) if environment.has_all_names() => format!("{}, locked", count_names()),
                (true, _) => "locked".to_owned(),
                (false, false) => "unread".to_owned(),
                (false, true) => count_names(),
            };
            let files = count(environment.sources.len() as u64, "file");
            vec![(show(&environment.name), None), (state, None), (files, None)]
        };
        let rows: Vec<_> = loaded.environments.iter().map(row).collect();
        context.ui.table(&rows);
        Ok(())
    }
}

/// A property as JSON.
fn described(loaded: &Loaded, name: &str, state: &str, (path, line): (&str, usize)) -> Value {
    let schema = loaded.schema.as_ref();
    let property = schema.and_then(|schema| schema.properties.get(name));
    json!({
        "name": name,
        "default": state == "default",
        "sealed": state == "sealed",
        "secret": is_secret(schema, name),
        "origin": {"path": path, "line": line},
        "description": property.and_then(|property| property.description.as_deref()),
    })
}

/// The answer is incomplete, where a file is locked or cannot be read.
fn incomplete(context: &Context, loaded: &Loaded) -> Outcome {
    let names = warn_unread(context, loaded, |_| true);
    if !names.is_empty() {
        return Err(unread(&names));
    }
    let names = loaded.locked();
    if names.is_empty() { Ok(()) } else { Err(locked(&names)) }
}
