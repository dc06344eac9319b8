//! What the readers of `.env` files have in common.

use std::ops::Range;

use zeroize::Zeroizing;

/// What a reader makes of what is behind a `=`.
pub(super) struct Meant {
    /// The bytes of the value, with quotes.
    pub(super) raw: Range<usize>,
    /// The value. References are in it as they are written.
    pub(super) text: Zeroizing<String>,
    /// Where in the text the `$` of references are.
    pub(super) references: Vec<usize>,
}

pub(super) type Outcome = Result<Meant, &'static str>;

pub(super) const UNCLOSED: &str = "the quote is not closed";
pub(super) const BEHIND: &str = "there is text after the value's last quote";

/// Text that is put together, with the places of its references.
pub(super) struct Out {
    pub(super) text: Zeroizing<String>,
    pub(super) references: Vec<usize>,
}

impl Out {
    /// With room for all that a value of these bytes can mean.
    pub(super) fn new(len: usize) -> Self {
        Self { text: Zeroizing::new(String::with_capacity(len)), references: Vec::new() }
    }

    pub(super) fn reference(&mut self) {
        self.references.push(self.text.len());
        self.text.push('$');
    }

    pub(super) fn meant(self, raw: Range<usize>) -> Meant {
        Meant { raw, text: self.text, references: self.references }
    }
}

/// Where the line ends.
pub(super) fn line_end(text: &str) -> usize {
    let line = memchr::memchr(b'\n', text.as_bytes()).map_or(text, |end| &text[..end]);
    line.strip_suffix('\r').unwrap_or(line).len()
}

pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Whether nothing but a comment is in the rest of the line.
pub(super) fn ends(rest: &str) -> bool {
    let rest = rest[..line_end(rest)].trim_start();
    rest.is_empty() || rest.starts_with('#')
}

/// A value without quotes, that ends where `cut` says.
pub(super) fn bare(after: &str, cut: impl Fn(&str) -> usize, reference: fn(&str) -> bool) -> Meant {
    let lead = blanks(after);
    let line = &after[lead..line_end(after).max(lead)];
    let value = line[..cut(line)].trim_end();
    // In place of a comment, a value begins where the sign ends.
    let start = if value.is_empty() { 0 } else { lead };
    let mut out = Out::new(value.len());
    let mut parts = value.split('$');
    out.text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // What is behind the sign, to the end of the value.
        match reference(&value[out.text.len() + 1..]) {
            true => out.reference(),
            false => out.text.push('$'),
        }
        out.text.push_str(part);
    }
    out.meant(start..start + value.len())
}

/// Where a comment begins that has a blank before it.
pub(super) fn comment(line: &str) -> usize {
    let bytes = line.as_bytes();
    let begins = |at: &usize| *at == 0 || bytes[*at - 1].is_ascii_whitespace();
    memchr::memchr_iter(b'#', bytes).find(begins).unwrap_or(line.len())
}

/// Where the quote closes, for readers that go by a regular expression: at the first without a backslash before it, else at
/// an earlier one, if the line ends there.
pub(super) fn closing(value: &str, checks: bool) -> Option<usize> {
    let quote = *value.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let quotes = (1..value.len()).filter(|at| value.as_bytes()[*at] == quote);
    let mut places = Vec::new();
    for at in quotes {
        places.push(at);
        if value.as_bytes()[at - 1] != b'\\' || at == 1 {
            if !checks {
                return Some(at);
            }
            break;
        }
    }
    places.into_iter().rev().find(|at| !checks || ends(&value[at + 1..]))
}

pub(super) fn is_name(rest: &str) -> bool {
    rest.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic())
}

/// Where a double quote closes whose escapes are pairs.
pub(super) fn escaped_close(value: &str) -> Option<usize> {
    let mut escaped = false;
    (1..value.len()).find(|at| {
        let byte = value.as_bytes()[*at];
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}
