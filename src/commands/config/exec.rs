//! `git shroud config exec`

use std::ffi::OsString;

use super::super::Context;
use super::{SchemaOption, load};
use crate::environments::program::{Choice, ChoiceError, Program};
use crate::environments::render::effective::effective;
use crate::environments::schema::Release;
use crate::error::{CommandError, Outcome};

/// Run a program with an environment's properties as environment variables
///
/// Replaces itself by the program, and writes nothing to disk: the program gets every signal, and its exit status is that of this
/// command. If git starts this command, git stays above the program. So write 'git-shroud config exec', with a hyphen, in a service
/// file or a container: no other process is then between. The environment must pass 'config check' first. Names become variables:
/// db.url is DB_URL. git-shroud's own keys are not passed on. Refuses a variable that decides which code runs, such as PATH, LD_PRELOAD
/// or BASH_ENV, unless --allow names it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  $ git shroud config exec dev -- printenv PORT
  $ git-shroud config exec dev -- sh -c 'exec printenv PORT'
  $ git shroud config exec dev --only PORT --prefix APP_ -- printenv APP_PORT
  $ git shroud config exec dev --pristine -- env

Exit status: that of the program; 127 if there is no such program, 126 if it cannot be started. git ends with 128 and the number of
the signal if a signal ends the program.")]
pub(super) struct Exec {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    schema: SchemaOption,
    /// The release of the program to deploy, instead of the schema's
    #[arg(long, value_name = "RELEASE")]
    release: Option<Release>,
    /// Set only these properties, and no other
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Begin the name of every variable with this
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Pass on no variable from outside: the program gets only the environment's properties
    #[arg(long)]
    pristine: bool,
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
        let choice = Choice { only: &self.only, prefix: &self.prefix, allow: &self.allow };
        let variables = choice.variables(properties).map_err(|error| self.refused(&error))?;
        let program = Program { command: &self.command, pristine: self.pristine };
        let error = program.start(variables);
        Err(CommandError::wrong(error.to_string()).status_if_wrong(error.status()))
    }

    fn refused(&self, error: &ChoiceError) -> CommandError {
        match error {
            ChoiceError::Steers(variable) => CommandError::refused(format!(
                "{} sets {}, which decides which code a program runs",
                self.environment,
                crate::sanitise::line(variable)
            ))
            .hint(format!(
                "check who wrote it; if it is intended: --allow {}",
                crate::sanitise::word_or(variable.as_bytes(), "NAME")
            )),
            ChoiceError::Unknown(name) => CommandError::wrong(format!(
                "{} has no value of '{}'",
                self.environment,
                super::show(name)
            )),
            error => CommandError::wrong(error.to_string()),
        }
    }
}
