//! `git shroud config exec`

use std::ffi::OsString;

use super::super::Context;
use super::{ReleaseOption, SchemaOption, load};
use crate::environments::files::Loaded;
use crate::environments::program::{
    Choice, ChoiceError, FilesIn, Handover, HandoverError, Program, Told, variable_around,
};
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
  $ git shroud config exec dev --files -- sh -c 'ls -l /proc/self/fd'
  $ git shroud config exec dev --redact -- env

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
    /// Put ***NAME*** in the place of each secret that the program prints, also where it stands in base64, hexadecimal digits or
    /// JSON. The program's output is no terminal then
    #[arg(long)]
    redact: bool,
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
        let handover = Handover {
            choice: Choice { only: &self.only, prefix: &self.prefix, allow: &self.allow },
            files: self.files.map(|place| match place {
                Where::Memory => FilesIn::Memory,
                Where::Folder => FilesIn::Folder,
            }),
            expands: self.expand,
            redacts: self.redact,
            program: Program { command: &self.command, pristine: self.pristine },
        };
        let tell = |told: Told<'_>| match told {
            Told::References(names) => super::warn_of_references(context, &names),
            Told::Unmasked(names) => names.iter().for_each(|name| {
                let name = super::show(name);
                context.ui.warning(format!(
                    "{name} is too short to be masked, as it would stand in any text"
                ));
            }),
        };
        Err(self.told(handover.begin(loaded.only(), loaded.schema.as_ref(), tell)))
    }

    fn told(&self, error: HandoverError) -> CommandError {
        match error {
            HandoverError::Choice(error) => self.refused(&error),
            HandoverError::Reference { name, error } => {
                super::cannot_expand(&self.environment, &name, &error)
            }
            HandoverError::Memory(_) => CommandError::wrong(error.to_string())
                .hint("--files=folder hands them over in a private folder"),
            HandoverError::Start(error) => {
                CommandError::wrong(error.to_string()).status_if_wrong(error.status())
            }
            HandoverError::Signals(_) | HandoverError::Folder(_) => {
                CommandError::wrong(error.to_string())
            }
        }
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
