//! `git shroud config schema`

use std::io;
use std::path::{Path, PathBuf};

use super::super::Context;
use super::show;
use super::{SchemaOption, load};
use crate::environments::files::{read_schema, wrong_schema};
use crate::environments::schema::infer::infer;
use crate::environments::schema::{
    MAX_LEN, NewProperty, Schema as Properties, SchemaError, Type, new_property,
};
use crate::environments::{SCHEMA_FILE, template};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::{Access, read_regular, write_atomic};

/// Add properties to the schema, begin one with what the files have, or print it as JSON Schema
#[derive(clap::Args)]
pub(super) struct Schema {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(clap::Subcommand)]
enum SchemaCommand {
    Add(Box<Add>),
    Infer(Infer),
    Json(Json),
}

/// Add a property to the schema
///
/// Adds a table at the end of the file, and changes nothing else. 'git shroud config sync' then adds the property where it is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema add MAIL_URL --required --type url --secret
  $ git shroud config schema add POOL_SIZE --default 5 --type int --explicit prod
  $ git shroud config schema add LEVEL --values debug,info,error --default info")]
struct Add {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// It is an error if it is not set
    #[arg(long, conflicts_with = "default")]
    required: bool,
    /// If it is not set, the program uses this value
    #[arg(long, value_name = "VALUE")]
    default: Option<String>,
    /// An environment that must set it, although there is a default
    #[arg(long, value_name = "ENV", value_delimiter = ',', requires = "default")]
    explicit: Vec<String>,
    /// The type of the value: string, int, bool, url, duration, size, enum, pem or base64
    #[arg(long = "type", value_name = "TYPE", value_parser = Type::NAMES)]
    kind: Option<String>,
    /// The allowed values
    #[arg(long, value_name = "VALUE", value_delimiter = ',')]
    values: Vec<String>,
    /// A regular expression that must match the whole value
    #[arg(long, value_name = "REGEX")]
    pattern: Option<String>,
    /// It must be in a sealed file
    #[arg(long)]
    secret: bool,
    /// No two environments may have the same value
    #[arg(long)]
    distinct: bool,
    /// The first release of the program that uses it
    #[arg(long, value_name = "RELEASE")]
    since: Option<String>,
    /// The first release of the program that no longer uses it
    #[arg(long, value_name = "RELEASE")]
    removed: Option<String>,
    /// A description for people
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Print a schema made from the files, without their values
///
/// A property that every environment sets is required. A type must fit all values. Names and URLs decide what is a secret, and secrets
/// that differ today must differ. This is a draft: edit it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema infer
  $ git shroud config schema infer --write")]
struct Infer {
    #[command(flatten)]
    schema: SchemaOption,
    /// Add new properties to the schema file
    #[arg(long)]
    write: bool,
}

/// Print the schema as JSON Schema (draft 2020-12), for editors and other programs
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config schema json > ../config.schema.json
  $ git shroud config schema json --nested")]
struct Json {
    #[command(flatten)]
    schema: SchemaOption,
    /// Make an object for each part of a name before a dot, as in YAML, TOML and JSON files
    #[arg(long)]
    nested: bool,
}

impl Schema {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            SchemaCommand::Add(add) => add.run(context),
            SchemaCommand::Infer(infer) => infer.run(context),
            SchemaCommand::Json(json) => json.run(context),
        }
    }
}

/// The file that holds the properties: the one that is named, or that the one at the top names, else that one.
fn file(context: &Context, option: &SchemaOption) -> Outcome<PathBuf> {
    if let Some(file) = &option.schema {
        return Ok(context.dir.join(file));
    }
    let repository = context.repository()?;
    let top = super::super::top(&repository)?;
    let own = top.join(SCHEMA_FILE);
    let named = read_schema(&own)?.and_then(|schema| schema.schema);
    Ok(named.map_or(own, |named| top.join(named)))
}

/// The text of a schema; nothing where there is no such file.
fn text(file: &Path) -> Outcome<String> {
    let bytes = match read_regular(file, MAX_LEN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        read => read.context(|| "the schema cannot be read".to_owned())?,
    };
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        wrong_schema(file, &SchemaError { line: 1, why: "this is not UTF-8".to_owned() })
    })
}

fn write(file: &Path, text: &str) -> Outcome {
    Ok(write_atomic(file, text.as_bytes(), Access::Shared)
        .context(|| "the schema cannot be written".to_owned())?)
}

impl Add {
    fn run(self, context: &Context) -> Outcome {
        let file = file(context, &self.schema)?;
        let before = text(&file)?;
        let kind = self.kind.or_else(|| (!self.values.is_empty()).then(|| "enum".to_owned()));
        let new = NewProperty {
            required: self.required,
            default: self.default,
            explicit: self.explicit,
            kind,
            values: self.values,
            pattern: self.pattern,
            secret: self.secret,
            distinct: self.distinct,
            since: self.since,
            removed: self.removed,
            description: self.description,
        };
        let after = new_property(&before, &self.name, &new).map_err(|error| {
            // A line of what was never written helps nobody.
            if error.line == 0 || error.line > before.lines().count() {
                CommandError::wrong(format!("{}: {}", show(&self.name), error.why))
            } else {
                wrong_schema(&file, &error)
            }
        })?;
        write(&file, &after)?;
        context.ui.status(format!(
            "added {} to {}",
            show(&self.name),
            crate::sanitise::native(&file)
        ));
        context.ui.hint("'git shroud config sync' adds it where it is missing");
        Ok(())
    }
}

impl Infer {
    fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, &[])?;
        let known = loaded.schema.as_ref();
        let mut inferred = infer(&loaded.environments);
        inferred
            .retain(|(name, _)| known.is_none_or(|schema| !schema.properties.contains_key(name)));
        super::warn_unread(context, &loaded, |_| true);
        for name in loaded.locked() {
            context.ui.warning(format!("{name} is locked here, and was skipped"));
        }
        if !self.write {
            let tables: Vec<_> = inferred.iter().map(|(name, new)| new.to_text(name)).collect();
            context.ui.bytes(tables.join("\n").as_bytes());
            return Ok(());
        }
        let file = file(context, &self.schema)?;
        let mut after = text(&file)?;
        if after.is_empty() {
            let names: Vec<_> = loaded.all.iter().map(|name| (name.clone(), None)).collect();
            after = template::schema(&names);
        }
        for (name, new) in &inferred {
            after = new_property(&after, name, new)
                .map_err(|error| CommandError::wrong(format!("{}: {}", show(name), error.why)))?;
        }
        write(&file, &after)?;
        let count = super::count_properties(inferred.len());
        context.ui.status(format!("added {count} to {}", crate::sanitise::native(&file)));
        context.ui.hint("this is a draft: edit it, then run 'git shroud config check'");
        Ok(())
    }
}

impl Json {
    fn run(self, context: &Context) -> Outcome {
        let file = file(context, &self.schema)?;
        let schema: Properties = read_schema(&file)?.ok_or_else(|| {
            CommandError::wrong(format!("there is no schema '{}'", crate::sanitise::native(&file)))
                .hint("'git shroud config schema infer --write' makes one")
        })?;
        let json = serde_json::to_string_pretty(&schema.to_json_schema(self.nested));
        let json = json.expect("strings and numbers can be written");
        context.ui.line(crate::sanitise::json(&json));
        Ok(())
    }
}
