//! `git shroud config schema`

mod add;
mod import;
mod infer;
mod json;

use std::io;
use std::path::{Path, PathBuf};

use super::super::Context;
use super::{SchemaOption, count_properties, load, show, warn_unread};
use crate::environments::SCHEMA_FILE;
use crate::environments::files::{SchemaFileError, read_schema};
use crate::environments::schema::{MAX_LEN, NewProperty, SchemaError, new_property};
use crate::error::{CommandError, Context as _, Outcome};
use crate::fs::{Access, read_regular, write_atomic};

/// Add properties to the schema, begin one with what the files or another program have, or print it as JSON Schema
#[derive(clap::Args)]
pub(super) struct Schema {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(clap::Subcommand)]
enum SchemaCommand {
    Add(Box<add::Add>),
    Infer(infer::Infer),
    Import(import::Import),
    Json(json::Json),
}

impl Schema {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            SchemaCommand::Add(add) => add.run(context),
            SchemaCommand::Infer(infer) => infer.run(context),
            SchemaCommand::Import(import) => import.run(context),
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
    Ok(String::from_utf8(bytes.to_vec()).map_err(|_| {
        SchemaFileError::of(file, SchemaError { line: 1, why: "this is not UTF-8".to_owned() })
    })?)
}

fn write(file: &Path, text: &str) -> Outcome {
    Ok(write_atomic(file, text.as_bytes(), Access::Shared)
        .context(|| "the schema cannot be written".to_owned())?)
}

/// Adds properties that the schema does not have, to the file or to what is printed.
fn add_all(
    context: &Context,
    option: &SchemaOption,
    new: &[(String, NewProperty)],
    begin: impl FnOnce() -> String,
    write_it: bool,
) -> Outcome {
    if !write_it {
        let tables: Vec<_> = new.iter().map(|(name, new)| new.to_text(name)).collect();
        context.ui.bytes(tables.join("\n").as_bytes());
        return Ok(());
    }
    let file = file(context, option)?;
    let mut after = text(&file)?;
    if after.is_empty() {
        after = begin();
    }
    for (name, new) in new {
        after = new_property(&after, name, new)
            .map_err(|error| CommandError::wrong(format!("{}: {}", show(name), error.why)))?;
    }
    write(&file, &after)?;
    let count = count_properties(new.len());
    context.ui.status(format!("added {count} to {}", crate::sanitise::native(&file)));
    context.ui.hint("this is a draft: edit it, then run 'git shroud config check'");
    Ok(())
}
