//! What is around an assignment: a settings file, a login, a connection string.

use super::assignment::Assignment;
use super::operator::Operator;
use super::window;

/// `machine … login … password …`, as in a `.netrc`, on one line or several.
pub(super) fn is_login(text: &[u8], found: &Assignment) -> bool {
    let before = &text[found.name.start.saturating_sub(192)..found.name.start];
    let has = |word: &[u8]| memchr::memmem::rfind(before, word);
    found.operator == Operator::Blank
        && has(b"login ").is_some_and(|login| {
            has(b"machine ").or(has(b"default")).is_some_and(|machine| machine < login)
        })
}

/// `Server=…;User Id=…;Password=…`, as drivers of databases read it.
pub(super) fn in_connection_string(text: &[u8], found: &Assignment) -> bool {
    let line = window::line(text, found.name.start);
    let before = text[line.start..found.name.start].to_ascii_lowercase();
    let before = before.trim_ascii_end();
    let parts = [
        &b"server="[..],
        b"host=",
        b"data source=",
        b"user id=",
        b"uid=",
        b"user=",
        b"database=",
        b"initial catalog=",
        b"address=",
    ];
    found.operator == Operator::Equals
        && before.ends_with(b";")
        && parts.iter().any(|part| memchr::memmem::find(before, part).is_some())
}

/// Whether the assignment is all of its line, as in a settings file: `NAME=value`, `name: value`.
pub(super) fn setting(text: &[u8], found: &Assignment) -> bool {
    let line = window::line(text, found.name.start);
    let before = text[line.start..found.name.start].trim_ascii();
    let after = text.get(found.value.end..line.end).unwrap_or_default().trim_ascii();
    let begins = [
        &b""[..],
        b"export",
        b"-",
        b"ENV",
        b"ARG",
        b"set",
        b"SET",
        b"#",
        b"\"",
        b"'",
        b"- \"",
        b"env:",
        b"//",
        b"- '",
        b";",
        b"$",
        b"+",
    ]
    .contains(&before);
    let upper = text[found.name.clone()].iter().all(|byte| !byte.is_ascii_lowercase());
    begins
        && (after.is_empty()
            || after.starts_with(b"#")
            || (upper && matches!(after.first(), Some(b'"' | b'\''))))
}
