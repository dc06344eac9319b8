//! `git shroud config exec`

use std::ffi::OsString;

use super::super::Context;
use super::{ReleaseOption, SchemaOption, load};
use crate::environments::files::Loaded;
use crate::environments::program::{
    Choice, ChoiceError, Heard, Program, in_folder, in_memory, is_file, variable_around,
};
use crate::environments::render::effective::effective;
use crate::error::{CommandError, Context as _, Outcome};

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
  $ git shroud config exec dev --files -- sh -c 'ls -l /proc/self/fd'

Exit status: that of the program; 127 if there is no such program, 126 if it cannot be started. git ends with 128 and the number of
the signal if a signal ends the program.")]
pub(super) struct Exec {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    #[command(flatten)]
    schema: SchemaOption,
    #[command(flatten)]
    release: ReleaseOption,
    /// Set only these properties, and no other
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Begin the name of every variable with this
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Pass on no variable from outside: the program gets only the environment's properties
    #[arg(long)]
    pristine: bool,
    /// Put in what references in .env files stand for, such as ${NAME}
    #[arg(long)]
    expand: bool,
    /// Hand over the files that are properties too: their variables hold paths. 'memory' keeps them in memory (Linux); 'folder' puts
    /// them into a private folder, which is removed when the program ends
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "memory")]
    files: Option<Where>,
    /// Set this variable, although it decides which code runs; repeatable
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, last = true)]
    command: Vec<OsString>,
}

/// Where files are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Where {
    /// In memory.
    Memory,
    /// In a private folder.
    Folder,
}

impl Exec {
    pub(super) fn run(self, context: &Context) -> Outcome {
        let mut loaded = load(context, &self.schema, std::slice::from_ref(&self.environment))?;
        if self.expand && !self.pristine {
            // The program gets these too.
            let Loaded { environments, schema, .. } = &mut loaded;
            for environment in environments {
                environment.follow_references(schema.as_ref(), &variable_around);
            }
        }
        super::refuse_unfit(context, &loaded, self.release.release.as_ref())?;
        let environment = loaded.only();
        let properties = effective(environment, loaded.schema.as_ref(), self.expand);
        // A name may be that of a file.
        let names =
            self.only.iter().filter(|name| !(self.files.is_some() && is_file(environment, name)));
        let only: Vec<String> = names.cloned().collect();
        let none = only.is_empty() && !self.only.is_empty();
        let properties = if none { Vec::new() } else { properties };
        let choice = Choice { only: &only, prefix: &self.prefix, allow: &self.allow };
        let properties = choice.choose(properties).map_err(|error| self.refused(&error))?;
        super::tell_references(context, &self.environment, &properties)?;
        let mut variables = choice.variables(&properties).map_err(|error| self.refused(&error))?;
        let program = Program { command: &self.command, pristine: self.pristine };
        let choice = Choice { only: &self.only, ..choice };
        let files = match self.files {
            Some(_) => choice.files(environment).map_err(|error| self.refused(&error))?,
            None => Vec::new(),
        };
        let error = match self.files {
            Some(Where::Folder) => {
                // Whatever ends this process from here on would leave the files.
                let heard = Heard::begin().context(|| "signals".to_owned())?;
                let made =
                    in_folder(&files).context(|| "the files cannot be handed over".to_owned());
                let (folder, paths) = made?;
                variables.extend(paths.iter().map(|(name, path)| (name.clone(), path.as_str())));
                program.start_below(variables, folder, heard)
            }
            Some(Where::Memory) | None => {
                let made =
                    in_memory(&files).context(|| "the files cannot be handed over".to_owned());
                let paths = made.map_err(|error| {
                    CommandError::from(error)
                        .hint("--files=folder hands them over in a private folder")
                })?;
                variables.extend(paths.iter().map(|(name, path)| (name.clone(), path.as_str())));
                program.start(variables)
            }
        };
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
