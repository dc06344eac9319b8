//! Lines and columns of a text.

use std::ops::Range;

/// Where in a text. All count from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The line of the first character.
    pub line: u64,
    /// Its column.
    pub column: u64,
    /// The line of the last character.
    pub end_line: u64,
    /// The column behind it.
    pub end_column: u64,
}

/// Says where bytes of a text stand for a reader. Asked in ascending order, it reads the text once.
pub struct Lines<'t> {
    text: &'t [u8],
    /// Up to here the text was read: the next byte, its line and column, counted from 1.
    at: usize,
    line: u64,
    column: u64,
}

impl<'t> Lines<'t> {
    /// For this text.
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1, column: 1 }
    }

    /// Where these bytes are. What lies behind the end of the text is at its end.
    pub fn span(&mut self, range: &Range<usize>) -> Span {
        let (line, column) = self.position(range.start);
        // The next range may begin before this one ends.
        let begin = (self.at, self.line, self.column);
        let last = self.position(range.end.saturating_sub(1).max(range.start));
        let end_column = if range.is_empty() { last.1 } else { last.1 + 1 };
        (self.at, self.line, self.column) = begin;
        Span { line, column, end_line: last.0, end_column }
    }

    fn position(&mut self, offset: usize) -> (u64, u64) {
        let offset = offset.min(self.text.len());
        if offset < self.at {
            (self.at, self.line, self.column) = (0, 1, 1);
        }
        let between = &self.text[self.at..offset];
        let breaks = between.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let tail = match between.iter().rposition(|&byte| byte == b'\n') {
            Some(last) => {
                self.column = 1;
                &between[last + 1..]
            }
            None => between,
        };
        self.line += breaks;
        self.column += characters(tail);
        self.at = offset;
        // A place in the middle of a character is that character.
        let inside = self.text.get(offset).is_some_and(|&byte| is_continuation(byte));
        (self.line, self.column - u64::from(inside && self.column > 1))
    }
}

/// Characters of UTF-8; of other bytes most count as one each.
pub(super) fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| !is_continuation(byte)).count() as u64
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, found: &str) -> (u64, u64, u64, u64) {
        let at = text.find(found).unwrap();
        let span = Lines::new(text.as_bytes()).span(&(at..at + found.len()));
        (span.line, span.column, span.end_line, span.end_column)
    }

    #[test]
    fn places_are_counted_from_one_and_in_characters() {
        assert_eq!(span("abc", "abc"), (1, 1, 1, 4));
        assert_eq!(span("a\nbä = ü!", "ü"), (2, 6, 2, 7));
        assert_eq!(span("a\r\nb: xyz\nc", "xyz\nc"), (2, 4, 3, 2));
        assert_eq!(span("a\n\n\nb", "b"), (4, 1, 4, 2));
    }

    #[test]
    fn any_order_gives_the_same() {
        let text = "one\ntwö\nthree\n\nfive".as_bytes();
        let ranges: Vec<_> =
            (0..=text.len()).flat_map(|a| (a..=text.len()).map(move |b| a..b)).collect();
        let mut lines = Lines::new(text);
        for range in ranges.iter().chain(ranges.iter().rev()) {
            assert_eq!(lines.span(range), Lines::new(text).span(range), "{range:?}");
        }
        assert_eq!(lines.span(&(90..99)), Lines::new(text).span(&(text.len()..text.len() + 9)));
    }
}
