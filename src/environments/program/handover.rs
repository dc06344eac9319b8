//! An environment's properties and files go to a program, which takes the place of this one.

use std::io;

use super::redact::Masks;
use super::{Choice, ChoiceError, Heard, Program, StartError, in_folder, in_memory, is_file};
use crate::config_format::ReferenceError;
use crate::environments::environment::Environment;
use crate::environments::render::effective::effective;
use crate::environments::schema::Schema;
use crate::fs::plaintext_folder::FolderError;

/// Where a program gets the properties that are files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesIn {
    /// In memory, where the system can do that.
    Memory,
    /// In a private folder, which goes when the program ends.
    Folder,
}

/// What goes to which program.
#[derive(Debug)]
pub struct Handover<'h> {
    /// Which properties, and under which names.
    pub choice: Choice<'h>,
    /// Where those go that are files; nowhere if `None`.
    pub files: Option<FilesIn>,
    /// Whether the program gets what references stand for.
    pub expands: bool,
    /// Whether what the program prints goes through this process, with masks in place of the environment's values.
    pub redacts: bool,
    /// The program.
    pub program: Program<'h>,
}

/// What a person should hear before the program starts.
pub enum Told<'e> {
    /// These properties keep their references.
    References(Vec<&'e str>),
    /// The values of these secrets are too short to be masked.
    Unmasked(Vec<&'e str>),
}

/// Why a program did not start. Names properties and no value.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The properties cannot be a program's variables.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// What a reference stands for is not known.
    #[error("{name} cannot be expanded: {error}")]
    Reference {
        /// The property.
        name: String,
        /// Why.
        error: ReferenceError,
    },
    /// The system gives no handlers for signals.
    #[error("signals: {0}")]
    Signals(io::Error),
    /// A private folder for the files cannot be made or written.
    #[error("the files cannot be handed over: {0}")]
    Folder(#[from] FolderError),
    /// The system has no memory for the files.
    #[error("the files cannot be handed over: {0}")]
    Memory(io::Error),
    /// The program cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Handover<'_> {
    /// Puts the program in the place of this one, or runs it below this one and ends as it ended. `tell` hears first what a person
    /// should know. Returns only where that fails.
    pub fn begin(
        &self,
        environment: &Environment,
        schema: Option<&Schema>,
        tell: impl Fn(Told<'_>),
    ) -> HandoverError {
        self.try_begin(environment, schema, tell).unwrap_or_else(|error| error)
    }

    fn try_begin(
        &self,
        environment: &Environment,
        schema: Option<&Schema>,
        tell: impl Fn(Told<'_>),
    ) -> Result<HandoverError, HandoverError> {
        let only = self.choice.only;
        // A name may be that of a file.
        let of_files = |name: &String| self.files.is_some() && is_file(environment, name);
        let values: Vec<String> = only.iter().filter(|name| !of_files(name)).cloned().collect();
        let mut properties = Vec::new();
        if only.is_empty() || !values.is_empty() {
            let all = effective(environment, schema, self.expands);
            properties = Choice { only: &values, ..self.choice }.choose(all)?;
        }
        let wrong = properties.iter().find_map(|one| Some((one.name, one.wrong?)));
        if let Some((name, error)) = wrong {
            return Err(HandoverError::Reference { name: name.to_owned(), error: error.clone() });
        }
        let keep = properties.iter().filter(|one| one.keeps_references);
        tell(Told::References(keep.map(|one| one.name).collect()));
        let mut variables = self.choice.variables(&properties)?;
        let files = match self.files {
            Some(_) => self.choice.files(environment)?,
            None => Vec::new(),
        };
        let in_folder_wanted = self.files == Some(FilesIn::Folder);
        // Whatever ends this process from here on would leave the files, or the program alone.
        let is_below = in_folder_wanted || self.redacts;
        let heard = is_below.then(Heard::begin).transpose().map_err(HandoverError::Signals)?;
        let (folder, paths) = match files.as_slice() {
            files if in_folder_wanted => {
                let (folder, paths) = in_folder(files)?;
                (Some(folder), paths)
            }
            // Not every system can do that, and most programs need no file.
            [] => (None, Vec::new()),
            files => (None, in_memory(files).map_err(HandoverError::Memory)?),
        };
        variables.extend(paths.iter().map(|(name, path)| (name.clone(), path.as_str())));
        let Some(heard) = heard else { return Ok(self.program.start(variables).into()) };
        let masks = self.redacts.then(|| {
            let (masks, short) = Masks::of(environment, schema);
            tell(Told::Unmasked(short));
            masks
        });
        Ok(self.program.start_below(variables, folder, heard, masks.as_ref()).into())
    }
}
