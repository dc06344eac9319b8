//! Values that say where something is: paths, modules, hosts, versions, mail.

use super::thresholds::PATH_FROM;
use super::words;

/// Paths, URLs, selectors, formats: what begins or looks like them.
pub(super) fn is(value: &[u8]) -> bool {
    let starts = |sign: &str| value.starts_with(sign.as_bytes());
    let contains = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    [
        "http://",
        "https://",
        "/",
        "./",
        "../",
        "~/",
        "#/",
        "\\\\",
        "--",
        "application/",
        "text/",
        "data:",
        "@/",
        "*",
        "^",
    ]
    .iter()
    .any(|sign| starts(sign))
        && (value.len() < 20 || words::efficiency(value) > PATH_FROM)
        || contains(b"://")
        || is_module(value)
        || is_host(value)
        || is_mail(value)
        || has_version(value)
        || (matches!(value.first(), Some(b'#' | b'.'))
            && (value[1..].iter().all(|&byte| byte.is_ascii_lowercase() || byte == b'-')
                || memchr::memmem::find(value, b"pass").is_some()))
        || contains(b".pem")
        || contains(b".key")
        || contains(b".crt")
        || contains(b".json")
        || contains(b".jks")
        || contains(b".p12")
        || contains(b".txt")
        || contains(b".yaml")
        || contains(b".yml")
}

/// `github.com/owner/name/v4`: a module, by its address.
fn is_module(value: &[u8]) -> bool {
    let mut parts = value.split(|&byte| byte == b'/');
    let mut labels = parts.next().unwrap_or_default().rsplit(|&byte| byte == b'.');
    let last = labels.next().unwrap_or_default();
    let is_label = |label: &[u8]| {
        !label.is_empty()
            && label
                .iter()
                .all(|&byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    parts.next().is_some_and(|first| !first.is_empty())
        && (2..=6).contains(&last.len())
        && last.iter().all(u8::is_ascii_lowercase)
        && labels.clone().next().is_some()
        && labels.all(is_label)
}

/// `name@host.org`, `root@localhost`: small letters on both sides.
fn is_mail(value: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', value) else { return false };
    let (name, host) = (&value[..at], &value[at + 1..]);
    let plain = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'-' | b'_');
    name.len() >= 2
        && name.iter().all(plain)
        && host.iter().all(plain)
        && (host == b"localhost" || host.len() >= 4 && host[1..host.len() - 1].contains(&b'.'))
}

/// Names of hosts: labels of small letters, the last one a word.
fn is_host(value: &[u8]) -> bool {
    let label = |label: &[u8]| {
        !label.is_empty()
            && label
                .iter()
                .all(|&byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let host = value.split(|&byte| byte == b':').next().unwrap_or_default();
    let mut labels = host.rsplit(|&byte| byte == b'.');
    let last = labels.next().unwrap_or_default();
    (2..=6).contains(&last.len())
        && last.iter().all(u8::is_ascii_lowercase)
        && labels.clone().count() >= 2
        && labels.all(label)
}

/// `1.4.0` and the like in it, after a letter's end: a name with a version.
fn has_version(value: &[u8]) -> bool {
    let parts: Vec<&[u8]> =
        value.split(|byte| matches!(byte, b'-' | b':' | b'_' | b'@' | b'/')).collect();
    let number = |part: &&[u8]| {
        let mut numbers = part.strip_prefix(b"v").unwrap_or(part).split(|&byte| byte == b'.');
        numbers.clone().count() >= 2
            && numbers.all(|number| {
                !number.is_empty() && number.len() <= 4 && number.iter().all(u8::is_ascii_digit)
            })
    };
    parts.iter().any(number)
}
