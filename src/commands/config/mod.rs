//! `git shroud config`

mod check;
mod content;
mod diff;
mod exec;
mod get;
mod load;
mod render;
mod report;
mod reuse;
mod schema;
mod set;
mod sync;

use super::Context;
use crate::error::{CommandError, Outcome};

/// Check, compare, change and deploy the configuration of several environments
///
/// The file config.shroud.toml at the top of the repository lists the environments and their properties. 'git shroud init
/// --template config' makes such a repository. Files can be .env, .properties, INI, TOML, YAML and JSON.
#[derive(clap::Args)]
pub struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(clap::Subcommand)]
enum ConfigCommand {
    Check(check::Check),
    Diff(diff::Diff),
    Sync(sync::Sync),
    Get(get::Get),
    Set(set::Set),
    Render(render::Render),
    Exec(exec::Exec),
    Reuse(reuse::Reuse),
    Schema(schema::Schema),
}

impl Config {
    /// Whether what is behind '--' is another program's.
    pub(crate) fn runs_program(&self) -> bool {
        matches!(self.command, ConfigCommand::Exec(_))
    }

    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self.command {
            ConfigCommand::Check(check) => check.run(context),
            ConfigCommand::Diff(diff) => diff.run(context),
            ConfigCommand::Sync(sync) => sync.run(context),
            ConfigCommand::Get(get) => get.run(context),
            ConfigCommand::Set(set) => set.run(context),
            ConfigCommand::Render(render) => render.run(context),
            ConfigCommand::Exec(exec) => exec.run(context),
            ConfigCommand::Reuse(reuse) => reuse.run(context),
            ConfigCommand::Schema(schema) => schema.run(context),
        }
    }
}

/// A name in one line, whatever it holds.
fn show(name: &str) -> String {
    crate::sanitise::path(name.as_bytes())
}

/// The answer is incomplete, as these environments are locked.
fn locked(names: &[String]) -> CommandError {
    let are = if names.len() == 1 { "is" } else { "are" };
    CommandError::incomplete(format!("{} {are} locked here", names.join(", ")))
        .hint("run 'git shroud unlock' with a key that opens them, or name the environments to use")
}

/// The answer is incomplete, as files of these environments cannot be read.
fn unread(names: &[String]) -> CommandError {
    CommandError::incomplete(format!("a file cannot be read in {}", names.join(", ")))
        .hint(format!("git shroud config check {}", names.join(" ")))
}

/// `1 property`, `2 properties`.
fn count_properties(n: usize) -> String {
    if n == 1 { "1 property".to_owned() } else { format!("{n} properties") }
}
