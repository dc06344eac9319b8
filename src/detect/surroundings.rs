//! What is around an assignment: a settings file, a login, a connection string.

use super::assignment::Assignment;
use super::operator::Operator;
use super::window;

/// Bytes before a name in which the rest of a login is.
pub(super) const LONGEST_LOGIN: usize = 192;

/// `machine … login … password …`, as in a `.netrc`, on one line or several.
pub(super) fn is_login(text: &[u8], found: &Assignment) -> bool {
    let before = &text[found.name.start.saturating_sub(LONGEST_LOGIN)..found.name.start];
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
    let begins = sets_variable(before)
        || [
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
    // The value is one word of a command, whatever follows.
    let is_word = found.value.start == found.name.end + 1 && sets_variable(before);
    begins
        && (after.is_empty()
            || after.starts_with(b"#")
            || after == b"\\"
            || is_word
            || (upper && matches!(after.first(), Some(b'"' | b'\''))))
}

/// Behind an option that sets a variable of a container or a build: `-e`, `--env`, `--build-arg`.
fn sets_variable(before: &[u8]) -> bool {
    let last = before.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    matches!(last, b"-e" | b"--env" | b"--build-arg")
}

/// Bytes before and behind a password within which its user may be named.
pub(super) const NEIGHBOURS: usize = 256;

/// Whether the value can be the name of a user.
pub(super) fn may_be_user(value: &[u8]) -> bool {
    value.iter().all(|byte| window::is_word(*byte) || *byte == b'-')
}

/// Whether a user, or a database, beside it has the same name: what an installation begins with.
pub(super) fn is_user(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    if !may_be_user(value) {
        return false;
    }
    let first = found.name.start.saturating_sub(NEIGHBOURS);
    let last = (found.value.end + NEIGHBOURS).min(text.len());
    let near = &text[first..last];
    memchr::memmem::find_iter(near, value).any(|at| {
        let end = at + value.len();
        let is_other = first + at != found.value.start;
        let is_whole = window::begins_word(near, at) && window::ends_word(near, end);
        let line = memchr::memrchr(b'\n', &near[..at]).map_or(0, |found| found + 1);
        let before = near[line..at].trim_ascii_end();
        let before = before.strip_suffix(b"\"").or(before.strip_suffix(b"'")).unwrap_or(before);
        let before =
            before.trim_ascii_end().strip_suffix(b":").or(before.strip_suffix(b"=")).unwrap_or(b"");
        let name = before.trim_ascii_end();
        let name = name.strip_suffix(b"\"").or(name.strip_suffix(b"'")).unwrap_or(name);
        // `//user:password@host` is no setting.
        let start = name.iter().rposition(|byte| !window::is_word(*byte)).map_or(0, |at| at + 1);
        let in_url = start > 0 && name[start - 1] == b'/';
        let name = name[start.max(name.len().saturating_sub(24))..].to_ascii_lowercase();
        is_other
            && is_whole
            && !in_url
            && [&b"user"[..], b"username", b"login", b"database", b"db", b"name"]
                .iter()
                .any(|word| name.ends_with(word))
    })
}
