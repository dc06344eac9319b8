//! Values that are assigned to a promising name and are no secret: addresses, names, code, numbers.

use super::assignment::Assignment;
use super::operator::Operator;
use super::path::PathKind;
use super::surroundings::setting;
use super::thresholds::{NAME_FROM, PATH_FROM, PHRASE_FROM, RANDOM_SECRET};
use super::{name, placeholder, random, words};

/// Bytes that are looked at for the beginning of a quoted text.
const LONGEST_TEXT: usize = 128;
/// Bytes of the shortest hash of a password: crypt's with MD5 has 22 behind its salt.
const SHORTEST_HASH: usize = 26;

/// What is no secret of any kind: placeholders, addresses, names, code.
pub(super) fn is(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
    let name = &text[found.name.clone()];
    placeholder::is(value)
        || placeholder::is_phrase(value)
        || is_address(value)
        || is_public(value)
        || is_hash(value)
        || is_text_of_key(text, found)
        || repeats_name(name, value)
        || is_binary(value)
        || (found.operator == Operator::Argument && !name::ends_in_keyword(name))
        || (!found.quoted
            && (is_code(text, found, value) || is_literal(value) || is_constant(value)))
        || (found.quoted && continues(text, found))
}

/// What is no secret in a file of this kind.
pub(super) fn is_in(text: &[u8], found: &Assignment, value: &[u8], path: PathKind) -> bool {
    match path {
        PathKind::Lock => true,
        PathKind::Settings => false,
        PathKind::Texts => !random::is(value, RANDOM_SECRET),
        _ if found.quoted => false,
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
    modular || named.into_iter().any(starts)
}

/// Paths, URLs, selectors, formats: what begins or looks like them.
fn is_address(value: &[u8]) -> bool {
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
        || has_version(value)
        || (matches!(value.first(), Some(b'#' | b'.'))
            && value[1..].iter().all(|&byte| byte.is_ascii_lowercase() || byte == b'-'))
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

/// UUIDs stand for things; integrity values, public keys and password hashes are meant to be seen.
fn is_public(value: &[u8]) -> bool {
    [
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

/// A bare value that is a program's expression: a call, a path into an object, a type, a reference.
fn is_code(text: &[u8], found: &Assignment, value: &[u8]) -> bool {
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

/// Bytes written as escapes: the input of a test, or a picture.
fn is_binary(value: &[u8]) -> bool {
    memchr::memmem::find_iter(value, b"\\x").count() >= 3
        || memchr::memmem::find_iter(value, b"\\u").count() >= 3
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
