//! Files with the marks of a conflict, as git writes them: each side by itself is a file of its format.

use std::ops::Range;

/// Signs of the shortest mark: that which git writes by default. An attribute may ask for longer ones, and a conflict in a conflict, as
/// two merges that cross each other have, has longer ones than that around it.
const MARK_LEN: usize = 7;
/// Conflicts in conflicts that are understood.
const MAX_DEPTH: usize = 8;
/// Sides of a file with conflicts in conflicts that are understood.
const MAX_SIDES: usize = 16;

/// One side of a file with conflicts: its bytes, and where they are in the file.
pub(super) struct Side {
    pub(super) bytes: Vec<u8>,
    /// Where a part begins in the side, and its range in the file.
    parts: Vec<(usize, Range<usize>)>,
    /// Where each line of the side is in the file, counted from 1.
    lines: Vec<usize>,
}

impl Side {
    fn new() -> Self {
        Self { bytes: Vec::new(), parts: Vec::new(), lines: Vec::new() }
    }

    fn push(&mut self, file: &[u8], line: Range<usize>, number: usize) {
        match self.parts.last_mut() {
            Some((_, part)) if part.end == line.start => part.end = line.end,
            _ => self.parts.push((self.bytes.len(), line.clone())),
        }
        self.bytes.extend_from_slice(&file[line]);
        self.lines.push(number);
    }

    /// Where bytes of one line of the side are in the file.
    pub(super) fn in_file(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let at = self.parts.partition_point(|(start, _)| *start <= range.start).checked_sub(1)?;
        let (start, part) = &self.parts[at];
        let from = part.start + (range.start - start);
        let to = from + range.len();
        (to <= part.end).then_some(from..to)
    }

    /// Whether these bytes of the file are of this side.
    pub(super) fn has(&self, range: &Range<usize>) -> bool {
        let before = self.parts.partition_point(|(_, part)| part.start <= range.start);
        before.checked_sub(1).is_some_and(|at| range.end <= self.parts[at].1.end)
    }

    /// The line of the file that a line of the side is, both counted from 1.
    pub(super) fn line(&self, line: usize) -> usize {
        let last = || self.lines.last().copied().unwrap_or(1);
        line.checked_sub(1).and_then(|at| self.lines.get(at).copied()).unwrap_or_else(last)
    }
}

/// A file in parts.
enum Piece {
    /// Lines, by their numbers from 0.
    Lines(Range<usize>),
    Conflict(Conflict),
}

/// A conflict: its sections, each with what is in it.
struct Conflict {
    ours: Vec<Piece>,
    theirs: Vec<Piece>,
    base: Option<Vec<Piece>>,
}

/// Which section of all conflicts a side takes.
#[derive(Clone, Copy)]
enum Section {
    Ours,
    Theirs,
    Base,
}

impl Conflict {
    fn section(&self, section: Section) -> Option<&[Piece]> {
        match section {
            Section::Ours => Some(&self.ours),
            Section::Theirs => Some(&self.theirs),
            Section::Base => self.base.as_deref(),
        }
    }

    fn sections(&self) -> impl Iterator<Item = &[Piece]> {
        [Section::Ours, Section::Theirs, Section::Base]
            .into_iter()
            .filter_map(|it| self.section(it))
    }

    /// How many sides it has, where it is in another one.
    fn sides(&self) -> usize {
        self.sections().map(sides_of).sum()
    }
}

/// How many sides have all that is in these pieces.
fn sides_of(pieces: &[Piece]) -> usize {
    let of_piece = |piece: &Piece| match piece {
        Piece::Lines(_) => 1,
        Piece::Conflict(conflict) => conflict.sides(),
    };
    pieces.iter().map(of_piece).max().unwrap_or(1)
}

/// The lines of a file, and the conflicts in them.
struct Lines<'f> {
    file: &'f [u8],
    ranges: Vec<Range<usize>>,
    at: usize,
}

impl Lines<'_> {
    /// Reads up to a mark of this length, or to the end of the file; `None` where marks do not belong together.
    fn pieces(&mut self, inside: Option<usize>, depth: usize) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut from = self.at;
        while self.at < self.ranges.len() {
            let Some((sign, len)) = mark(&self.file[self.ranges[self.at].clone()]) else {
                self.at += 1;
                continue;
            };
            let ends = inside.is_some_and(|inside| inside == len);
            match sign {
                b'<' if ends => return None,
                b'<' => {
                    pieces.push(Piece::Lines(from..self.at));
                    pieces.push(Piece::Conflict(self.conflict(len, depth + 1)?));
                    from = self.at;
                }
                _ if ends => break,
                // Outside of a conflict this is a line as any other.
                b'=' => self.at += 1,
                _ if inside.is_none() && len == MARK_LEN => return None,
                _ => self.at += 1,
            }
        }
        pieces.push(Piece::Lines(from..self.at));
        Some(pieces)
    }

    /// Reads a conflict whose marks have this length.
    fn conflict(&mut self, len: usize, depth: usize) -> Option<Conflict> {
        let next = |lines: &mut Self, signs: &[u8]| -> Option<(u8, Vec<Piece>)> {
            lines.at += 1;
            let mut pieces = lines.pieces(Some(len), depth)?;
            loop {
                let line = lines.ranges.get(lines.at)?.clone();
                let (sign, _) = mark(&lines.file[line])?;
                if signs.contains(&sign) {
                    return Some((sign, pieces));
                }
                // A second line of this kind is one as any other.
                if sign != b'=' {
                    return None;
                }
                let from = lines.at;
                lines.at += 1;
                pieces.push(Piece::Lines(from..lines.at));
                pieces.extend(lines.pieces(Some(len), depth)?);
            }
        };
        if depth > MAX_DEPTH {
            return None;
        }
        let (mut sign, ours) = next(self, b"|=")?;
        let mut base = None;
        if sign == b'|' {
            let (then, pieces) = next(self, b"=")?;
            (sign, base) = (then, Some(pieces));
        }
        debug_assert_eq!(sign, b'=');
        let (_, theirs) = next(self, b">")?;
        self.at += 1;
        Some(Conflict { ours, theirs, base })
    }

    /// Puts one side into `into`: of conflicts this section, and of those in it the side with this number.
    fn take(&self, pieces: &[Piece], section: Section, number: usize, into: &mut Side) {
        for piece in pieces {
            match piece {
                Piece::Lines(lines) => {
                    for line in lines.clone() {
                        into.push(self.file, self.ranges[line].clone(), line + 1);
                    }
                }
                Piece::Conflict(conflict) => {
                    if let Some(pieces) = conflict.section(section) {
                        self.take_inner(pieces, number, into);
                    }
                }
            }
        }
    }

    fn take_inner(&self, pieces: &[Piece], number: usize, into: &mut Side) {
        for piece in pieces {
            match piece {
                Piece::Lines(_) => {
                    self.take(std::slice::from_ref(piece), Section::Ours, 0, into);
                }
                Piece::Conflict(conflict) => {
                    let mut number = number.min(conflict.sides() - 1);
                    for section in conflict.sections() {
                        let sides = sides_of(section);
                        if number < sides {
                            self.take_inner(section, number, into);
                            break;
                        }
                        number -= sides;
                    }
                }
            }
        }
    }
}

/// The sides of a file with conflicts, ours, theirs and, where it is there, the base: each byte that is not of a mark is in one of them. `None`
/// where there is no conflict, or its marks do not belong together.
pub(super) fn sides(file: &[u8]) -> Option<Vec<Side>> {
    memchr::memmem::find(file, b"<<<<<<<")?;
    let mut start = 0;
    let ranges = file.split_inclusive(|byte| *byte == b'\n').map(|line| {
        start += line.len();
        start - line.len()..start
    });
    let mut lines = Lines { file, ranges: ranges.collect(), at: 0 };
    let pieces = lines.pieces(None, 0)?;
    let conflicts = || {
        pieces.iter().filter_map(|piece| match piece {
            Piece::Lines(_) => None,
            Piece::Conflict(conflict) => Some(conflict),
        })
    };
    let mut sides = Vec::new();
    for section in [Section::Ours, Section::Theirs, Section::Base] {
        let of_section = conflicts().filter_map(|conflict| conflict.section(section)).map(sides_of);
        for number in 0..of_section.max().unwrap_or(0) {
            if sides.len() == MAX_SIDES {
                return None;
            }
            let mut side = Side::new();
            lines.take(&pieces, section, number, &mut side);
            sides.push(side);
        }
    }
    (!sides.is_empty()).then_some(sides)
}

/// The sign of a line that is a mark, and how often it is there: signs, and then nothing, or a space and a label.
fn mark(line: &[u8]) -> Option<(u8, usize)> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let sign = *line.first().filter(|sign| b"<|=>".contains(sign))?;
    let signs = line.iter().take_while(|byte| **byte == sign).count();
    let rest = &line[signs..];
    let is_mark = match sign {
        b'=' => rest.is_empty(),
        _ => rest.is_empty() || rest[0] == b' ',
    };
    (signs >= MARK_LEN && is_mark).then_some((sign, signs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Option<Vec<String>> {
        let sides = sides(file.as_bytes())?;
        Some(sides.into_iter().map(|side| String::from_utf8(side.bytes).unwrap()).collect())
    }

    #[test]
    fn each_side_is_a_file() {
        let two = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n";
        assert_eq!(texts(two).unwrap(), ["a\nb\nd\n", "a\nc\nd\n"]);
        let crlf = two.replace('\n', "\r\n");
        assert_eq!(texts(&crlf).unwrap(), ["a\r\nb\r\nd\r\n", "a\r\nc\r\nd\r\n"]);
        let three = "a\n<<<<<<< HEAD\nb\n||||||| base\no\n=======\n>>>>>>> x\n";
        assert_eq!(texts(three).unwrap(), ["a\nb\n", "a\n", "a\no\n"]);
        let twice = "<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n<<<<<<< a\n3\n=======\n4\n>>>>>>> b";
        assert_eq!(texts(twice).unwrap(), ["1\n3\n", "2\n4\n"]);
    }

    #[test]
    fn marks_that_do_not_belong_together_are_none() {
        for file in [
            "",
            "a\n",
            "=======\n",
            "<<<<<<< HEAD\na\n",
            "<<<<<<< HEAD\na\n=======\n",
            "<<<<<<< HEAD\na\n>>>>>>> x\n",
            "<<<<<<< HEAD\n<<<<<<< HEAD\n=======\n>>>>>>> x\n",
            "<<<<<<< a\n=======\n>>>>>>> x\n>>>>>>> x\n",
            "<<<<<<<< a\n=======\n>>>>>>> x\n",
            "<<<<<<< a\n<<<<<<<<< b\n=======\n>>>>>>> x\n",
        ] {
            assert!(sides(file.as_bytes()).is_none(), "{file}");
        }
    }

    #[test]
    fn longer_marks_and_conflicts_in_conflicts_are_read() {
        let long = "a\n<<<<<<<<<< HEAD\nb\n==========\nc\n=======\n>>>>>>>>>> x\nd\n";
        assert_eq!(texts(long).unwrap(), ["a\nb\nd\n", "a\nc\n=======\nd\n"]);
        let crossed = "a\n<<<<<<< ours\nb\n||||||| base\n<<<<<<<<< one\nc\n||||||||| two\nd\n=========\ne\n>>>>>>>>> three\n=======\nf\n>>>>>>> theirs\ng\n";
        let texts_of = texts(crossed).unwrap();
        assert_eq!(texts_of, ["a\nb\ng\n", "a\nf\ng\n", "a\nc\ng\n", "a\ne\ng\n", "a\nd\ng\n"]);
        // As many as are understood, and one more.
        let nested = |depth: usize| {
            let open =
                |at: usize| format!("{} o\n{at}\n{} b\n", "<".repeat(7 + at), "|".repeat(7 + at));
            let close =
                |at: usize| format!("{}\nt\n{} t\n", "=".repeat(7 + at), ">".repeat(7 + at));
            let (opens, closes): (String, String) =
                ((0..depth).map(open).collect(), (0..depth).rev().map(close).collect());
            texts(&format!("{opens}x\n{closes}")).map(|sides| sides.len())
        };
        assert_eq!(
            (nested(2), nested(7), nested(8), nested(1000)),
            (Some(5), Some(15), None, None)
        );
    }

    #[test]
    fn places_are_those_of_the_file() {
        let file = b"a\n<<<<<<< HEAD\nbcd\n=======\nef\n>>>>>>> x\ngh\n";
        let sides = sides(file).unwrap();
        for (side, text) in [(0, "bcd"), (1, "ef"), (0, "gh"), (1, "gh"), (1, "a")] {
            let bytes = &sides[side].bytes;
            let at = memchr::memmem::find(bytes, text.as_bytes()).unwrap();
            let found = sides[side].in_file(&(at..at + text.len())).unwrap();
            assert_eq!(&file[found], text.as_bytes());
        }
        assert_eq!((sides[1].line(2), sides[1].line(3), sides[0].line(2)), (5, 7, 3));
    }
}
