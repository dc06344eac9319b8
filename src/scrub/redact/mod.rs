//! Putting something else in a value's place, wherever and however it is written.
//!
//! It looks where a scan looks, in the same way: in the text as it is, in each encoding, and in encodings in one another. In text
//! a value becomes `***REMOVED:rule***`. Where lengths matter it becomes as many bytes as it had: in files with a NUL byte, and
//! inside of base64, hexadecimal digits and UTF-16.

mod archives;
mod edit;
mod marker;
mod needles;
#[cfg(test)]
mod tests;

use crate::detect::Secret;
use crate::detect::views::{self, MAX_DEPTH};
use marker::{Marker, Medium};
pub use needles::Needles;

/// The fewest bytes of a value that is replaced; a shorter one would stand everywhere by chance.
pub const MIN_VALUE: usize = 4;
/// Rounds after which a text is given up: each takes out everything that it finds.
const MAX_ROUNDS: usize = 32;

/// A value, and what it is.
pub struct Value {
    /// The value.
    pub secret: Secret,
    /// The rule's name, as [`super::plan::rule_name`] makes it.
    pub rule: String,
}

/// Replaces values.
pub struct Redactor {
    needles: Needles,
    markers: Vec<Marker>,
    archives: bool,
}

/// Something of a value is left: it is in what was put in its place, or in an archive that cannot be packed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("every replacement contains a value again")]
pub struct NotGone;

impl Redactor {
    /// For these values. `archives`: whether gzip files and zip archives are opened and packed again; where not, they stay.
    pub fn new(values: &[Value], archives: bool) -> Self {
        let needles = Needles::new(values);
        let markers = Marker::of(values, &needles);
        Self { needles, markers, archives }
    }

    /// The content of a file without the values; `None` where none was in it.
    ///
    /// # Errors
    /// [`NotGone`].
    pub fn content(&self, content: &[u8]) -> Result<Option<Vec<u8>>, NotGone> {
        self.content_at(content, 0)
    }

    fn content_at(&self, content: &[u8], depth: usize) -> Result<Option<Vec<u8>>, NotGone> {
        if depth < MAX_DEPTH && views::is_archive(content) {
            // Another byte in what is compressed would break it.
            if !self.archives {
                return Ok(None);
            }
            if let Some(packed) = archives::redact(self, content, depth)? {
                return Ok(Some(packed));
            }
        }
        let has_nul = memchr::memchr(0, content).is_some();
        self.replaced(content, Medium::Text, has_nul, depth)
    }

    /// A text without the values; `None` where none was in it.
    ///
    /// # Errors
    /// [`NotGone`].
    pub fn text(&self, text: &[u8]) -> Result<Option<Vec<u8>>, NotGone> {
        self.replaced(text, Medium::Text, false, 0)
    }

    /// The same of a name, which has neither `/` more nor any character that some system takes in no name.
    ///
    /// # Errors
    /// [`NotGone`].
    pub fn name(&self, name: &[u8]) -> Result<Option<Vec<u8>>, NotGone> {
        self.replaced(name, Medium::Name, false, 0)
    }

    fn replaced(
        &self,
        text: &[u8],
        place: Medium,
        same_length: bool,
        depth: usize,
    ) -> Result<Option<Vec<u8>>, NotGone> {
        let mut result: Option<Vec<u8>> = None;
        for _ in 0..MAX_ROUNDS {
            let now = result.as_deref().unwrap_or(text);
            let edits = self.edits(now, place, same_length, depth);
            if edits.is_empty() {
                return Ok(result);
            }
            result = Some(edit::apply(now, &edits));
        }
        Err(NotGone)
    }
}
