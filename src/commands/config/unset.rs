//! `git shroud config unset`

use super::super::Context;
use super::{SchemaOption, load, show};
use crate::environments::files::{WorktreeFile, target};
use crate::error::{CommandError, Outcome};

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
        self.names.iter().try_for_each(|name| self.unset(context, name))
    }

    fn unset(&self, context: &Context, name: &str) -> Outcome {
        // Read again for each: the one before may have changed the file.
        let loaded = load(context, &self.schema, &[])?;
        let of = self.environment.as_str();
        let shown = show(name);
        let path = target(&loaded, of, name, self.file.as_deref())?;
        let environment = loaded.environments.iter().find(|one| one.name == of);
        let environment = environment.expect("its name is one of all");
        let settings = environment.settings.get(name).map_or(&[][..], Vec::as_slice);
        let is_there = |path: &str| {
            settings.iter().any(|setting| environment.sources[setting.source].path == path)
        };
        if !is_there(&path) {
            let error = CommandError::refused(format!("{of} does not set {shown}"));
            return Err(match settings.first() {
                None => error,
                Some(setting) => error.hint(format!(
                    "{}:{} sets it, also for other environments; --file removes it there",
                    show(&environment.sources[setting.source].path),
                    setting.line
                )),
            });
        }
        let mut file = WorktreeFile::read(&context.ui, &loaded, &path)?;
        file.refuse_moved(&loaded, of)?;
        file.unset(name)?;
        file.write(&loaded)?;
        context.ui.status(format!("removed {shown} from {}; commit it", show(&path)));
        let other = settings.iter().find(|one| environment.sources[one.source].path != path);
        let property = loaded.schema.as_ref().and_then(|schema| schema.properties.get(name));
        if let Some(other) = other {
            let path = show(&environment.sources[other.source].path);
            context.ui.status(format!("{path}:{} sets it, and counts now", other.line));
        } else if property.is_some_and(|property| property.must_be_set(of, None)) {
            context
                .ui
                .warning(format!("{of} must set {shown}: 'git shroud config check' will fail"));
        }
        Ok(())
    }
}
