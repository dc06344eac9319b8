//! `git shroud config get`

use serde_json::json;

use super::super::Context;
use super::show;
use super::{PropertyArguments, load};
use crate::environments::SCHEMA_FILE;
use crate::environments::environment::{Environment, Setting};
use crate::environments::render::effective::effective_value;
use crate::error::{CommandError, Outcome};

/// Print the value of a property in an environment, or else its default in the schema
///
/// If several files set it, the last one in the schema's order counts. Exit status 1 if it has none.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config get dev PORT
  $ git shroud config get dev PORT --origin
  $ git shroud config get dev PORT --json")]
pub(super) struct Get {
    #[command(flatten)]
    property: PropertyArguments,
    /// Begin with the file and the line that set it, and a tab; also name the files whose values are overridden
    #[arg(long)]
    origin: bool,
    /// Put in what references in .env files stand for, such as ${NAME}
    #[arg(long)]
    expand: bool,
    /// Print JSON: {"environment", "name", "value", "default", "origin": {"path", "line"}, "overridden": [{"path", "line"}]}
    #[arg(long, conflicts_with = "origin")]
    json: bool,
}

impl Get {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let PropertyArguments { environment: of, name: property, schema } = &self.property;
        let loaded = load(context, schema, std::slice::from_ref(of))?;
        let environment = loaded.only();
        let name = show(property);
        let Some((text, default)) = effective_value(environment, loaded.schema.as_ref(), property)
            .filter(|(_, default)| !default || environment.is_unset(property))
        else {
            if !environment.is_unset(property) {
                super::warn_unread(context, &loaded, |_| true);
                return Err(super::hidden(environment, property));
            }
            return Err(CommandError::refused(format!(
                "{of} does not set {name}, and it has no default"
            )));
        };
        let setting = environment.setting(property);
        let text = match setting {
            Some(setting) if self.expand => self.expanded(environment, setting)?,
            Some(setting) if !setting.references.is_empty() => {
                super::warn_of_references(context, &[property]);
                text
            }
            _ => text,
        };
        let settings = environment.settings.get(property).map_or(&[][..], Vec::as_slice);
        if self.json {
            let place = |setting: &Setting| {
                let (path, line) = place(environment, setting);
                json!({"path": path, "line": line})
            };
            context.ui.json(&json!({
                "environment": of,
                "name": property,
                "value": text,
                "default": default,
                "origin": settings.first().map(place),
                "overridden": settings.iter().skip(1).map(place).collect::<Vec<_>>(),
            }));
            return Ok(());
        }
        if default {
            context.ui.status(format!("{of} does not set {name}: this is the default"));
        }
        if self.origin {
            let origin = settings.first().map(|setting| place(environment, setting));
            let line = || loaded.schema.as_ref().and_then(|schema| schema.properties.get(property));
            let (path, line) =
                origin.unwrap_or_else(|| (SCHEMA_FILE, line().map_or(1, |property| property.line)));
            context.ui.bytes(format!("{}:{line}\t", show(path)).as_bytes());
            for (path, line) in settings.iter().skip(1).map(|one| place(environment, one)) {
                context
                    .ui
                    .status(format!("{}:{line} sets {name} too, and is overridden", show(path)));
            }
        }
        context.ui.bytes(text.as_bytes());
        if !text.ends_with('\n') {
            context.ui.bytes(b"\n");
        }
        Ok(())
    }
}

impl Get {
    /// The value with what its references stand for.
    fn expanded<'e>(&self, environment: &Environment, setting: &'e Setting) -> Outcome<&'e str> {
        let Some(Err(error)) = &setting.meant else { return Ok(setting.meant()) };
        if environment.is_complete() {
            return Err(super::cannot_expand(
                &self.property.environment,
                &self.property.name,
                error,
            ));
        }
        Err(CommandError::incomplete(format!(
            "a file of {} that may set what {} refers to is locked or cannot be read",
            self.property.environment,
            show(&self.property.name)
        ))
        .hint("run 'git shroud unlock', or 'git shroud config check'"))
    }
}

fn place<'e>(environment: &'e Environment, setting: &Setting) -> (&'e str, usize) {
    (&environment.sources[setting.source].path, setting.line)
}
