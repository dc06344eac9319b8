//! `git shroud config schema`

mod add;
mod import;
mod infer;
mod json;

use super::{Context, SchemaOption, count_properties, load, show, warn_unread};
use crate::environments::files::SchemaFile;
use crate::environments::schema::NewProperty;
use crate::error::Outcome;

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

/// The file that holds the properties.
fn file(context: &Context, option: &SchemaOption) -> Outcome<SchemaFile> {
    Ok(match &option.schema {
        Some(file) => SchemaFile::at(context.dir.join(file)),
        None => SchemaFile::find(&context.repository()?)?,
    })
}

/// Adds properties that the schema does not have to the file, or prints them.
fn add_all(
    context: &Context,
    option: &SchemaOption,
    new: &[(String, NewProperty)],
    begin: &str,
    write_it: bool,
) -> Outcome {
    if !write_it {
        let tables: Vec<_> = new.iter().map(|(name, new)| new.to_text(name)).collect();
        context.ui.bytes(tables.join("\n").as_bytes());
        return Ok(());
    }
    let file = file(context, option)?;
    file.add_all(new, begin)?;
    let count = count_properties(new.len());
    context.ui.status(format!("added {count} to {}", crate::sanitise::native(file.path())));
    context.ui.hint("this is a draft: edit it, then run 'git shroud config check'");
    Ok(())
}
