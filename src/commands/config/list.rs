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
/// Shows no values, unless you ask with --show. Exit status 3 if the environment is locked.
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
    /// {"environment", "complete", "properties": [{"name", "default", "secret", "origin", "description"}]}
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
        let mut listed: Vec<Value> = Vec::new();
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
            let mut value = json!({
                "name": one.name,
                "default": setting.is_none(),
                "secret": is_secret(loaded.schema.as_ref(), one.name),
                "origin": {"path": origin.0, "line": origin.1},
                "description": property.and_then(|property| property.description.as_deref()),
            });
            if self.show {
                row.push((show(one.text), None));
                value["value"] = one.text.into();
            }
            rows.push(row);
            listed.push(value);
        }
        if self.json {
            context.ui.json(&json!({
                "environment": environment.name,
                "complete": environment.is_complete(),
                "properties": listed,
            }));
        } else if !rows.is_empty() {
            context.ui.table(&rows);
        }
        incomplete(context, &loaded)
    }

    fn environments(&self, context: &Context, loaded: &Loaded) -> Outcome {
        if self.json {
            let all = loaded.environments.iter().map(|environment| {
                let files: Vec<_> =
                    environment.sources.iter().map(|source| source.path.as_str()).collect();
                json!({
                    "name": environment.name,
                    "locked": environment.is_locked(),
                    "properties": environment.settings.len(),
                    "files": files,
                })
            });
            context.ui.json(&json!({"environments": all.collect::<Vec<_>>()}));
            return Ok(());
        }
        let row = |environment: &Environment| {
            let state = match (environment.is_locked(), environment.is_complete()) {
                (true, _) => "locked".to_owned(),
                (false, false) => "unread".to_owned(),
                (false, true) => super::count_properties(environment.settings.len()),
            };
            let files = count(environment.sources.len() as u64, "file");
            vec![(show(&environment.name), None), (state, None), (files, None)]
        };
        let rows: Vec<_> = loaded.environments.iter().map(row).collect();
        context.ui.table(&rows);
        Ok(())
    }
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
