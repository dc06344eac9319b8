//! A program that gets the properties of an environment as its variables.

mod around;
mod start;

use crate::environments::render::effective::Effective;
use crate::environments::render::steering::steers;
use crate::environments::render::{RenderError, variables};

pub use start::{Program, StartError};

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

impl Choice<'_> {
    /// The variables with their values.
    ///
    /// # Errors
    /// [`ChoiceError`].
    pub fn variables<'e>(
        &self,
        properties: Vec<Effective<'e>>,
    ) -> Result<Vec<(String, &'e str)>, ChoiceError> {
        let sign = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let digit = self.prefix.starts_with(|c: char| c.is_ascii_digit());
        if digit || !self.prefix.chars().all(sign) {
            return Err(ChoiceError::Prefix);
        }
        let chosen = super::render::effective::only(properties, self.only);
        let chosen = chosen.map_err(|name| ChoiceError::Unknown(name.to_owned()))?;
        let mut all = variables(&chosen)?;
        for (variable, _) in &mut all {
            variable.insert_str(0, self.prefix);
            if steers(variable) && !self.allow.contains(variable) {
                return Err(ChoiceError::Steers(variable.clone()));
            }
        }
        Ok(all)
    }
}
