//! What else a text may be: UTF-16, compressed, base64, hex, percent encoding, escapes, and each of them in one another.
//!
//! Gzip and zip are views of a whole text. All others are views of a part of it, and which part that is depends on
//! the bytes next to it only, so that an object that is stored as a change of another is decoded where it changed.

mod archives;
mod escapes;
mod layout;
pub mod located;
mod map;
mod part;
mod runs;
mod seer;
mod utf16;

use std::ops::Range;

use crate::secret::WipedVec;

use layout::Layout;
use map::Map;
pub use part::{Part, parts, put_in_base64};
pub use seer::{Looked, Seer};

/// Views in one another at most. Deeper ones are not looked for; an archive there is noted as left out.
pub const MAX_DEPTH: usize = 3;
/// Bytes that are decoded for one text at most, whatever its length.
const MAX_DECODED: usize = 64 << 20;
/// Decoded bytes for each byte of the text at most; what is compressed better than this is no file of text.
const MAX_RATIO: usize = 200;
/// What a short text may be decoded to in any case.
const MIN_DECODED: usize = 1 << 20;

/// How a text was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// Two bytes a character, of either order.
    Utf16,
    /// Compressed with gzip (RFC 1952).
    Gzip,
    /// A member of a zip archive, by its name, safe for a terminal.
    Zip(String),
    /// Base64 or base64url (RFC 4648), with or without padding, also in lines.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Percent encoding (RFC 3986).
    Percent,
    /// Backslash escapes of JSON, C and their like.
    Escapes,
}

/// A part of a text that may be read in another way.
struct Decoded {
    view: View,
    /// The bytes that were read.
    bytes: WipedVec,
    map: Map,
    layout: Layout,
    /// The bytes of the outer text that decide that it is this part and no other.
    extent: Range<i64>,
    /// Where bytes stand for themselves, what lies wholly in one of these parts of the decoded text is no news.
    plain: Vec<Range<usize>>,
}

/// What is left of the effort for one text.
struct Budget {
    bytes: usize,
    /// Whether something was left out.
    cut: bool,
}

impl Budget {
    /// Takes so many bytes; false, and noted, where there are not so many left.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        match left {
            Some(left) => self.bytes = left,
            None => self.cut = true,
        }
        left.is_some()
    }
}

/// Whether the text begins as a gzip file or a zip archive does.
pub fn is_archive(text: &[u8]) -> bool {
    archives::is_archive(text)
}

/// Takes what was decoded, with what is left of the budget.
type Inside<'a> = dyn FnMut(Decoded, &mut Budget) + 'a;

fn signed(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// The bytes that decide on a part, so many more than the part to both sides.
fn extent(part: &Range<usize>, reach: usize) -> Range<i64> {
    signed(part.start) - signed(reach)..signed(part.end) + signed(reach)
}
