//! `name = "value"` in the notations of configuration files and programs.

use std::ops::Range;

use super::blanks::{MOST_BLANKS, skip_blanks, skip_quote};
use super::name::TO_SECURE_STRING;
use super::operator::{self, Operator};
use super::quoted::{LONGEST_VALUE, quoted};
use super::reach;
use super::window::is_word;
use super::wrapped;

/// The longest name, in bytes, on either side of the keyword.
const LONGEST_NAME: usize = 64;
/// What may be between `ConvertTo-SecureString` and its text.
const OF_TEXT: &[u8] = b" -String";

/// A name and the value that belongs to it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: Range<usize>,
    /// Without its quotes.
    pub(super) value: Range<usize>,
    pub(super) operator: Operator,
    /// The value is in quotes.
    pub(super) quoted: bool,
    /// The value is an element of a list: others may follow it.
    pub(super) listed: bool,
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

/// Bytes between a name and its operator: an option, a quote, an index, blanks.
const BEFORE_OPERATOR: usize = OF_TEXT.len() + 5 + 8 + MOST_BLANKS;
/// Bytes from there on that decide which operator it is, and where it ends: a type, or `value` in another line.
const OF_OPERATOR: usize = 4 * MOST_BLANKS;
/// The same where a block may follow, in which a default is looked for.
const OF_BLOCK: usize = 256 + 2 * MOST_BLANKS;
/// Bytes behind an operator, or a value, in which a text in quotes may begin.
const BEFORE_QUOTE: usize = 2 * MOST_BLANKS + 8;

/// The bytes on which [`name_at`] decides, and with a name of it also [`read`], which has found this.
pub(super) fn extent(
    text: &[u8],
    keyword: &Range<usize>,
    read: Option<(&Range<usize>, Option<&Assignment>)>,
) -> Range<i64> {
    let near = reach::around(keyword, LONGEST_NAME + 2, LONGEST_NAME + 2);
    let Some((name, found)) = read else { return near };
    let before = match reversed_operator(text, name) {
        Some(_) => 16 + LONGEST_VALUE + 2,
        None => 17,
    };
    let brackets = text[name.end..].iter().take(BEFORE_OPERATOR);
    let brackets = brackets.filter(|&&byte| matches!(byte, b']' | b')')).count();
    let at = name.end + BEFORE_OPERATOR + brackets;
    let block = memchr::memchr(b'{', &text[name.end..at.min(text.len())]).is_some();
    let operator_end = at + if block { OF_BLOCK } else { OF_OPERATOR };
    let end = match found {
        None if operator_of(text, name).is_none() => operator_end,
        None => operator_end + BEFORE_QUOTE + LONGEST_VALUE + BEFORE_QUOTE + LONGEST_VALUE,
        // A text in quotes may be looked for behind the value, or was found there.
        Some(found) => {
            let behind = &text[found.value.end..(found.value.end + BEFORE_QUOTE).min(text.len())];
            let falls_back = !found.quoted
                && [&b"||"[..], b"??", b"or "]
                    .iter()
                    .any(|word| memchr::memmem::find(behind, word).is_some());
            // Or within a call, or in a list, that was none.
            let bare = &text[found.value.start..(found.value.end + 2).min(text.len())];
            let opens = !found.quoted && bare.iter().any(|byte| b"([{".contains(byte));
            let far = match (falls_back, opens) {
                (_, true) => wrapped::CALLS_REACH + LONGEST_VALUE,
                (true, false) => BEFORE_QUOTE + LONGEST_VALUE,
                (false, false) => 0,
            };
            (found.value.end + BEFORE_QUOTE + far).max(operator_end)
        }
    };
    let all = found.map_or(name.clone(), Assignment::matched);
    let own = reach::around(&(all.start..end), before, 0);
    reach::join(near, own)
}

/// The assignment of a name, if it is one.
pub(super) fn read(text: &[u8], name: Range<usize>) -> Option<Assignment> {
    if is_shell_folder(text, &name) {
        return None;
    }
    if let Some(value) = reversed_operator(text, &name).and_then(|end| quoted_before(text, end)) {
        let operator = Operator::Compare;
        return Some(Assignment { name, value, operator, quoted: true, listed: false });
    }
    let (operator, at) = operator_of(text, &name)?;
    if let Some(value) = listed(text, at, operator) {
        let quoted = matches!(text[value.start - 1], b'"' | b'\'' | b'`');
        return Some(Assignment { name, value, operator, quoted, listed: true });
    }
    let (value, quoted) = value(text, at, operator, &name)?;
    Some(Assignment { name, value, operator, quoted, listed: false })
}

/// The operator behind a name, and where it ends.
fn operator_of(text: &[u8], name: &Range<usize>) -> Option<(Operator, usize)> {
    let mut at = name.end;
    if text[name.clone()].eq_ignore_ascii_case(TO_SECURE_STRING) && text[at..].starts_with(OF_TEXT)
    {
        at += OF_TEXT.len();
    }
    let quoted_name = skip_quote(text, &mut at);
    while matches!(text.get(at), Some(b']' | b')')) {
        at += 1;
    }
    if let Some(close) = index_after(text, at) {
        at = close;
    }
    let blanks = skip_blanks(text, &mut at);
    operator::at(text, at, name, quoted_name, blanks > 0)
}

/// `$PWD` and `$OLDPWD`, the folders a shell is and was in, where they are compared or part of a text. Assigned to, they
/// are variables of another language.
fn is_shell_folder(text: &[u8], name: &Range<usize>) -> bool {
    if !matches!(&text[name.clone()], b"PWD" | b"OLDPWD" | b"pwd") {
        return false;
    }
    let before = &text[..name.start];
    // `$(pwd)` is the command.
    if before.ends_with(b"$(") {
        return true;
    }
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

/// The first element of a list after the operator.
fn listed(text: &[u8], at: usize, operator: Operator) -> Option<Range<usize>> {
    let mut at = at;
    skip_blanks(text, &mut at);
    let takes = matches!(operator, Operator::Equals | Operator::Colon | Operator::Arrow);
    if takes { wrapped::first_element(text, at) } else { None }
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
        // `<password> and <user>` in a manual: the next word in brackets is none that closes this one.
        let is_close = matches!(text.get(end + 1), Some(b'/' | b'!'));
        if !is_close {
            return None;
        }
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
    if !matches!(operator, Operator::Blank | Operator::Is | Operator::Element)
        && let Some(found) = wrapped::in_calls(text, at)
    {
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
            || (byte == b',' && names_another(text, at + 1))
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

/// `name=` behind a comma: the next of several settings on a line.
fn names_another(text: &[u8], at: usize) -> bool {
    let last = (at + LONGEST_NAME).min(text.len());
    let name =
        text[at..last].iter().take_while(|&&byte| is_word(byte) || matches!(byte, b'.' | b'-'));
    let length = name.count();
    length >= 2 && text[at].is_ascii_alphabetic() && text.get(at + length) == Some(&b'=')
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
