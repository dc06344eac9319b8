//! A program that gets the properties of an environment as its variables.

mod around;
mod below;
mod files;
mod find;
mod handover;
mod redact;
mod start;

use crate::environments::environment::{Content, Environment};
use crate::environments::render::effective::Effective;
use crate::environments::render::names::variable;
use crate::environments::render::steering::steers;
use crate::environments::render::{RenderError, variables};

pub use handover::{FilesIn, Handover, HandoverError, Told};
pub use start::{Program, StartError, variable_around};

use below::Heard;
use files::{Handed, in_folder, in_memory};

/// Which properties a program gets, and under which names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'c> {
    /// Only these, by the name of the property or of its variable; all where none is named.
    pub only: &'c [String],
    /// What stands before the name of every variable.
    pub prefix: &'c str,
    /// Variables that are set although they decide which code runs.
    pub allow: &'c [String],
}

/// Why an environment cannot be handed to a program. Names properties and no value.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// Two properties are one variable, or one cannot be a variable.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A name of [`Choice::only`] is none of the environment's properties.
    #[error("the environment has no value of '{0}'")]
    Unknown(String),
    /// The prefix cannot begin the name of a variable.
    #[error("a prefix consists of letters, digits and '_', and does not begin with a digit")]
    Prefix,
    /// This variable decides which code a program runs.
    #[error("{0}")]
    Steers(String),
}

/// Whether this names a property that is a file, or its variable.
fn is_file(environment: &Environment, name: &str) -> bool {
    let is_it = |property: &str| property == name || variable(property) == name;
    environment.files.iter().any(|file| is_it(&file.property))
}

impl Choice<'_> {
    /// Those of the properties that are wanted.
    ///
    /// # Errors
    /// A name is none of them.
    fn choose<'e>(
        &self,
        properties: Vec<Effective<'e>>,
    ) -> Result<Vec<Effective<'e>>, ChoiceError> {
        let chosen = super::render::effective::only(properties, self.only);
        chosen.map_err(|name| ChoiceError::Unknown(name.to_owned()))
    }

    /// The variables of these properties, with their values.
    ///
    /// # Errors
    /// [`ChoiceError`].
    fn variables<'e>(
        &self,
        chosen: &[Effective<'e>],
    ) -> Result<Vec<(String, &'e str)>, ChoiceError> {
        self.check_prefix()?;
        let all = variables(chosen)?;
        all.into_iter().map(|(variable, text)| Ok((self.named(&variable)?, text))).collect()
    }

    /// The files that a program gets, with their variables.
    ///
    /// # Errors
    /// [`ChoiceError`].
    fn files<'e>(&self, environment: &'e Environment) -> Result<Vec<Handed<'e>>, ChoiceError> {
        self.check_prefix()?;
        let mut files = Vec::new();
        for file in &environment.files {
            let own = variable(&file.property);
            let is_chosen = self.only.is_empty()
                || self.only.iter().any(|name| *name == file.property || *name == own);
            let Content::Open(content) = &file.content else { continue };
            if is_chosen {
                let name = file.path.rsplit('/').next().unwrap_or(&file.path);
                files.push(Handed { variable: self.named(&own)?, name, content });
            }
        }
        Ok(files)
    }

    /// A variable with the prefix, if it may be set.
    fn named(&self, variable: &str) -> Result<String, ChoiceError> {
        let name = format!("{}{variable}", self.prefix);
        if steers(&name) && !self.allow.contains(&name) {
            return Err(ChoiceError::Steers(name));
        }
        Ok(name)
    }

    fn check_prefix(&self) -> Result<(), ChoiceError> {
        let sign = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit = self.prefix.starts_with(|c: char| c.is_ascii_digit());
        if digit || !self.prefix.chars().all(sign) {
            return Err(ChoiceError::Prefix);
        }
        Ok(())
    }
}
