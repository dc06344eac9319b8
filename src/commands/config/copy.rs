//! `git shroud config copy`

use super::super::Context;
use super::{FileOption, SchemaOption, load, report_written, show};
use crate::environments::files::{Address, Slot};
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
        if self.from == self.to {
            return Err(CommandError::wrong("name two different environments"));
        }
        for name in &self.names {
            self.copy(context, name)?;
        }
        Ok(())
    }

    fn copy(&self, context: &Context, name: &str) -> Outcome {
        // Read again for each: the one before may have changed the file.
        let loaded = load(context, &self.schema, &[])?;
        let (from, to, shown) = (&self.from, &self.to, show(name));
        let source = loaded.environments.iter().find(|one| one.name == *from);
        let source = source.ok_or_else(|| loaded.no_environment(from))?;
        let Some(setting) = source.setting(name) else {
            // Where its names are known, one that is not there is not set.
            let is_known = source.is_complete() || source.has_all_names() && !name.contains('[');
            if !is_known || source.sealed_value(name).is_some() {
                return Err(super::hidden(source, name));
            }
            return Err(CommandError::refused(format!("{from} does not set {shown}")));
        };
        let schema = loaded.schema.as_ref();
        if schema.and_then(|schema| schema.properties.get(name)).is_some_and(|one| one.distinct) {
            return Err(CommandError::refused(format!(
                "{shown} must differ between environments; nothing was copied"
            ))
            .hint(format!(
                "git shroud config set {} {} --generate",
                crate::sanitise::word_or(to.as_bytes(), "ENV"),
                crate::sanitise::word_or(name.as_bytes(), "NAME")
            )));
        }
        if setting.is_list() {
            return Err(CommandError::refused(format!(
                "{shown} is a list in {from}; copy it by hand"
            )));
        }
        if !setting.references.is_empty() {
            return Err(CommandError::refused(format!(
                "{shown} has references in {from}, such as ${{NAME}}; copy it by hand"
            )));
        }
        let address = Address { environment: to, name, file: self.file.file.as_deref() };
        let mut slot = Slot::find(&context.ui, &loaded, address)?;
        if !slot.put(&setting.value.text, setting.is_literal())? {
            context.ui.status(format!("{to} already has this value of {shown}"));
            return Ok(());
        }
        report_written(context, &slot, &shown);
        Ok(())
    }
}
