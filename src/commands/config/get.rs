//! `git shroud config get`

use super::super::Context;
use super::show;
use super::{SchemaOption, load};
use crate::environments::render::effective::effective_value;
use crate::error::{CommandError, Outcome};

/// Print the value of a property in an environment, or else its default in the schema
///
/// Exit status 1 if it has none.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config get dev PORT")]
pub(super) struct Get {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// The property
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    schema: SchemaOption,
}

impl Get {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        let environment = loaded.only();
        let name = show(&self.name);
        match effective_value(environment, loaded.schema.as_ref(), &self.name) {
            Some((_, true)) | None if !environment.is_complete() => {
                super::warn_unread(context, &loaded, |_| true);
                let environment = &self.environment;
                Err(CommandError::incomplete(format!(
                    "a file of {environment} that may set {name} is locked or cannot be read"
                ))
                .hint("run 'git shroud unlock', or 'git shroud config check'"))
            }
            None => {
                let environment = &self.environment;
                Err(CommandError::refused(format!(
                    "{environment} does not set {name}, and it has no default"
                )))
            }
            Some((text, default)) => {
                if default {
                    context.ui.status(format!(
                        "{} does not set {name}: this is the default",
                        self.environment
                    ));
                }
                context.ui.bytes(text.as_bytes());
                if !text.ends_with('\n') {
                    context.ui.bytes(b"\n");
                }
                Ok(())
            }
        }
    }
}
