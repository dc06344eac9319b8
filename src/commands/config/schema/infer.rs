//! `git shroud config schema infer`

use super::{Context, SchemaOption, add_all, load, warn_unread};
use crate::environments::schema::infer::infer;
use crate::environments::template;
use crate::error::Outcome;

/// Print a schema made from the files, without their values
///
/// A property that every environment sets is required. A type must fit all values. Names and URLs decide what is a secret, and secrets
/// that differ today must differ. This is a draft: edit it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema infer
  $ git shroud config schema infer --write")]
pub(super) struct Infer {
    #[command(flatten)]
    schema: SchemaOption,
    /// Add new properties to the schema file
    #[arg(long)]
    write: bool,
}

impl Infer {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, &[])?;
        let known = loaded.schema.as_ref();
        let mut inferred = infer(&loaded.environments);
        inferred
            .retain(|(name, _)| known.is_none_or(|schema| !schema.properties.contains_key(name)));
        warn_unread(context, &loaded, |_| true);
        for name in loaded.locked() {
            context.ui.warning(format!("{name} is locked here, and was skipped"));
        }
        let names: Vec<_> = loaded.all.iter().map(|name| (name.clone(), None)).collect();
        add_all(context, &self.schema, &inferred, &template::schema(&names), self.write)
    }
}
