//! How large and how long a value may be, and what it may not be.

use super::{Type, kind};

/// A number with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// As the schema writes it.
    pub text: String,
    /// What it comes to: the number, bytes or seconds.
    pub value: f64,
}

/// Limits of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// The least number, size or duration.
    pub min: Option<Measure>,
    /// The greatest.
    pub max: Option<Measure>,
    /// The least number of characters.
    pub min_length: Option<usize>,
    /// The greatest.
    pub max_length: Option<usize>,
    /// Values that it may not have, whatever the case of their letters.
    pub forbidden: Vec<String>,
}

impl Limits {
    /// What is wrong with a value of a type, in words that hold nothing of it.
    pub fn refuse(&self, kind: &Type, value: &str) -> Option<String> {
        if is_forbidden(&self.forbidden, value) {
            return Some("is one of the forbidden values".to_owned());
        }
        let length = value.chars().count();
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            return Some(format!("is shorter than {least} characters"));
        }
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            return Some(format!("is longer than {most} characters"));
        }
        let value = measure(kind, value)?;
        if let Some(min) = self.min.as_ref().filter(|min| value < min.value) {
            return Some(format!("is less than {}", min.text));
        }
        let max = self.max.as_ref().filter(|max| value > max.value)?;
        Some(format!("is more than {}", max.text))
    }
}

/// Whether a value is among the forbidden ones.
pub(in crate::environments) fn is_forbidden(forbidden: &[String], value: &str) -> bool {
    forbidden.iter().any(|one| one.to_lowercase() == value.trim().to_lowercase())
}

/// What a value of a type comes to; `None` where the type has no order.
pub(super) fn measure(kind: &Type, value: &str) -> Option<f64> {
    match kind {
        Type::Int | Type::Number | Type::Port => {
            value.trim().parse().ok().filter(|n: &f64| n.is_finite())
        }
        Type::Size => kind::size(value),
        Type::Duration => kind::duration(value),
        _ => None,
    }
}
