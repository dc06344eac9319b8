//! `git shroud config get`

use serde_json::json;

use super::super::Context;
use super::show;
use super::{SchemaOption, load};
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
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// The property
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    schema: SchemaOption,
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
        let loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        let environment = loaded.only();
        let name = show(&self.name);
        let Some((text, default)) =
            effective_value(environment, loaded.schema.as_ref(), &self.name)
                .filter(|(_, default)| !default || environment.is_complete())
        else {
            if !environment.is_complete() {
                super::warn_unread(context, &loaded, |_| true);
                let environment = &self.environment;
                return Err(CommandError::incomplete(format!(
                    "a file of {environment} that may set {name} is locked or cannot be read"
                ))
                .hint("run 'git shroud unlock', or 'git shroud config check'"));
            }
            let environment = &self.environment;
            return Err(CommandError::refused(format!(
                "{environment} does not set {name}, and it has no default"
            )));
        };
        let setting = environment.setting(&self.name);
        let text = match setting {
            Some(setting) if self.expand => self.expanded(environment, setting)?,
            Some(setting) if !setting.references.is_empty() => {
                super::warn_of_references(context, &[&self.name]);
                text
            }
            _ => text,
        };
        let settings = environment.settings.get(&self.name).map_or(&[][..], Vec::as_slice);
        if self.json {
            let place = |setting: &Setting| {
                let (path, line) = place(environment, setting);
                json!({"path": path, "line": line})
            };
            context.ui.json(&json!({
                "environment": self.environment,
                "name": self.name,
                "value": text,
                "default": default,
                "origin": settings.first().map(place),
                "overridden": settings.iter().skip(1).map(place).collect::<Vec<_>>(),
            }));
            return Ok(());
        }
        if default {
            let environment = &self.environment;
            context.ui.status(format!("{environment} does not set {name}: this is the default"));
        }
        if self.origin {
            let origin = settings.first().map(|setting| place(environment, setting));
            let line =
                || loaded.schema.as_ref().and_then(|schema| schema.properties.get(&self.name));
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
            return Err(super::cannot_expand(&self.environment, &self.name, error));
        }
        Err(CommandError::incomplete(format!(
            "a file of {} that may set what {} refers to is locked or cannot be read",
            self.environment,
            show(&self.name)
        ))
        .hint("run 'git shroud unlock', or 'git shroud config check'"))
    }
}

fn place<'e>(environment: &'e Environment, setting: &Setting) -> (&'e str, usize) {
    (&environment.sources[setting.source].path, setting.line)
}
