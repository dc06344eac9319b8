//! Secrets in headers, on command lines and in password files.
//!
//! None of these is an assignment: a scheme, a flag or a position tells the value. Each function starts at its keyword, takes
//! at most [`LONGEST`] bytes and never looks at what was found before: the same hit is found whichever part of the text is
//! scanned (see [`window`]). All of them are called for every keyword in hostile text, so each is linear in what it takes.

use std::ops::Range;

use super::hit::Hit;
use super::rank::Rank;
use super::{pair, path, placeholder, published, random, window};

/// The longest value, in bytes.
const LONGEST: usize = 512;

fn hit(value: Range<usize>, start: usize, rank: Rank) -> Hit {
    let matched = start.min(value.start)..value.end;
    Hit::sure(value, matched, rank)
}

/// Bytes between the header's name, the scheme and the token: quotes, an operator and blanks of any language that writes
/// headers.
const MOST_BETWEEN: usize = 8;
/// The shortest token that counts, in bytes: below it random text and words are not told apart ([`random::is`]).
const SHORTEST_TOKEN: usize = 12;
/// From so many bytes on a token behind a known scheme is *high*: real ones are this long, those of manuals mostly are not.
const SURE_TOKEN: usize = 20;
/// The shortest password that counts, in bytes.
const SHORTEST_PASSWORD: usize = 4;

/// `Authorization: Basic …`, `Authorization: Bearer …`, `Authorization: token …` (RFC 9110, section 11.6.2; RFC 7617).
pub(super) fn authorization(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let mut at = keyword.end;
    let skip = |at: &mut usize| {
        let first = *at;
        while *at < first + MOST_BETWEEN
            && text.get(*at).is_some_and(|byte| {
                matches!(
                    byte,
                    b' ' | b'\t' | b'"' | b'\'' | b':' | b'=' | b',' | b'\\' | b'>' | b'`'
                )
            })
        {
            *at += 1;
        }
        *at > first
    };
    // Without anything between, the keyword is the beginning of a longer word.
    if !skip(&mut at) {
        return None;
    }
    let rest = &text[at..(at + 12).min(text.len())];
    let scheme = [
        &b"basic"[..],
        b"bearer",
        b"token",
        b"apikey",
        b"key",
        b"splunk",
        b"genie-key",
        b"gogs",
        b"bot",
        b"sso-key",
        b"discogs",
        b"ssws",
    ]
    .iter()
    .find(|scheme| {
        rest.len() > scheme.len()
            && rest[..scheme.len()].eq_ignore_ascii_case(scheme)
            && matches!(rest[scheme.len()], b' ' | b'=')
    })
    .copied();
    // No scheme is known: the token itself may stand here, as in `Authorization: 0123abcd…`.
    at += scheme.map_or(0, <[u8]>::len);
    skip(&mut at);
    let value = token_at(text, at);
    let secret = &text[value.clone()];
    // A scheme that is not known, with more behind it: `AWS4-HMAC-SHA256 Credential=…`, a signature of one request.
    let is_scheme = scheme.is_none()
        && text.get(value.end) == Some(&b' ')
        && text.get(value.end + 1).is_some_and(u8::is_ascii_alphanumeric);
    if is_scheme {
        return None;
    }
    // `Basic` is proved by decoding it, so that it may hold words, which all below refuses.
    if scheme == Some(b"basic") {
        return pair::decoded(text, value, keyword.start);
    }
    let signs = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b':' | b'|')
    };
    if secret.len() < SHORTEST_TOKEN
        || !secret.iter().all(signs)
        || placeholder::is(secret)
        || published::is(secret)
        || !random::is(secret, SHORTEST_TOKEN)
    {
        return None;
    }
    Some(hit(
        value,
        keyword.start,
        if scheme.is_some() && secret.len() >= SURE_TOKEN { Rank::High } else { Rank::Medium },
    ))
}

/// Characters of a token, from here.
fn token_at(text: &[u8], at: usize) -> Range<usize> {
    let last = (at + LONGEST).min(text.len());
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b',' | b';' | b')' | b'}' | b']'
            )
    };
    let end = text[at.min(last)..last].iter().position(ends).map_or(last, |found| at + found);
    at.min(end)..end
}

/// Programs that take `user:password` with `-u` or `--user`.
const TAKE_USER: [&[u8]; 4] = [b"curl", b"http ", b"wget", b"lftp"];
/// Programs that take a password with `-p`.
const TAKE_P: [&[u8]; 10] = [
    b"docker login",
    b"podman login",
    b"sshpass",
    b"mysql",
    b"psexec",
    b"az login",
    b"helm registry login",
    b"oc login",
    b"mongo",
    b"smbclient",
];

/// `curl -u user:password`, `docker login -p password`, `mysql -ppassword`, `sshpass -p password`, `-a password` of redis-cli.
///
/// The flag alone says nothing: `-p` is a port, a path or a project to most programs. So the program must be named before it
/// on the same line. What is left is refused where it is a variable, another flag or a number (`-p 27017:27017`).
pub(super) fn command_line(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let line = window::line(text, keyword.start);
    let before = text[line.start..keyword.start].to_ascii_lowercase();
    let called =
        |names: &[&[u8]]| names.iter().any(|name| memchr::memmem::find(&before, name).is_some());
    let (at, quoted) = {
        let mut at = keyword.end;
        while matches!(text.get(at), Some(b' ' | b'=')) && at < keyword.end + 8 {
            at += 1;
        }
        let quote = matches!(text.get(at), Some(b'"' | b'\''));
        (at + usize::from(quote), quote.then(|| text[at]))
    };
    let word = match quoted {
        None => {
            let last = (at + LONGEST).min(text.len());
            let end = text[at.min(last)..last].iter().position(|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'"' | b'`' | b'|' | b'>')
            });
            at..end.map_or(last, |end| at + end)
        }
        Some(quote) => {
            let last = (at + LONGEST).min(text.len());
            at..at + text[at..last].iter().position(|&byte| byte == quote || byte == b'\n')?
        }
    };
    let flag = text[keyword.clone()].trim_ascii();
    let user = flag == b"-u" || flag == b"--user" || flag == b"--proxy-user" || flag == b"-U";
    let value = if user {
        // An address in place of `user:password`: `curl -u https://…` is a mistake of the text, and no password.
        if !called(&TAKE_USER)
            || text[word.clone()].contains(&b'/')
                && quoted.is_none()
                && memchr::memmem::find(&text[word.clone()], b"://").is_some()
        {
            return None;
        }
        let colon = memchr::memchr(b':', &text[word.clone()])?;
        let name = &text[word.start..word.start + colon];
        if name.len() >= 3 && placeholder::is(name)
            || name.contains(&b' ')
            || name.contains(&b'$')
            || name.contains(&b'<')
            || name.contains(&b'{')
        {
            return None;
        }
        let password = word.start + colon + 1..word.end;
        // Some services take a key as the user, and any password.
        let is_none =
            matches!(&text[password.clone()], b"" | b"x" | b"X" | b"api_token" | b"x-oauth-basic");
        if is_none && random::is(name, pair::SURE_PASSWORD) {
            return Some(hit(word.start..word.start + colon, keyword.start, Rank::High));
        }
        password
    } else {
        // mysql takes a password only without a blank behind `-p`; what follows one is the database.
        if !called(&TAKE_P) || (called(&[b"mysql"]) && text.get(keyword.end) == Some(&b' ')) {
            return None;
        }
        word
    };
    let secret = &text[value.clone()];
    let digits = secret.iter().any(u8::is_ascii_digit);
    if secret.len() < SHORTEST_PASSWORD
        || secret[0] == b'-'
        || secret.contains(&b'$') && !digits
        || placeholder::is(secret)
        // A number, or ports: `-p 27017:27017`.
        || secret.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'-'))
    {
        return None;
    }
    let (rank, usual) = pair::password_rank(secret);
    let facts = if usual { vec!["a usual word".into()] } else { Vec::new() };
    Some(Hit { facts, ..hit(value, keyword.start, rank) })
}

/// `host:port:database:user:password` (PostgreSQL, section 32.16).
///
/// Five fields with colons are also a time, a path list or a line of `/etc/passwd`. So the file has to be called so, or the
/// port has to be a usual one of PostgreSQL (543x) or its pools (643x).
pub(super) fn pgpass(text: &[u8], keyword: &Range<usize>, file: Option<&[u8]>) -> Option<Hit> {
    let line = window::line(text, keyword.start);
    let fields: Vec<&[u8]> = text[line.clone()].splitn(6, |&byte| byte == b':').collect();
    let [host, port, database, user, password] = fields[..] else { return None };
    let named = file.is_some_and(|file| {
        let name = file.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        memchr::memmem::find(name, b"pgpass").is_some()
    });
    let port_ok = port == b"*"
        || (port.len() <= 5 && !port.is_empty() && port.iter().all(u8::is_ascii_digit));
    let usual_port = port.starts_with(b"543") || port.starts_with(b"643");
    let simple = |part: &[u8]| {
        !part.is_empty()
            && part.iter().all(|&byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'*')
            })
    };
    let password = password.trim_ascii_end();
    if !port_ok
        || !(named || usual_port)
        || ![host, database, user].into_iter().all(simple)
        || password.len() < SHORTEST_PASSWORD
        || placeholder::is(password)
        || password.contains(&b' ')
    {
        return None;
    }
    let start = line.start + host.len() + port.len() + database.len() + user.len() + 4;
    let minor = file.is_some_and(|file| path::kind(file).is_minor());
    Some(hit(
        start..start + password.len(),
        line.start,
        if minor { Rank::Low } else { Rank::Medium },
    ))
}
