//! `name = "value"` in the notations of configuration files and programs.

use std::ops::Range;

use super::blanks::{MOST_BLANKS, skip_blanks, skip_quote};
use super::operator::{self, Operator};
use super::window::is_word;

/// The longest name, in bytes, on either side of the keyword.
const LONGEST_NAME: usize = 64;
/// The longest value, in bytes.
const LONGEST_VALUE: usize = 512;
/// A name and the value that belongs to it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: Range<usize>,
    /// Without its quotes.
    pub(super) value: Range<usize>,
    pub(super) operator: Operator,
    /// The value is in quotes.
    pub(super) quoted: bool,
}

impl Assignment {
    /// From the name to the value, whichever comes first.
    pub(super) fn matched(&self) -> Range<usize> {
        self.name.start.min(self.value.start)..self.name.end.max(self.value.end)
    }
}

/// The name that a keyword is part of.
pub(super) fn name_at(text: &[u8], keyword: &Range<usize>) -> Option<Range<usize>> {
    let in_name = |byte: u8| is_word(byte) || matches!(byte, b'-' | b'.');
    let first = keyword.start.saturating_sub(LONGEST_NAME);
    let last = (keyword.end + LONGEST_NAME).min(text.len());
    let mut start = text[first..keyword.start]
        .iter()
        .rposition(|&byte| !in_name(byte))
        .map_or(first, |at| first + at + 1);
    let mut end = text[keyword.end..last]
        .iter()
        .position(|&byte| !in_name(byte))
        .map_or(last, |at| keyword.end + at);
    if (start == first && first > 0 && in_name(text[first - 1]))
        || (end == last && last < text.len() && in_name(text[last]))
    {
        return None;
    }
    // `\npassword`: the letter belongs to the escape.
    if start > 0 && text[start - 1] == b'\\' && matches!(text[start], b'n' | b't' | b'r') {
        start += 1;
    }
    while start < keyword.start && matches!(text[start], b'-' | b'.') {
        start += 1;
    }
    // `-Dname=value`: a property of Java.
    if text[..start].ends_with(b"-") && text[start] == b'D' && start < keyword.start {
        start += 1;
    }
    while end > keyword.end && matches!(text[end - 1], b'-' | b'.') {
        end -= 1;
    }
    (start <= keyword.start).then_some(start..end)
}

/// The assignment of a name, if it is one.
pub(super) fn read(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    let mut at = name.end;
    if is_shell_folder(text, &name) {
        return None;
    }
    let quoted_name = skip_quote(text, &mut at);
    while matches!(text.get(at), Some(b']' | b')')) {
        at += 1;
    }
    if let Some(close) = index_after(text, at) {
        at = close;
    }
    let blanks = skip_blanks(text, &mut at);
    if let Some(value) = reversed_operator(text, &name).and_then(|end| quoted_before(text, end)) {
        return Some(Assignment { name, value, operator: Operator::Compare, quoted: true });
    }
    let (operator, at) = operator::at(text, at, &name, quoted_name, blanks > 0)?;
    let (value, quoted) = value(text, at, operator, &name)?;
    Some(Assignment { name, value, operator, quoted })
}

/// `$PWD` and `$OLDPWD`, the folders a shell is and was in, where they are compared or part of a text. Assigned to, they
/// are variables of another language.
fn is_shell_folder(text: &[u8], name: &Range<usize>) -> bool {
    if !matches!(&text[name.clone()], b"PWD" | b"OLDPWD") {
        return false;
    }
    let before = &text[..name.start];
    let after = text[name.end..].trim_ascii_start();
    before.ends_with(b"${")
        || before.ends_with(b"\"$")
        || before.ends_with(b"$") && (after.starts_with(b"==") || after.starts_with(b"!="))
}

/// `[25]` and `[]` after a name.
fn index_after(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'[') {
        return None;
    }
    let rest = &text[at..(at + 8).min(text.len())];
    rest.iter().position(|&byte| byte == b']').map(|close| at + close + 1)
}

/// `"value" == name`: where the operator begins.
fn reversed_operator(text: &[u8], name: &Range<usize>) -> Option<usize> {
    let floor = name.start.saturating_sub(16);
    let mut at = name.start;
    let skip = |at: &mut usize, wanted: &[u8]| {
        while *at > floor && wanted.contains(&text[*at - 1]) {
            *at -= 1;
        }
    };
    skip(&mut at, b" \t");
    let end = at;
    skip(&mut at, b"=");
    if end - at < 1 {
        return None;
    }
    if at > floor && text[at - 1] == b'!' {
        at -= 1;
    }
    (end - at >= 2).then(|| {
        skip(&mut at, b" \t");
        at
    })
}

/// The quoted text that ends here.
fn quoted_before(text: &[u8], end: usize) -> Option<Range<usize>> {
    let close = end.checked_sub(1)?;
    let quote = text[close];
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let first = close.saturating_sub(LONGEST_VALUE);
    let open = first + memchr::memrchr2(quote, b'\n', &text[first..close])?;
    (text[open] == quote).then_some(open + 1..close)
}

/// The value after the operator, and whether it is in quotes.
fn value(
    text: &[u8],
    at: usize,
    operator: Operator,
    name: &Range<usize>,
) -> Option<(Range<usize>, bool)> {
    let mut at = at;
    skip_blanks(text, &mut at);
    if matches!(text.get(at), Some(b'\n' | b'\r')) {
        // A value on the next line is told from the next statement by its quote.
        let mut look = at;
        while look < at + MOST_BLANKS && text.get(look).is_some_and(u8::is_ascii_whitespace) {
            look += 1;
        }
        let quote = matches!(text.get(look), Some(b'"' | b'\''));
        let takes = !matches!(operator, Operator::Blank | Operator::Is | Operator::Argument);
        if !(takes && quote || operator == Operator::Element) {
            return None;
        }
        at = look;
    }
    if operator == Operator::Element {
        let last = (at + LONGEST_VALUE).min(text.len());
        let end = at + memchr::memchr(b'<', &text[at..last])?;
        let trimmed = text[at..end].trim_ascii_end().len();
        return Some((at..at + trimmed, true));
    }
    // `'password = '.$name`: the quote ends a text that began before the name.
    let began = name.start.checked_sub(1).map(|at| text[at]);
    let open = text.get(name.end) != began.as_ref() && matches!(began, Some(b'"' | b'\'' | b'`'));
    if open && text.get(at) == began.as_ref() {
        return None;
    }
    if operator == Operator::Blank && text.get(at) == Some(&b'`') {
        return None;
    }
    if let Some(found) = quoted(text, at) {
        return Some((found, true));
    }
    if matches!(operator, Operator::Argument | Operator::Call | Operator::Compare | Operator::Is) {
        return None;
    }
    let query = name.start.checked_sub(1).is_some_and(|at| matches!(text[at], b'?' | b'&'));
    let bare = bare(text, at, query);
    if let Some(default) = fallback(text, &bare) {
        return Some((default, true));
    }
    (!bare.is_empty()).then_some((bare, false))
}

/// A quoted text that begins here: with a prefix letter perhaps, in quotes of one kind, on one line.
fn quoted(text: &[u8], at: usize) -> Option<Range<usize>> {
    let mut open = at;
    if matches!(text.get(open), Some(b'@' | b'$' | b'b' | b'r' | b'f' | b'u' | b'L' | b'N'))
        && matches!(text.get(open + 1), Some(b'"' | b'\'' | b'`'))
    {
        open += 1;
    }
    let mut escapes = 0;
    while text.get(open) == Some(&b'\\') && escapes < 4 {
        open += 1;
        escapes += 1;
    }
    let quote = *text.get(open)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let mut start = open + 1;
    let tripled = text.get(start) == Some(&quote) && text.get(start + 1) == Some(&quote);
    if tripled {
        start += 2;
    }
    let last = (start + LONGEST_VALUE).min(text.len());
    let mut end = start;
    while end < last {
        match text[end] {
            b'\n' if !tripled => return None,
            b'\\' if escapes > 0 => {
                let run = text[end..last].iter().take_while(|&&byte| byte == b'\\').count();
                if run == escapes && text.get(end + run) == Some(&quote) {
                    return Some(start..end);
                }
                end += run.max(1);
            }
            b'\\' => end += 2,
            byte if byte == quote => return Some(start..end),
            _ => end += 1,
        }
    }
    None
}

/// A value without quotes: up to a blank, or what cannot be part of it.
fn bare(text: &[u8], at: usize, query: bool) -> Range<usize> {
    let last = (at + LONGEST_VALUE).min(text.len());
    let ends = |at: usize| {
        let byte = text[at];
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
            || (query && matches!(byte, b'&' | b'#'))
            || (byte == b'\\' && matches!(text.get(at + 1), Some(b'n' | b'r' | b't' | b'"')))
            || (byte == b';' && text.get(at + 1).is_some_and(|&next| next.is_ascii_alphabetic()))
    };
    let mut end = (at..last).find(|&at| ends(at)).unwrap_or(last);
    if end == last && last < text.len() {
        return at..at;
    }
    while end > at && matches!(text[end - 1], b',' | b';' | b')' | b'}' | b']' | b'\\') {
        // A bracket that was opened within the value is part of it.
        let open = match text[end - 1] {
            b')' => b'(',
            b'}' => b'{',
            b']' => b'[',
            _ => 0,
        };
        if open != 0 && text[at..end].contains(&open) {
            break;
        }
        end -= 1;
    }
    at..end
}

/// `expression || "value"`, `expression or 'value'`, `expression ?? "value"`, `ConvertTo-SecureString "value"`: the value.
fn fallback(text: &[u8], bare: &Range<usize>) -> Option<Range<usize>> {
    let mut at = bare.end;
    skip_blanks(text, &mut at);
    let rest = &text[at..(at + 3).min(text.len())];
    if !text[bare.clone()].eq_ignore_ascii_case(b"ConvertTo-SecureString") {
        at += [&b"||"[..], b"??", b"or "].iter().find(|word| rest.starts_with(word))?.len();
    }
    skip_blanks(text, &mut at);
    quoted(text, at)
}
