//! From a place in what was decoded back to the bytes that hold it.

use std::ops::Range;

/// Where decoded bytes came from: pieces in which so many bytes stand for so many.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Beginnings of pieces in the decoded text and in the outer one, both ascending.
    pieces: Vec<Piece>,
    /// Where the last piece ends in the outer text.
    end: usize,
}

#[derive(Debug)]
struct Piece {
    decoded: usize,
    outer: usize,
    /// Outer bytes and the decoded bytes that they make.
    ratio: (usize, usize),
}

impl Map {
    /// All of the decoded text is in all of these bytes, and nothing closer can be said.
    pub(super) fn whole(outer: &Range<usize>) -> Self {
        Self { pieces: Vec::new(), end: outer.end }.begin(0, outer.start, (0, 1)).finish(outer.end)
    }

    fn begin(mut self, decoded: usize, outer: usize, ratio: (usize, usize)) -> Self {
        self.piece(decoded, outer, ratio);
        self
    }

    /// From here on `ratio.0` outer bytes stand for `ratio.1` decoded ones.
    pub(super) fn piece(&mut self, decoded: usize, outer: usize, ratio: (usize, usize)) {
        self.pieces.push(Piece { decoded, outer, ratio });
    }

    /// The outer text ends here.
    pub(super) fn finish(mut self, end: usize) -> Self {
        self.end = end;
        self
    }

    /// The outer bytes that hold these decoded ones.
    pub(super) fn outer(&self, decoded: &Range<usize>) -> Range<usize> {
        let start = self.at(decoded.start, false);
        let end = match decoded.end.checked_sub(1) {
            Some(last) if decoded.end > decoded.start => self.at(last, true),
            _ => start,
        };
        start..end.max(start)
    }

    /// Where the outer bytes of a decoded byte begin, or end.
    fn at(&self, decoded: usize, end: bool) -> usize {
        let next = self.pieces.partition_point(|piece| piece.decoded <= decoded);
        let limit = self.pieces.get(next).map_or(self.end, |piece| piece.outer);
        let Some(piece) = next.checked_sub(1).map(|before| &self.pieces[before]) else {
            return limit;
        };
        let (outer, of) = piece.ratio;
        let far = decoded - piece.decoded;
        let at = match end {
            false => piece.outer + far * outer / of,
            true if outer == 0 => limit,
            true => piece.outer + ((far + 1) * outer).div_ceil(of),
        };
        at.min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again() {
        // Base64 in two lines of 8 and 4 characters.
        let mut map = Map::default();
        map.piece(0, 10, (4, 3));
        map.piece(6, 19, (4, 3));
        let map = map.finish(23);
        assert_eq!(map.outer(&(0..3)), 10..14);
        assert_eq!(map.outer(&(1..2)), 11..13);
        assert_eq!(map.outer(&(4..8)), 15..22);
        assert_eq!(map.outer(&(6..9)), 19..23);
        assert_eq!(map.outer(&(3..3)), 14..14);
        assert_eq!(Map::whole(&(5..9)).outer(&(100..200)), 5..9);
    }
}
