//! Rules that gitleaks and betterleaks read: TOML with `[[rules]]` (gitleaks, *Configuration*; betterleaks, *Betterleaks
//! config*).
//!
//! Their expressions are Go's (RE2); nearly all mean the same here. What cannot be used is an error that names the rule:
//! leaving one out silently would make a scan look cleaner than it is.

pub mod condition;
mod file;
pub(crate) mod filter;
pub(crate) mod re2;
mod read;
mod search;

use thiserror::Error;

use super::Rule;
pub use condition::Test;
pub use filter::FilterError;
pub use read::parse;
pub use search::Foreign;
pub(crate) use search::Match;

/// The largest file of rules, in bytes.
pub const LARGEST: usize = 4 << 20;

/// The rules of a file.
pub struct RuleFile {
    /// For a [`crate::detect::Detector`].
    pub rules: Vec<Rule>,
    /// What of the file has no effect, in sentences for the report.
    pub notes: Vec<String>,
}

/// A file of rules that cannot be used.
#[derive(Debug, Error)]
pub enum GitleaksError {
    /// More than [`LARGEST`] bytes.
    #[error("the file of rules is larger than 4 MiB")]
    TooLarge,
    /// No TOML, or a field of another type.
    #[error("the rules are not in gitleaks' format: {0}")]
    Malformed(String),
    /// A rule without a name.
    #[error("rule number {0} has no id")]
    NoId(usize),
    /// A rule with neither an expression nor a path.
    #[error("rule '{0}' has neither a regex nor a path")]
    Empty(String),
    /// A field that may change what is found, and is not read.
    #[error("{of} uses '{field}', which is not supported")]
    Unsupported {
        /// What has it.
        of: String,
        /// The field.
        field: String,
    },
    /// A field that has none of the values it may have.
    #[error("an allow list of '{rule}' has an unknown '{field}'")]
    Value {
        /// The rule's name, or `allowlists` for those of the file.
        rule: String,
        /// The field.
        field: &'static str,
    },
    /// A rule that is required and does not exist, or matches by path only.
    #[error("rule '{rule}' requires rule '{required}', which has no regex or does not exist")]
    Required {
        /// The rule's name.
        rule: String,
        /// The other rule's name.
        required: String,
    },
    /// An expression that is none.
    #[error("an expression of rule '{rule}' cannot be used: {reason}")]
    Expression {
        /// The rule's name, or `allowlists` for those of the file.
        rule: String,
        /// What the compiler says, in one line.
        reason: String,
    },
    /// The rule takes its secret from a group that its expression has not.
    #[error("rule '{rule}' takes group {group}, which its expression does not have")]
    Group {
        /// The rule's name.
        rule: String,
        /// The group.
        group: usize,
    },
    /// A filter that cannot be used.
    #[error("the filter of '{rule}' cannot be used: {error}")]
    Filter {
        /// The rule's name, or `filter` or `prefilter` for those of the file.
        rule: String,
        /// What is wrong with it.
        error: FilterError,
    },
    /// `[extend]` names another file.
    #[error(
        "the rules extend another file by a path or a URL, which is not supported: put both into one file"
    )]
    Extends,
    /// No rule.
    #[error("the file has no rules")]
    None,
}
