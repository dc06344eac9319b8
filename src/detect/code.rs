//! Values without quotes that are an expression of a program.

use super::assignment::Assignment;
use super::operator::Operator;
use super::thresholds::{NAME_FROM, STATEMENT_FROM};
use super::words;

/// A call, a reference, a number, a name: what a program has in the place of a text.
pub(super) fn is(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    is_template(value)
        || is_expression(text, found, value)
        || is_literal(value)
        || is_constant(value)
        || is_variable_name(value)
        || goes_on(text, found, value)
}

/// A bare value that is a program's expression: a call, a path into an object, a type, a reference.
fn is_expression(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    let next = text.get(found.value.end).copied();
    let has = |wanted: &[u8]| value.iter().any(|byte| wanted.contains(byte));
    let identifier = value
        .iter()
        .all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':'));
    let dotted = identifier
        && has(b".")
        && value.split(|&byte| byte == b'.').all(|part| {
            part.first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_')
                && (part.len() <= 3 || words::efficiency(part) > NAME_FROM)
        });
    let call = memchr::memchr(b'(', value).is_some_and(|open| {
        open > 0
            && value[..open].iter().all(|&byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'!')
            })
    });
    let opens = matches!(
        value[0],
        b'(' | b'['
            | b'{'
            | b'&'
            | b'*'
            | b'|'
            | b'<'
            | b'!'
            | b'='
            | b'-'
            | b'+'
            | b','
            | b';'
            | b'/'
            | b'.'
            | b'?'
            | b':'
    );
    let generic = memchr::memmem::find(value, b"::").is_some()
        || memchr::memmem::find(value, b"->").is_some();
    dotted
        || call
        || opens
        || generic
        || (identifier && matches!(next, Some(b'(' | b'<' | b'[')))
        || matches!(next, Some(b'"' | b'\'' | b'`'))
            && value.last().is_some_and(|last| matches!(last, b'(' | b'=' | b'+' | b'['))
}

/// `prefix-${NAME}`, `{{ name }}-suffix`: without quotes something fills it in.
fn is_template(value: &[u8]) -> bool {
    [&b"${"[..], b"{{"].iter().any(|open| memchr::memmem::find(value, open).is_some())
}

/// A number as programs write it, with its type: `0xC000025A_u32`, `2147483648u32`, `10L`.
fn is_literal(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"0X"));
    let is_digit = |byte: &u8| if digits.is_some() { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() } || *byte == b'_';
    let digits = digits.unwrap_or(value);
    let end = digits.iter().position(|byte| !is_digit(byte)).unwrap_or(digits.len());
    let kind = &digits[end..];
    let typed = matches!(kind.first(), Some(b'u' | b'i' | b'U' | b'L' | b'l' | b'f' | b'n'))
        && kind.len() <= 5
        && kind[1..].iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'U' | b'L' | b'l' | b's' | b'i' | b'z' | b'e')
        });
    end > 0 && end <= 20 && (typed || (kind.is_empty() && digits.len() < value.len() && end <= 16))
}

/// The name of a constant or a type: words in capitals, with low lines between them.
fn is_constant(value: &[u8]) -> bool {
    let part = |part: &[u8]| {
        let letters = part.iter().filter(|byte| byte.is_ascii_uppercase()).count();
        letters + part.iter().filter(|byte| byte.is_ascii_digit()).count() == part.len()
            && (letters * 2 >= part.len() || part.len() <= 2)
    };
    value.contains(&b'_') && value.split(|&byte| byte == b'_').all(part)
}

/// `adminPassword`: the name of a variable, which says what it holds.
fn is_variable_name(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_alphabetic)
        && value.first().is_some_and(u8::is_ascii_lowercase)
        && [&b"Password"[..], b"Passwd", b"Pass", b"Pwd", b"Secret", b"Token"]
            .iter()
            .any(|end| value.ends_with(end) && value.len() > end.len())
}

/// `encode_base64 shift`, `randAlphaNum 16`: the name of a function, and a statement goes on behind it.
fn goes_on(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    let rest = &text[found.value.end..(found.value.end + 3).min(text.len())];
    let follows = matches!(rest, [b' ', next, ..] if next.is_ascii_alphanumeric() || *next == b'{');
    let is_name = value.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let has_hump =
        value.windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    follows
        && is_name
        && found.operator != Operator::Blank
        && (value.contains(&b'_') || has_hump)
        && words::efficiency(value) > STATEMENT_FROM
}
