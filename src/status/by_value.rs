//! What is so of a file that is sealed by value, or should be.

use crate::error::count;

/// Why a file is sealed whole that is of no format that is sealed by value.
pub const NO_FORMAT: &str = "its name tells no format";
/// Lines that are named of one file.
const MAX_LINES: usize = 10;

/// What is so of a file that is sealed by value, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByValue {
    /// Its values are sealed.
    Sealed {
        /// How many.
        values: usize,
        /// How many of them somebody has set who need not hold the key.
        to_public: usize,
        /// How many of them have a name that is exempt by now: they stay sealed until somebody with the key says so.
        exempt: usize,
    },
    /// Some of its values are plaintext.
    Clear {
        /// Their lines.
        lines: Vec<usize>,
        /// How many values there are that should be sealed.
        values: usize,
    },
    /// It is plaintext, and why that does not read.
    Unread(String),
    /// It is sealed whole, and why, where that is known.
    Whole(Option<String>),
}

/// Which values are plaintext, of how many: for people.
pub fn describe_clear(lines: &[usize], values: usize) -> String {
    let named: Vec<String> =
        lines.iter().take(MAX_LINES).map(|line| format!("line {line}")).collect();
    let more = match lines.len().saturating_sub(MAX_LINES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} of {} in the clear: {}{more}",
        lines.len(),
        count(values as u64, "value"),
        named.join(", ")
    )
}
