//! `git shroud config schema json`

use super::{Context, SchemaOption, file};
use crate::environments::files::SchemaFileError;
use crate::error::{CommandError, Outcome};

/// Print the schema as JSON Schema (draft 2020-12), for editors and other programs
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema json > ../config.schema.json
  $ git shroud config schema json --nested")]
pub(super) struct Json {
    #[command(flatten)]
    schema: SchemaOption,
    /// Make an object for each part of a name before a dot, as in YAML, TOML and JSON files
    #[arg(long)]
    nested: bool,
}

impl Json {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let schema = file(context, &self.schema)?.read().map_err(|error| {
            let is_absent = matches!(error, SchemaFileError::Absent(_));
            let hint = is_absent.then_some("'git shroud config schema infer --write' makes one");
            hint.into_iter().fold(CommandError::from(error), CommandError::hint)
        })?;
        let json = serde_json::to_string_pretty(&schema.to_json_schema(self.nested));
        let json = json.expect("strings and numbers can be written");
        context.ui.line(crate::sanitise::json(&json));
        Ok(())
    }
}
