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
mod utf16;

use std::ops::Range;
use std::sync::Arc;

use crate::secret::WipedVec;

use crate::detect::matcher::Matcher;
use crate::detect::secret::Secret;
use layout::Layout;
use located::{LocatedHit, MAX_MATCHED, Matched};
use map::Map;
pub use part::{Part, parts, put_in_base64};

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

/// Shows texts to all matchers, in every view.
pub struct Seer<'m> {
    matchers: Vec<&'m dyn Matcher>,
    window: usize,
}

impl<'m> Seer<'m> {
    /// With these matchers; [`Matched::matcher`] counts them.
    pub fn new(matchers: Vec<&'m dyn Matcher>) -> Self {
        let windows = matchers.iter().map(|matcher| matcher.window());
        // What touches the edge of a view's part must be seen, too.
        let window = windows.max().unwrap_or(0).max(runs::REACH);
        Self { matchers, window }
    }

    /// Bytes around a change that must be looked at again.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// Whether anything in these parts makes the whole text to be matched.
    pub(crate) fn reaches_far(&self, text: &[u8], within: &[Range<usize>]) -> bool {
        archives::is_archive(text)
            || self.matchers.iter().any(|matcher| matcher.reaches_far(text, within))
    }

    /// Adds everything that is found in a text, in a fixed order. False where something was left out: a part that
    /// is nested deeper, decodes to more, or is damaged.
    pub fn look(&self, text: &[u8], found: &mut Vec<LocatedHit>) -> bool {
        let first = found.len();
        let whole = 0..text.len();
        let complete = self.look_within(text, &[whole], found);
        found[first..].sort_by(|a, b| a.order().cmp(&b.order()));
        complete
    }

    /// The same for what touches any of these parts, unsorted; more may be added.
    pub(crate) fn look_within(
        &self,
        text: &[u8],
        within: &[Range<usize>],
        found: &mut Vec<LocatedHit>,
    ) -> bool {
        let bytes = text.len().saturating_mul(MAX_RATIO).clamp(MIN_DECODED, MAX_DECODED);
        let mut budget = Budget { bytes, cut: false };
        self.look_inside(text, within, &mut Vec::new(), &mut budget, found);
        !budget.cut
    }

    fn look_inside(
        &self,
        text: &[u8],
        within: &[Range<usize>],
        views: &mut Vec<View>,
        budget: &mut Budget,
        found: &mut Vec<LocatedHit>,
    ) {
        let mut hits = Vec::new();
        for (number, matcher) in self.matchers.iter().enumerate() {
            matcher.scan(text, within, &mut hits);
            let window = signed(matcher.window());
            found.extend(hits.drain(..).map(|hit| {
                let (place, around) = (hit.value.clone(), hit.matched.clone());
                let shown = around.start..around.end.min(around.start + MAX_MATCHED);
                LocatedHit {
                    extent: signed(around.start) - window..signed(around.end) + window,
                    what: Arc::new(Matched {
                        matcher: number,
                        value: Secret::new(&text[place.clone()]),
                        matched: Secret::new(&text[shown]),
                        hit,
                        views: views.clone(),
                    }),
                    place,
                    around,
                }
            }));
        }
        if views.len() == MAX_DEPTH {
            budget.cut |= archives::is_archive(text);
            return;
        }
        let mut inside = |decoded: Decoded, budget: &mut Budget| {
            views.push(decoded.view);
            let first = found.len();
            let all = 0..decoded.bytes.len();
            self.look_inside(&decoded.bytes, &[all], views, budget, found);
            views.pop();
            let mut at = first;
            while at < found.len() {
                let hit = &mut found[at];
                let plain = |part: &Range<usize>| {
                    part.start <= hit.around.start && hit.around.end <= part.end
                };
                let last = decoded.plain.partition_point(|part| part.start <= hit.around.start);
                // What is inside another view in turn may be shorter there than here.
                let known = hit.what.views.len() == views.len() + 1
                    && last.checked_sub(1).is_some_and(|last| plain(&decoded.plain[last]));
                if known {
                    found.swap_remove(at);
                    continue;
                }
                hit.place = decoded.map.outer(&hit.place);
                hit.around = decoded.map.outer(&hit.around);
                hit.extent = decoded.extent.clone();
                at += 1;
            }
        };
        if archives::is_archive(text) {
            archives::members(text, budget, &mut inside);
        }
        utf16::parts(text, within, budget, &mut inside);
        runs::parts(text, within, budget, &mut inside);
        escapes::parts(text, within, budget, &mut inside);
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
