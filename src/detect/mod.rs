//! Finds secrets in a text: text in, hits out. It knows no repository.
//!
//! [`rules`] says what a secret looks like, [`Detector`] finds it in a text (`docs/scan-rules.md`). [`matcher`] is the seam
//! to what reads texts: patterns and [`known`] values are both [`Matcher`]s. [`Seer`] shows them a text and what else that
//! text may be ([`views`]).

mod assignment;
mod blanks;
pub(crate) mod check;
mod detector;
#[cfg(test)]
mod examples;
mod expression;
mod harmless;
mod hit;
mod judge;
mod keywords;
pub mod known;
#[cfg(test)]
mod labelled;
pub mod matcher;
mod name;
mod operator;
mod path;
mod pem;
mod phrase;
mod placeholder;
mod random;
mod rank;
pub(crate) mod regex;
pub mod rules;
mod secret;
mod surroundings;
#[cfg(test)]
mod template;
#[cfg(test)]
mod tests;
mod thresholds;
mod trivial;
mod url;
pub mod views;
mod window;
mod word_list;
pub(crate) mod words;

pub use detector::{Detector, looks_random, names_secret};
pub use expression::ExpressionError;
pub use hit::Hit;
pub use matcher::Matcher;
pub use rank::Rank;
pub use rules::Rule;
pub use secret::Secret;
pub use views::located::{LocatedHit, Matched};
pub use views::{Seer, View};
use words::is_word;
