//! `git shroud config unset`

use super::{Context, SchemaOption, load, show};
use crate::environments::files::unset;
use crate::error::Outcome;

/// Remove properties from an environment, and keep the rest of the file
///
/// Removes the line of the property; a comment above it stays. A value in a file that other environments have too is removed only if
/// --file names it. Commit the file afterwards. Exit status 1 if the environment does not set it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config unset dev PORT
  $ git shroud config unset dev PORT --file app.env")]
pub(super) struct Unset {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// The properties
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
    /// The file, if the property is in several
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
}

impl Unset {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let of = self.environment.as_str();
        for name in &self.names {
            // Read again for each: the one before may have changed the file.
            let loaded = load(context, &self.schema, &[])?;
            let unset = unset(&loaded, of, name, self.file.as_deref(), &context.ui)?;
            let (name, path) = (show(name), show(&unset.path));
            context.ui.status(format!("removed {name} from {path}; commit it"));
            if let Some((path, line)) = unset.other {
                context.ui.status(format!("{}:{line} sets it, and counts now", show(&path)));
            }
            if unset.must_be_set {
                context
                    .ui
                    .warning(format!("{of} must set {name}: 'git shroud config check' will fail"));
            }
        }
        Ok(())
    }
}
