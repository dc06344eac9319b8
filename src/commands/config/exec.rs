//! `git shroud config exec`

use std::ffi::OsString;
use std::process::Command;

use super::super::Context;
use super::{SchemaOption, load};
use crate::environments::render::effective::effective;
use crate::environments::render::steering::steers;
use crate::environments::render::variables;
use crate::environments::schema::Release;
use crate::error::{CommandError, Outcome};

/// What the variables begin with that give this program keys, identities and passphrases.
const OWN: &str = "GIT_SHROUD_";

/// Run a program with an environment's properties as environment variables
///
/// Replaces itself by the program, and writes nothing to disk. The environment must pass 'config check' first. Names become variables:
/// db.url is DB_URL. git-shroud's own keys are not passed on. Refuses a variable that decides which code runs, such as PATH, LD_PRELOAD
/// or BASH_ENV, unless --allow names it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config exec dev -- printenv PORT")]
pub(super) struct Exec {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// The release of the program to deploy, instead of the schema's
    #[arg(long, value_name = "RELEASE")]
    release: Option<Release>,
    /// Set this variable, although it decides which code runs; repeatable
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, last = true)]
    command: Vec<OsString>,
}

impl Exec {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        super::refuse_unfit(context, &loaded, self.release.as_ref())?;
        let properties = effective(loaded.only(), loaded.schema.as_ref());
        let variables =
            variables(&properties).map_err(|error| CommandError::wrong(error.to_string()))?;
        for (variable, _) in &variables {
            if steers(variable) && !self.allow.contains(variable) {
                let shown = crate::sanitise::line(variable);
                return Err(CommandError::refused(format!(
                    "{} sets {shown}, which decides which code a program runs",
                    self.environment
                ))
                .hint(format!(
                    "check who wrote it; if it is intended: --allow {}",
                    crate::sanitise::word_or(variable.as_bytes(), "NAME")
                )));
            }
        }
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        // Anybody who is given the values needs no key, and could read all else with it.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(OWN) {
                command.env_remove(name);
            }
        }
        command.envs(variables);
        let error = replace_by(&mut command);
        let program = crate::sanitise::line(&self.command[0].to_string_lossy());
        Err(CommandError::wrong(format!("'{program}' cannot be started: {error}"))
            .status_if_wrong(127))
    }
}

/// Puts the program in the place of this one; returns only if that fails.
#[cfg(unix)]
fn replace_by(command: &mut Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Where no program can take the place of another, waits for it and ends as it ended.
#[cfg(not(unix))]
fn replace_by(command: &mut Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}
