//! `git shroud config schema import`

use std::path::PathBuf;

use super::{Context, SchemaOption, add_all, count_properties, file};
use crate::environments::files::import_properties;
use crate::environments::schema::import::Source;
use crate::error::Outcome;

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
        let from = self.from.map(|kind| match kind {
            Kind::Env => Source::Env,
            Kind::Spring => Source::Spring,
            Kind::JsonSchema => Source::JsonSchema,
        });
        let mut imported = import_properties(&context.dir, &self.source, from)?;
        let all = imported.len();
        // A draft can be printed anywhere.
        if let Ok(file) = file(context, &self.schema) {
            imported = file.unknown(imported)?;
        }
        if imported.len() < all {
            let count = count_properties(all - imported.len());
            context.ui.status(format!("the schema has {count} of these already"));
        }
        add_all(context, &self.schema, &imported, "", self.write)
    }
}
