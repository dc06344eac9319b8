//! Finds secrets in a text: text in, hits out. It knows no repository.
//!
//! [`rules`] says what a secret looks like, [`Detector`] finds it in a text (`docs/scan-rules.md`). [`matcher`] is the seam
//! to what reads texts: patterns and [`known`] values are both [`Matcher`]s. [`Seer`] shows them a text and what else that
//! text may be ([`views`]).

mod address;
mod again;
mod assignment;
mod blanks;
pub(crate) mod change;
pub(crate) mod check;
mod code;
mod detector;
mod encoding;
#[cfg(test)]
mod examples;
mod expression;
mod finder;
mod harmless;
mod hit;
mod judge;
mod jwk;
mod keywords;
pub mod known;
#[cfg(test)]
mod labelled;
pub mod matcher;
mod name;
mod note;
mod operator;
mod pair;
mod path;
mod pem;
mod phrase;
mod placeholder;
mod published;
mod quoted;
mod random;
mod rank;
mod reach;
pub(crate) mod regex;
pub mod rules;
mod scan;
mod secret;
pub(crate) mod strings;
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
mod wrapped;

pub use detector::Detector;
pub use expression::ExpressionError;
pub use hit::Hit;
#[cfg(test)]
pub(crate) use labelled::texts as labelled_texts;
pub use matcher::Matcher;
pub use name::names_secret;
pub use path::is_sealed_seldom;
pub use rank::Rank;
pub use rules::Rule;
pub use secret::Secret;
pub use views::located::{LocatedHit, Matched};
pub use views::{Seer, View};
use words::is_word;
