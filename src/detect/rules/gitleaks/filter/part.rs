//! What the parts of an expression are, when the file is read.

use std::sync::Arc;

use super::FilterError;
use crate::detect::rules::gitleaks::condition::{Field, Measure, Order, Test};

/// A part of an expression.
pub(super) enum Part {
    Test(Arc<Test>),
    Field(Field),
    Measure(Measure),
    Number(f64),
    Text(String),
    List(Vec<String>),
}

impl Part {
    pub(super) fn test(self, user: &str) -> Result<Arc<Test>, FilterError> {
        if let Self::Test(test) = self { Ok(test) } else { Err(FilterError::Kind(user.to_owned())) }
    }

    pub(super) fn field(self, user: &str) -> Result<Field, FilterError> {
        if let Self::Field(field) = self {
            Ok(field)
        } else {
            Err(FilterError::Kind(user.to_owned()))
        }
    }

    /// One text, or several.
    pub(super) fn texts(self, user: &str) -> Result<Vec<String>, FilterError> {
        match self {
            Self::List(texts) => Ok(texts),
            Self::Text(text) => Ok(vec![text]),
            _ => Err(FilterError::Kind(user.to_owned())),
        }
    }

    pub(super) fn text(self, user: &str) -> Result<String, FilterError> {
        if let Self::Text(text) = self { Ok(text) } else { Err(FilterError::Kind(user.to_owned())) }
    }
}

impl Field {
    /// With what stands for it where it is missing; only the path may be.
    pub(super) fn or(self, missing: String) -> Self {
        if let Self::Path(_) = self { Self::Path(missing) } else { self }
    }
}

impl Order {
    /// With the sides exchanged.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Less => Self::More,
            Self::AtMost => Self::AtLeast,
            Self::More => Self::Less,
            Self::AtLeast => Self::AtMost,
            Self::Same | Self::Other => self,
        }
    }
}
