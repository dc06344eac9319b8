//! Private keys: PEM blocks (RFC 7468, RFC 1421) and OpenSSH's own format (its `PROTOCOL.key`), also on one line with
//! escapes, as JSON and environment files hold them.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use zeroize::Zeroizing;

use super::encoding::BASE64;
use super::hit::Hit;
use super::rank::Rank;
use super::window::{LONGEST_BLOCK, may_be_in_block};

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";
/// The least body of a private key, in bytes of DER: Ed25519 takes 48.
const SHORTEST_BODY: usize = 32;
/// What is left of a block that has no end must be longer than a line of base64, in bytes.
const LEAST_OF_BLOCK: usize = 64;
/// Characters of a line of a key at least; the shortest lines in use have 40.
const LEAST_OF_LINE: usize = 32;

/// Bytes behind a block, or what is left of one, that decide on it: whether its last line is one.
pub(super) const BEHIND: usize = 128;

/// A private key whose block begins with the keyword.
pub(super) fn at(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let start = keyword.start;
    let rest = &text[start..(start + LONGEST_BLOCK).min(text.len())];
    let label_end =
        BEGIN.len() + memchr::memmem::find(&rest[BEGIN.len()..rest.len().min(80)], DASHES)?;
    let label = &rest[BEGIN.len()..label_end];
    let kind = Kind::of(label)?;
    let body_start = label_end + DASHES.len();
    let body = &rest[body_start..];
    let headers = headers(body);
    let length = body
        .iter()
        .enumerate()
        .skip(headers)
        .position(|(at, &byte)| !may_be_in_block(byte) || body[at..].starts_with(DASHES))
        .map(|at| headers + at);
    let Some(length) = length else {
        return unfinished(text, start, start + body_start, start + rest.len());
    };
    let after = &body[length..];
    if !after.starts_with(b"-----END ") {
        return unfinished(text, start, start + body_start, start + body_start + length);
    }
    let close = memchr::memmem::find(&after[DASHES.len()..after.len().min(96)], DASHES)?;
    let end = start + body_start + length + DASHES.len() + close + DASHES.len();
    let value = start + body_start..start + body_start + length;
    let (rank, facts) = judge(&body[..length], kind)?;
    Some(Hit { facts, ..Hit::sure(value, start..end, rank) })
}

/// How long the header lines are (RFC 9580, section 6.2): at most eight, each with a colon, and short.
fn headers(body: &[u8]) -> usize {
    let body = &body[..body.len().min(1024)];
    let mut end = 0;
    for (at, line) in body.split_inclusive(|&byte| byte == b'\n').take(9).enumerate() {
        if line.len() > 128 || (at > 0 && memchr::memmem::find(line, b": ").is_none()) {
            break;
        }
        if at > 0 || line.trim_ascii().is_empty() {
            end += line.len();
        } else {
            break;
        }
    }
    if memchr::memmem::find(&body[..end], DASHES).is_some() { 0 } else { end.min(384) }
}

/// A block that was cut off, or that breaks off: what is there may be enough of a key.
fn unfinished(text: &[u8], start: usize, body: usize, end: usize) -> Option<Hit> {
    // A manual shows how a key begins.
    let behind = text[end..(end + BEHIND).min(text.len())].trim_ascii_start();
    let is_shown =
        [&b".."[..], "…".as_bytes(), b"[", b"<", b"("].iter().any(|sign| behind.starts_with(sign));
    let rank = if is_shown { Rank::Low } else { Rank::Medium };
    let facts = vec!["the block does not end".into()];
    let hit = Hit { facts, ..Hit::sure(body..end, start..end, rank) };
    (end - body > LEAST_OF_BLOCK && has_line(&text[body..end])).then_some(hit)
}

/// Whether a line of base64 is in it: remarks about a key, in the place of one, have none.
fn has_line(body: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    body.split(|byte| !letter(byte)).any(|run| run.len() >= LEAST_OF_LINE)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// PKCS #1, SEC 1, DSA and PKCS #8.
    Der,
    /// PKCS #8 with a passphrase.
    EncryptedDer,
    OpenSsh,
    /// An OpenPGP secret key (RFC 9580).
    OpenPgp,
    /// PuTTY's, SSH.com's and others, whose body is not looked into.
    Other,
}

impl Kind {
    fn of(label: &[u8]) -> Option<Self> {
        Some(match label {
            b"OPENSSH PRIVATE KEY" => Self::OpenSsh,
            b"ENCRYPTED PRIVATE KEY" => Self::EncryptedDer,
            b"PGP PRIVATE KEY BLOCK" => Self::OpenPgp,
            b"PRIVATE KEY" | b"RSA PRIVATE KEY" | b"EC PRIVATE KEY" | b"DSA PRIVATE KEY" => {
                Self::Der
            }
            _ if label.ends_with(b"PRIVATE KEY") && label.len() < 48 => Self::Other,
            _ => return None,
        })
    }
}

/// What the body of a block is.
fn judge(body: &[u8], kind: Kind) -> Option<(Rank, Vec<Cow<'static, str>>)> {
    let encrypted_header = memchr::memmem::find(body, b"Proc-Type: 4,ENCRYPTED").is_some();
    let letters = body.iter().copied().filter(u8::is_ascii_alphanumeric);
    if super::placeholder::is_filler(&letters.take(LEAST_OF_BLOCK).collect::<Vec<_>>()) {
        return None;
    }
    let Some(der) = decode(body) else {
        let alphabet = body
            .iter()
            .filter(|&&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            .count();
        return (alphabet >= 40 && has_line(body) && !super::placeholder::is_filler(body))
            .then(|| (Rank::Medium, vec!["the block is damaged".into()]));
    };
    let protected = |yes: bool| -> Vec<Cow<'static, str>> {
        vec![if yes { "passphrase-protected" } else { "not protected by a passphrase" }.into()]
    };
    if der.len() < SHORTEST_BODY {
        return None;
    }
    // Some programs write OpenSSH's format under another label.
    if kind == Kind::OpenSsh || der.starts_with(b"openssh-key-v1\0") {
        return Some(match openssh_cipher(&der) {
            Some(cipher) => (Rank::Certain, protected(cipher != b"none")),
            None => (Rank::Medium, vec!["the block is damaged".into()]),
        });
    }
    Some(match kind {
        Kind::Der if encrypted_header => (Rank::Certain, protected(true)),
        Kind::Der | Kind::EncryptedDer if is_sequence(&der) => {
            (Rank::Certain, protected(kind == Kind::EncryptedDer))
        }
        // Bit 7 of the first byte of a packet is always set; tag 5 is a secret key, in both forms of the header.
        Kind::OpenPgp if matches!(der[0], 0x94..=0x97 | 0xc5) => (Rank::Certain, Vec::new()),
        Kind::Other => (Rank::High, Vec::new()),
        _ => (Rank::Medium, vec!["the block is damaged".into()]),
    })
}

/// The body's base64, without line ends, escapes, quotes, headers, and the checksum line of OpenPGP.
fn decode(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut lines = body.split(|&byte| byte == b'\n').flat_map(|line| EscapedLines(Some(line)));
    for line in &mut lines {
        let line = uncommented(line);
        // Header lines have a colon, and OpenPGP's checksum begins with the sign for padding.
        if line.contains(&b':') || line.trim_ascii().starts_with(b"=") && plain.len() > 4 {
            continue;
        }
        plain.extend(
            line.iter().filter(|&&byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
            }),
        );
    }
    while plain.last() == Some(&b'=') {
        plain.pop();
    }
    BASE64.decode(&plain[..]).ok().map(Zeroizing::new)
}

/// A line without the sign of a comment before it.
fn uncommented(line: &[u8]) -> &[u8] {
    let trimmed = line.trim_ascii_start();
    let signs =
        trimmed.iter().take_while(|byte| matches!(byte, b'/' | b'#' | b'*' | b'>' | b'|')).count();
    match trimmed.get(signs) {
        Some(b' ' | b'\t') if signs > 0 && signs <= 3 => &trimmed[signs..],
        _ => line,
    }
}

/// Lines parted by `\n` and `\r` written out, with any number of backslashes.
struct EscapedLines<'a>(Option<&'a [u8]>);

impl<'a> Iterator for EscapedLines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0?;
        let escape = (0..rest.len().saturating_sub(1))
            .find(|&at| rest[at] == b'\\' && matches!(rest[at + 1], b'n' | b'r'));
        match escape {
            Some(at) => {
                self.0 = Some(&rest[at + 2..]);
                Some(&rest[..at])
            }
            None => {
                self.0 = None;
                Some(rest)
            }
        }
    }
}

/// The cipher that an OpenSSH key names after its magic, if the key is whole: cipher, key derivation, its options, the
/// number of keys, the public key, and the private part, each with its length.
fn openssh_cipher(der: &[u8]) -> Option<&[u8]> {
    fn string<'d>(rest: &mut &'d [u8]) -> Option<&'d [u8]> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (string, after) = after.split_at_checked(length)?;
        *rest = after;
        Some(string)
    }
    let rest = &mut der.strip_prefix(b"openssh-key-v1\0")?;
    let cipher = string(rest)?;
    string(rest)?;
    string(rest)?;
    let (_number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    string(rest)?;
    string(rest)?;
    Some(cipher)
}

/// A DER SEQUENCE (X.690, section 8.9) whose length is that of the bytes.
fn is_sequence(der: &[u8]) -> bool {
    let (header, length) = match *der {
        [0x30, length @ 0..=0x7f, ..] => (2, usize::from(length)),
        [0x30, 0x81, length, ..] => (3, usize::from(length)),
        [0x30, 0x82, high, low, ..] => (4, usize::from(high) << 8 | usize::from(low)),
        _ => return false,
    };
    header + length == der.len()
}
