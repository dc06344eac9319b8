//! Remarks in a text that what is beside them is no secret.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::scan::findings::Mark;

/// This program's own remark.
pub const OWN: &str = "shroud:allow";

/// How another scanner says it.
struct Other {
    /// The name under which it is listed.
    name: &'static str,
    /// What is looked for, in lower case.
    text: &'static str,
    /// Whether it speaks of the next line instead of its own.
    next: bool,
}

const fn other(name: &'static str) -> Other {
    Other { name, text: name, next: false }
}

/// The remarks of others, as their documentation gives them.
const OTHERS: [Other; 13] = [
    other("gitleaks:allow"),
    other("betterleaks:allow"),
    other("pragma: allowlist secret"),
    other("pragma: whitelist secret"),
    Other {
        name: "pragma: allowlist nextline secret",
        text: "pragma: allowlist nextline secret",
        next: true,
    },
    other("nosec"),
    other("noqa: secrets"),
    other("trufflehog:ignore"),
    other("ggignore"),
    other("checkov:skip"),
    other("kingfisher:ignore"),
    other("nosemgrep"),
    other("secret-scanner:allow"),
];

/// Bytes of a line that are looked at on either side of a value; a file may be one line.
const MAX_LINE: usize = 4096;

/// All of them, this program's own first; a line may be long and hold many values.
static MARKS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let texts = [OWN].into_iter().chain(OTHERS.iter().map(|other| other.text));
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).build(texts).expect("a few short words")
});

/// The number of a remark, for a file; zero for none.
pub fn number(mark: Option<&Mark>) -> u32 {
    let Some(mark) = mark else { return 0 };
    let other = OTHERS.iter().position(|other| other.name == mark.name);
    other.map_or(1, |at| u32::try_from(at + 2).unwrap_or(1))
}

/// The remark of a number, or that there is none; `None` where no remark has the number.
pub fn of_number(number: u32) -> Option<Option<Mark>> {
    match number as usize {
        0 => Some(None),
        1 => Some(Some(Mark { name: OWN, own: true })),
        at => OTHERS.get(at - 2).map(|other| Some(Mark { name: other.name, own: false })),
    }
}

/// The remark that covers a value: on one of its lines, or alone on the line before. This program's own comes first.
pub fn beside(text: &[u8], value: &Range<usize>) -> Option<Mark> {
    let (start, end) = (value.start.min(text.len()), value.end.min(text.len()));
    let first = line_start(text, start);
    let own_lines = &text[first..line_end(text, end.max(start))];
    let end_before = first.checked_sub(1).filter(|&at| text[at] == b'\n');
    let before = end_before.map_or(&[][..], |end| &text[line_start(text, end)..end]);
    let on_own = marks(own_lines).filter(|&(mark, _)| !speaks_of_next(mark));
    let on_before =
        marks(before).filter(|&(mark, at)| speaks_of_next(mark) || is_comment(&before[..at]));
    let mark = on_own.chain(on_before).map(|(mark, _)| mark).min()?;
    Some(match mark.checked_sub(1) {
        None => Mark { name: OWN, own: true },
        Some(other) => Mark { name: OTHERS[other].name, own: false },
    })
}

/// Whether a mark, as [`MARKS`] counts them, is about the next line.
fn speaks_of_next(mark: usize) -> bool {
    mark.checked_sub(1).is_some_and(|other| OTHERS[other].next)
}

/// Marks in a line, each a word of its own, and where they are.
fn marks(line: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':');
    MARKS.find_overlapping_iter(line).filter_map(move |found| {
        let before = found.start().checked_sub(1).and_then(|before| line.get(before));
        let alone = !before.is_some_and(is_word) && !line.get(found.end()).is_some_and(is_word);
        alone.then_some((found.pattern().as_usize(), found.start()))
    })
}

/// Whether nothing is before a mark but what begins a comment.
fn is_comment(before: &[u8]) -> bool {
    let text = before.trim_ascii();
    text.eq_ignore_ascii_case(b"rem") || text.iter().all(|byte| b"#/*;-<!'\"%(,{|".contains(byte))
}

fn line_start(text: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(MAX_LINE);
    text[from..at].iter().rposition(|&byte| byte == b'\n').map_or(from, |found| from + found + 1)
}

fn line_end(text: &[u8], at: usize) -> usize {
    let to = text.len().min(at + MAX_LINE);
    text[at..to].iter().position(|&byte| byte == b'\n').map_or(to, |found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(text: &str) -> Option<&'static str> {
        let at = text.find("VALUE").unwrap();
        beside(text.as_bytes(), &(at..at + 5)).map(|mark| mark.name)
    }

    #[test]
    fn a_mark_covers_its_line_and_alone_the_next() {
        assert_eq!(mark("a = VALUE # shroud:allow"), Some(OWN));
        assert_eq!(mark("a = VALUE // Shroud:Allow: a test value"), None);
        assert_eq!(mark("a = VALUE // Shroud:Allow, a test value"), Some(OWN));
        assert_eq!(mark("# shroud:allow\na = VALUE"), Some(OWN));
        assert_eq!(mark("  <!-- shroud:allow -->\r\n<a>VALUE</a>"), Some(OWN));
        assert_eq!(mark("b = 1 # shroud:allow\na = VALUE"), None);
        assert_eq!(mark("a = VALUE\n# shroud:allow"), None);
        assert_eq!(mark("# shroud:allow\n\na = VALUE"), None);
        assert_eq!(mark("a = VALUE # shroud:allowed"), None);
        assert_eq!(mark("a = VALUE # no-shroud:allow"), None);
    }

    #[test]
    fn those_of_others_are_known_by_name() {
        assert_eq!(mark("a = VALUE # gitleaks:allow"), Some("gitleaks:allow"));
        assert_eq!(mark("a = VALUE # pragma: allowlist secret"), Some("pragma: allowlist secret"));
        let next = "pragma: allowlist nextline secret";
        assert_eq!(mark(&format!("b = 1 # {next}\na = VALUE")), Some(next));
        assert_eq!(mark(&format!("a = VALUE # {next}")), None);
        assert_eq!(mark("a = VALUE # gitleaks:allow shroud:allow"), Some(OWN));
        assert_eq!(mark("a = VALUE # nosecond"), None);
        assert_eq!(mark("a = VALUE # nosec B105"), Some("nosec"));
    }

    #[test]
    fn a_file_of_one_line_is_not_read_from_end_to_end() {
        let far = " ".repeat(MAX_LINE + 1);
        assert_eq!(mark(&format!("VALUE{far}# shroud:allow")), None);
        assert_eq!(mark(&format!("shroud:allow{far}VALUE{far}")), None);
        assert_eq!(beside(b"", &(0..9)), None);
    }
}
