//! `git shroud config rename`

use super::super::Context;
use super::{SchemaOption, load};
use crate::environments::files::{Renaming, rename};
use crate::error::{CommandError, Outcome};

/// Rename a property in one environment, or in all of them and in the schema
///
/// Keeps the value, its place and every other byte where the format allows it; no value is shown. Changes nothing if the new name is there
/// already or a file cannot be opened. Commit the files afterwards.
#[derive(clap::Args)]
#[command(
    override_usage = "git shroud config rename [OPTIONS] [ENV] <OLD> <NEW>",
    after_help = "Examples:
  $ git shroud config rename PORT HTTP_PORT
  $ git shroud config rename dev PORT HTTP_PORT"
)]
pub(super) struct Rename {
    /// The environment [default: all, and the schema], the old name and the new one
    #[arg(value_names = ["ENV", "OLD", "NEW"], num_args = 2..=3, required = true)]
    names: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
}

impl Rename {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, &[])?;
        let (environment, old, new) = match self.names.as_slice() {
            [old, new] => (None, old, new),
            [environment, old, new] => (Some(environment.as_str()), old, new),
            _ => return Err(CommandError::wrong("name the old and the new property")),
        };
        let schema = match (environment, &self.schema.schema) {
            (Some(_), _) => None,
            (None, Some(file)) => Some(context.dir.join(file)),
            (None, None) => loaded.schema_file()?,
        };
        let renaming = Renaming { environment, old, new, schema };
        Ok(rename(&loaded, &renaming, &context.ui)?)
    }
}
