//! Passwords in URLs: `scheme://user:password@host` (RFC 3986, section 3.2.1).

use std::ops::Range;

use super::hit::{Hit, Ranks};
use super::rank::Rank;
use super::thresholds::RANDOM_PASSWORD;
use super::{placeholder, random, trivial};

/// The longest scheme, user or password, in bytes.
const LONGEST: usize = 256;

/// Looks around `://`.
pub(super) fn at(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let scheme = scheme(text, keyword.start)?;
    let rest = &text[keyword.end..(keyword.end + LONGEST).min(text.len())];
    let stops = |byte: u8| {
        byte.is_ascii_whitespace()
            || byte < b' '
            || matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
    };
    let authority = &rest[..rest.iter().position(|&byte| stops(byte)).unwrap_or(rest.len())];
    // A password may hold '@', in spite of the standard: the last one ends it.
    let end = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', &authority[..end])?;
    let value = keyword.end + colon + 1..keyword.end + end;
    let user = &authority[..colon];
    let host = &authority[end + 1..];
    let password = &text[value.clone()];
    if password.len() < 3 || host.is_empty() || is_template(user) || is_template(password) {
        return None;
    }
    let host_begins = host[0].is_ascii_alphanumeric()
        || matches!(host[0], b'[' | b'$' | b'{' | b'%' | b'_' | b'-' | b'*');
    if !host_begins || memchr::memchr2(b',', b';', user).is_some() {
        return None;
    }
    let trivial = trivial::is(&plain(password)) || user.eq_ignore_ascii_case(password);
    let weak = trivial || is_usual(user, password) || is_sample_host(host);
    let random = random::is(password, RANDOM_PASSWORD);
    let rank = match (random, weak) {
        (true, false) => Rank::High,
        (_, true) => Rank::Low,
        (false, false) => Rank::Medium,
    };
    let ranks =
        Ranks::of(|path| Some(if path.lowers_passwords() { rank.lowered() } else { rank }))?;
    let facts = match (trivial, random) {
        (true, _) => vec!["a usual word".into()],
        (false, true) => vec!["looks random".into()],
        (false, false) => Vec::new(),
    };
    Some(Hit { facts, ..Hit::ranked(value.clone(), scheme..value.end + 1, ranks) })
}

/// A password with blanks in the place of what is encoded in it.
fn plain(password: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(password.len());
    let mut at = 0;
    while at < password.len() {
        let encoded = password[at] == b'%'
            && password
                .get(at + 1..at + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        plain.push(if encoded { b' ' } else { password[at] });
        at += if encoded { 3 } else { 1 };
    }
    plain
}

/// Where the scheme before `://` begins.
fn scheme(text: &[u8], end: usize) -> Option<usize> {
    let first = end.saturating_sub(32);
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let start =
        text[first..end].iter().rposition(|&byte| !part(byte)).map_or(first, |at| first + at + 1);
    (start < end).then_some(start)
}

fn is_template(part: &[u8]) -> bool {
    let has = |sign: &[u8]| memchr::memmem::find(part, sign).is_some();
    has(b"${")
        || has(b"{{")
        || has(b"}}")
        || has(b"$(")
        || has(b"#{")
        || has(b"%s")
        || has(b"<")
        || has(b"***")
        || matches!(part, [b'$' | b'{' | b'[', ..])
        || matches!(part, [.., b'}'])
        || (part.len() >= 3 && placeholder::is(part))
}

/// The user and the password of every manual.
fn is_usual(user: &[u8], password: &[u8]) -> bool {
    let usual = |part: &[u8]| {
        matches!(
            &part.to_ascii_lowercase()[..],
            b"user"
                | b"username"
                | b"pass"
                | b"password"
                | b"passwd"
                | b"pwd"
                | b"secret"
                | b"foo"
                | b"bar"
                | b"usr"
                | b"pw"
                | b"token"
                | b"x-oauth-basic"
                | b"guest"
                | b"name"
                | b"login"
                | b"test"
                | b"abc"
                | b"xyz"
                | b"pass123"
        )
    };
    usual(password) && (usual(user) || user.eq_ignore_ascii_case(password))
}

/// Names that RFC 2606 keeps for examples, and hosts that are placeholders.
fn is_sample_host(host: &[u8]) -> bool {
    let name = &host
        [..host.iter().position(|&byte| matches!(byte, b':' | b'?' | b'#')).unwrap_or(host.len())];
    let name = name.to_ascii_lowercase();
    [&b"example.com"[..], b"example.org", b"example.net", b".example", b".invalid"]
        .iter()
        .any(|end| name.ends_with(end))
        || matches!(
            &name[..],
            b"host"
                | b"hostname"
                | b"server"
                | b"domain"
                | b"domain.com"
                | b"foo"
                | b"foo.com"
                | b"bar"
                | b"proxy"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Rank)> {
        let colon = text.find("://").unwrap();
        at(text.as_bytes(), &(colon..colon + 3)).map(|hit| (text[hit.value].to_owned(), hit.rank))
    }

    #[test]
    fn the_password_of_a_url_is_found() {
        assert_eq!(
            found("postgres://app:hunter2@db.internal:5432/x"),
            Some(("hunter2".into(), Rank::Medium))
        );
        assert_eq!(found("amqp://q:Zk3p@ss@mq:5672"), Some(("Zk3p@ss".into(), Rank::Medium)));
        assert_eq!(found("redis://:f8Kq2Zp7Lw9TxR4v@cache:6379").unwrap().1, Rank::High);
    }

    #[test]
    fn what_is_no_password_is_left() {
        for text in [
            "https://host:8080/a@b",
            "http://${USER}:${PASS}@h/",
            "git+ssh://git@github.com/x",
            "http://h/x:y@z",
            "https://u:{{pw}}@h",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
        assert_eq!(found("ftp://user:password@example.com/").unwrap().1, Rank::Low);
    }
}
