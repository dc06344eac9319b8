//! `git shroud config copy`

use super::{Context, FileOption, SchemaOption, load, report_written, show};
use crate::environments::files::{Address, Copying, Written, copy};
use crate::error::{CommandError, Outcome};

/// Copy the value of a property from one environment to another, without showing it
///
/// Copies what counts in FROM, also from a file that it shares with others, but no default. Refuses a property whose values must differ.
/// Commit the file afterwards.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config copy dev staging PORT
  $ git shroud config copy dev prod PORT --file app.env")]
pub(super) struct Copy {
    /// The environment that has the value
    #[arg(value_name = "FROM")]
    from: String,
    /// The environment that gets it
    #[arg(value_name = "TO")]
    to: String,
    /// The properties
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    schema: SchemaOption,
    #[command(flatten)]
    file: FileOption,
}

impl Copy {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let (from, to) = (self.from.as_str(), self.to.as_str());
        if from == to {
            return Err(CommandError::wrong("name two different environments"));
        }
        for name in &self.names {
            // Read again for each: the one before may have changed the file.
            let loaded = load(context, &self.schema, &[])?;
            let address = Address { environment: to, name, file: self.file.file.as_deref() };
            match copy(&loaded, Copying { from, to: address }, &context.ui)? {
                Some(Written { path, overriding }) => {
                    report_written(context, &path, overriding, &show(name));
                }
                None => {
                    context.ui.status(format!("{to} already has this value of {}", show(name)));
                }
            }
        }
        Ok(())
    }
}
