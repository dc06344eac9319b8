//! `git shroud config schema import`

use std::path::PathBuf;

use super::{Context, SchemaOption, add_all, count_properties};
use crate::environments::files::read_schema;
use crate::environments::schema::import::{MAX_LEN, Source, import};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::read_regular;

/// Print a schema made from what a program says of its own properties
///
/// Reads an example of a .env file, the configuration metadata of Spring (META-INF/spring-configuration-metadata.json) or a JSON Schema.
/// In an example an empty value means that the property must be set, and another value is the default; the comment above it is the
/// description. A value of a secret is not taken over. This is a draft: edit it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema import ../.env.example
  $ git shroud config schema import ../.env.example --write
  $ git shroud config schema import ../schema.json --from json-schema")]
pub(super) struct Import {
    /// The file
    #[arg(value_name = "FILE")]
    source: PathBuf,
    /// What it is [default: told by its content]
    #[arg(long, value_name = "KIND")]
    from: Option<Kind>,
    #[command(flatten)]
    schema: SchemaOption,
    /// Add new properties to the schema file
    #[arg(long)]
    write: bool,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// An example of a .env file
    Env,
    /// Spring's configuration metadata
    Spring,
    /// A JSON Schema
    JsonSchema,
}

impl Import {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let shown = crate::sanitise::native(&self.source);
        let bytes =
            read_regular(&context.dir.join(&self.source), MAX_LEN).context(|| shown.clone())?;
        let from = self.from.map(|kind| match kind {
            Kind::Env => Source::Env,
            Kind::Spring => Source::Spring,
            Kind::JsonSchema => Source::JsonSchema,
        });
        let mut imported = import(&bytes, from)
            .map_err(|error| CommandError::wrong(format!("{shown}: {error}")))?;
        let known = super::file(context, &self.schema).ok();
        let known = known.map(|file| read_schema(&file)).transpose()?.flatten();
        let all = imported.len();
        imported.retain(|(name, _)| {
            known.as_ref().is_none_or(|schema| !schema.properties.contains_key(name))
        });
        if imported.len() < all {
            let count = count_properties(all - imported.len());
            context.ui.status(format!("the schema has {count} of these already"));
        }
        add_all(context, &self.schema, &imported, String::new, self.write)
    }
}
