//! The detector as a matcher: what it finds depends on the near surroundings, but for PEM blocks and rules that look at the
//! whole text.

use std::ops::Range;

use super::{Detector, Hit, window};
use crate::scan::matcher::Matcher;
use crate::scan::rules::Place;

/// What stands in the first and last line of every private key (RFC 7468), on one line or escaped.
const MARK: &[u8] = b"PRIVATE KEY";

impl Matcher for Detector {
    fn window(&self) -> usize {
        // That of a hit that gives way to another does not reach further: the two overlap, and the other one's reach is its own.
        window::REACH
    }

    fn reaches_far(&self, text: &[u8], within: &[Range<usize>]) -> bool {
        let marked = |part: &Range<usize>| {
            let start = part.start.saturating_sub(MARK.len());
            let end = (part.end + MARK.len()).min(text.len());
            memchr::memmem::find(&text[start..end], MARK).is_some()
        };
        self.rules.iter().any(|rule| rule.place == Place::Text) || within.iter().any(marked)
    }

    fn scan(&self, text: &[u8], within: &[Range<usize>], hits: &mut Vec<Hit>) {
        Self::scan(self, text, None, within, hits);
    }
}
