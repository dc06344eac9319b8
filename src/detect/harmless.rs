//! Values that are assigned to a promising name and are no secret: addresses, names, code, numbers.

use super::assignment::Assignment;
use super::operator::Operator;
use super::path::PathKind;
use super::surroundings::setting;
use super::thresholds::{PHRASE_FROM, RANDOM_SECRET, SHORTEST_SECRET};
use super::{address, code, name, pair, placeholder, published, random, words};

/// Bytes that are looked at for the beginning of a quoted text.
pub(super) const LONGEST_TEXT: usize = 128;
/// Characters that write a key for signatures as escapes: 8 to 64 drawn bytes.
const SESSION_KEY: std::ops::RangeInclusive<usize> = 16..=256;
/// Bytes of the name of a call.
const LONGEST_CALL: usize = 64;
/// Bytes of the shortest hash of a password: crypt's with MD5 has 22 behind its salt.
const SHORTEST_HASH: usize = 26;

/// What is no secret of any kind: placeholders, addresses, names, code.
pub(super) fn is(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    let name = &text[found.name.clone()];
    placeholder::is(value)
        || placeholder::is_phrase(value)
        || address::is(value)
        || is_public(value)
        || published::is(value)
        || is_hash(value)
        || is_text_of_key(text, found)
        || repeats_name(name, value)
        || is_binary(value) && !is_session_key(name, value)
        || pair::is_concatenation(value)
        || is_hashed(text, found)
        || is_part_of_arn(text, found)
        || is_command(text, found, value)
        || is_prompt(value)
        || (found.operator == Operator::Argument && !name::ends_in_keyword(name))
        || (!found.quoted && code::is(text, found, value))
        || (found.quoted && continues(text, found))
}

/// What is no secret in a file of this kind.
pub(super) fn is_in(text: &[u8], found: &Assignment, value: &[u8], path: PathKind) -> bool {
    match path {
        PathKind::Lock => true,
        PathKind::Settings => false,
        PathKind::Texts => !random::is(value, RANDOM_SECRET),
        _ if found.quoted => false,
        _ if path.is_code() && value.iter().all(u8::is_ascii_digit) => true,
        _ if path.is_code() => {
            is_cut_from_code(value) || is_expression(value) && !is_variable(text, found)
        }
        _ => is_cut_from_code(value) && !setting(text, found),
    }
}

/// `args[0]`, `x509PrivateKey`, `schema.Name`: the name of something, or a part of it.
fn is_expression(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or_default();
    (first.is_ascii_alphabetic() || first == b'_')
        && value.iter().all(|&byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'[' | b']' | b',')
        })
}

/// `DB_PASSWORD=…` on a line of its own, as texts within programs and remarks have it.
fn is_variable(text: &[u8], found: &Assignment) -> bool {
    setting(text, found)
        && text[found.name.clone()].iter().all(|byte| !byte.is_ascii_lowercase())
        && found.value.start == found.name.end + 1
}

/// `U}):null}),K.jsx(En,{path:rS`: what is left of a program without blanks where a value was looked for.
fn is_cut_from_code(value: &[u8]) -> bool {
    value.iter().any(|byte| matches!(byte, b'(' | b')' | b'{' | b'}' | b';'))
        || memchr::memmem::find(value, b"=>").is_some()
        || memchr::memmem::find(value, b"&&").is_some()
}

/// `"Enter the new password": "…"`: a text and its translation.
fn is_text_of_key(text: &[u8], found: &Assignment) -> bool {
    let Some(&quote @ (b'"' | b'\'' | b'`')) = text.get(found.name.end) else { return false };
    let first = found.name.start.saturating_sub(LONGEST_TEXT);
    let before = &text[first..found.name.start];
    let open = memchr::memrchr2(quote, b'\n', before).filter(|&at| before[at] == quote);
    open.is_some_and(|open| before[open + 1..].contains(&b' '))
}

/// `$argon2id$…`, `{SSHA}…`: the hash of a password: another rule is for those.
fn is_hash(value: &[u8]) -> bool {
    // A line of Apache's `htpasswd`: `user:$apr1$…`.
    let colon = memchr::memchr(b':', value).filter(|&at| value[at + 1..].starts_with(b"$"));
    let value = colon.map_or(value, |at| &value[at + 1..]);
    let scheme = value.strip_prefix(b"$").and_then(|rest| rest.split(|&byte| byte == b'$').next());
    let modular = scheme.is_some_and(|scheme| {
        (1..=20).contains(&scheme.len())
            && scheme
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && value.iter().filter(|&&byte| byte == b'$').count() >= 3
            && value.len() >= SHORTEST_HASH
    });
    let starts =
        |sign: &[u8]| value.len() > sign.len() && value[..sign.len()].eq_ignore_ascii_case(sign);
    let named = [
        &b"{ssha"[..],
        b"{sha",
        b"{smd5}",
        b"{md5}",
        b"{crypt}",
        b"pbkdf2_",
        b"pbkdf2:",
        b"scrypt:",
        b"bcrypt",
        b"scram-sha-",
    ];
    // MySQL writes a star and forty digits, PostgreSQL `md5` and thirty-two.
    let hex = |digits: &[u8], length: usize| {
        digits.len() == length && digits.iter().all(u8::is_ascii_hexdigit)
    };
    let prefixed = value.strip_prefix(b"*").is_some_and(|rest| hex(rest, 40))
        || value.strip_prefix(b"md5").is_some_and(|rest| hex(rest, 32));
    modular || prefixed || named.into_iter().any(starts)
}

/// `hash("password", "salt")`, `Check("password", "$2a…")`: the word is the password, and what follows is made of it.
fn is_hashed(text: &[u8], found: &Assignment) -> bool {
    let Some(open) = found.name.start.checked_sub(2) else { return false };
    if found.operator != Operator::Argument || text[open] != b'(' {
        return false;
    }
    let first = open.saturating_sub(LONGEST_CALL);
    let length =
        text[first..open].iter().rev().take_while(|&&byte| super::window::is_word(byte)).count();
    let call = text[open - length..open].to_ascii_lowercase();
    [
        &b"hash"[..],
        b"check",
        b"verify",
        b"compare",
        b"crypt",
        b"derive",
        b"match",
        b"equal",
        b"valid",
    ]
    .iter()
    .any(|word| memchr::memmem::find(&call, word).is_some())
}

/// `arn:aws:secretsmanager:…:secret:name`: the name of a secret, and where it is.
fn is_part_of_arn(text: &[u8], found: &Assignment) -> bool {
    let first = found.name.start.saturating_sub(LONGEST_TEXT);
    let before = &text[first..found.name.start];
    let start = before.iter().rposition(|byte| !byte.is_ascii_graphic()).map_or(0, |at| at + 1);
    before.ends_with(b":") && memchr::memmem::find(&before[start..], b"arn:").is_some()
}

/// What a shell runs in place of the text: `` PASSWORD=`cat file` ``.
fn is_command(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    found.quoted
        && found.operator == Operator::Equals
        && found.value.start == found.name.end + 2
        && text[found.name.end + 1] == b'`'
        && value.contains(&b' ')
}

/// UUIDs stand for things; integrity values, public keys and password hashes are meant to be seen.
fn is_public(value: &[u8]) -> bool {
    // A UUID of version 1 is a clock and the address of a machine.
    let is_clock = value.len() == 36
        && value[8] == b'-'
        && value[13..15] == *b"-1"
        && value.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_clock
        || [
            "sha1-",
            "sha256-",
            "sha384-",
            "sha512-",
            "sha1:",
            "sha256:",
            "sha512:",
            "md5:",
            "h1:",
            "ssh-rsa ",
            "ssh-ed25519 ",
            "ecdsa-sha2-",
            "-----BEGIN",
            "MIIBIjANBg",
            "MIICIjANBg",
            "age1",
            "0x0",
        ]
        .iter()
        .any(|sign| value.starts_with(sign.as_bytes()))
}

/// `password = "password"`, `PASSWORD_KEY = "password_key"`: a key into a table, or a form's field.
fn repeats_name(name: &[u8], value: &[u8]) -> bool {
    let plain = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let (name, value) = (plain(name), plain(value));
    !value.is_empty()
        && (name.ends_with(&value)
            || (value.len() >= 8
                && value.ends_with(&name[name.len().saturating_sub(8)..])
                && words::efficiency(&value) > PHRASE_FROM))
}

/// `Password:`: what a program asks.
fn is_prompt(value: &[u8]) -> bool {
    value.split_last().is_some_and(|(last, rest)| {
        *last == b':' && rest.iter().all(|&byte| byte.is_ascii_alphabetic() || byte == b' ')
    })
}

/// Bytes written as escapes: the input of a test, or a picture.
fn is_binary(value: &[u8]) -> bool {
    memchr::memmem::find_iter(value, b"\\x").count() >= 3
        || memchr::memmem::find_iter(value, b"\\u").count() >= 3
}

/// `SECRET_KEY = "\x13\xa2…"`: drawn bytes with which a web application signs its cookies.
fn is_session_key(name: &[u8], value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    (name.ends_with(b"secret_key") || name.ends_with(b"secret"))
        && (SESSION_KEY.contains(&value.len()))
        && random::is(value, SHORTEST_SECRET)
}

/// The quoted text is a part of an expression: `"prefix" + name`, `"format" % name`.
fn continues(text: &[u8], found: &Assignment) -> bool {
    let rest = &text[found.value.end..(found.value.end + 8).min(text.len())];
    let rest = rest.get(1..).unwrap_or_default().trim_ascii_start();
    rest.starts_with(b"%")
        || rest.starts_with(b"+ ")
        || rest.starts_with(b". $")
        || rest.starts_with(b".format")
        || rest.starts_with(b"+$")
}
