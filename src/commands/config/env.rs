//! `git shroud config env`

use super::super::{Context, exclusive, refuse_rotation};
use super::show;
use crate::config_format::Format;
use crate::environments::files::{NewEnvironment, remove};
use crate::error::Outcome;
use crate::keyring::KeyName;
use crate::ui::count;

/// Add an environment with everything that belongs to it, or remove one
#[derive(clap::Args)]
pub(super) struct Env {
    #[command(subcommand)]
    command: EnvCommand,
}

#[derive(clap::Subcommand)]
enum EnvCommand {
    Add(Add),
    Remove(Remove),
}

/// Add an environment: its key, its line in .gitattributes, its name in the schema, its folder, and grants
///
/// Stages everything; commit it then. The key has the name of the environment. An environment of an application, such as shop/api/prod,
/// takes the key 'prod', so that the services of an environment share one key; --key names another. If a step fails, nothing changes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config env add qa
  $ git shroud config env add qa --like staging
  $ git shroud config env add shop/api/prod --layer environments/prod")]
struct Add {
    /// The name: a-z, 0-9, '-', '_' and '.', and '/' between application and environment
    #[arg(value_name = "NAME")]
    name: String,
    /// The key that seals its files [default: that of its name]
    #[arg(long, value_name = "KEY")]
    key: Option<KeyName>,
    /// A file or folder whose values count where the environment's own files set none; repeatable, the last counts most
    #[arg(long = "layer", value_name = "PATH")]
    layers: Vec<String>,
    /// A member who gets the key, by label, fingerprint, recipient or e-mail address; repeatable
    #[arg(long = "member", value_name = "MEMBER")]
    members: Vec<String>,
    /// Grant the key to the members of this environment's key
    #[arg(long, value_name = "ENV")]
    like: Option<String>,
    /// The format of its first file
    #[arg(long, value_name = "FORMAT", default_value = "env", value_parser = parse_format)]
    format: Format,
}

/// Remove an environment: its name in the schema, and its files
///
/// The key, its members and the lines in .gitattributes stay, because earlier commits need them. Files that another environment has too
/// stay as well. Stages the change; commit it then.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config env remove staging")]
struct Remove {
    /// The environment
    #[arg(value_name = "ENV")]
    name: String,
    /// Also remove files with changes that are not committed
    #[arg(long)]
    force: bool,
}

impl Env {
    pub(super) fn run(self, context: &Context) -> Outcome {
        match self.command {
            EnvCommand::Add(add) => add.run(context),
            EnvCommand::Remove(remove) => remove.run(context),
        }
    }
}

fn parse_format(text: &str) -> Result<Format, String> {
    let known = ["env", "properties", "yaml", "toml", "json"];
    let format = known.iter().find(|known| **known == text);
    format
        .and_then(|format| Format::of_path(format!("app.{format}").as_bytes()))
        .ok_or_else(|| format!("it must be one of {}", known.join(", ")))
}

impl Add {
    fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        refuse_rotation(&opened.repository)?;
        let _exclusive = exclusive(&opened.repository)?;
        let new = NewEnvironment {
            name: &self.name,
            key: self.key.as_ref(),
            layers: &self.layers,
            members: &self.members,
            like: self.like.as_deref(),
            format: self.format,
        };
        new.add(&opened, &context.ui)?;
        context.ui.hint(format!("git shroud config sync {} writes what it must set", self.name));
        context.ui.hint("back up a new key: git shroud key export --passphrase -o FILE");
        context.ui.hint(format!("git commit -m 'Add the environment {}'", self.name));
        Ok(())
    }
}

impl Remove {
    fn run(self, context: &Context) -> Outcome {
        let opened = context.open()?;
        let _exclusive = exclusive(&opened.repository)?;
        let files = remove(&opened, &self.name, self.force)?;
        context.ui.status(format!(
            "removed {} from the schema, and {}",
            show(&self.name),
            count(files.len() as u64, "file")
        ));
        context.ui.hint("its key stays: earlier commits are sealed with it");
        Ok(())
    }
}
