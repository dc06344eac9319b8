//! The notation of the examples: a name in braces becomes text of that kind, the same at every run.
//!
//! `{base62:30}` is thirty digits of base62; likewise `hex`, `HEX`, `digit`, `lower`, `upper`, `alnum` (digits and small
//! letters), `ALNUM`, `b32`, `b58`, `b64`, `b64url` and `bech`. Without a length: `{uuid}`; `{crc32}`, the checksum of what
//! is between the last low line and here; `{jwt}`, `{base64jwt}`, `{basic}`, `{discord}`, `{age}`, `{card}`, `{iban}`; `{nkey:U}`, a seed for this role;
//! `{pem:LABEL}` and `{pemjson:LABEL}`, a block on lines and with `\n` written out; `{openssh:CIPHER}`. Other braces stay.
//! So no example looks like a token to any scanner, ours among them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::detect::check;

/// Bytes that depend on the seed only.
struct Stream {
    seed: String,
    block: u32,
    bytes: Vec<u8>,
}

impl Stream {
    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.bytes.pop() {
                return byte;
            }
            self.bytes = Sha256::digest(format!("{}/{}", self.seed, self.block)).to_vec();
            self.block += 1;
        }
    }

    fn of(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(alphabet[usize::from(self.byte()) % alphabet.len()]))
            .collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }
}

const DIGITS: &[u8] = b"0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BECH: &[u8] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/// The text that an example stands for.
pub(crate) fn expand(template: &str, seed: &str) -> String {
    let mut stream = Stream { seed: seed.to_owned(), block: 0, bytes: Vec::new() };
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let made = rest.find('}').and_then(|close| {
            let (name, argument) = rest[1..close].split_once(':').unwrap_or((&rest[1..close], ""));
            made(name, argument, &text, &mut stream).map(|made| (made, close))
        });
        match made {
            Some((made, close)) => {
                text.push_str(&made);
                rest = &rest[close + 1..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

fn made(name: &str, argument: &str, before: &str, stream: &mut Stream) -> Option<String> {
    let alphabet = match name {
        "hex" => Some(b"0123456789abcdef".to_vec()),
        "HEX" => Some(b"0123456789ABCDEF".to_vec()),
        "digit" => Some(DIGITS.to_vec()),
        "lower" => Some(LOWER.to_vec()),
        "upper" => Some(UPPER.to_vec()),
        "alnum" => Some([DIGITS, LOWER].concat()),
        "ALNUM" => Some([DIGITS, UPPER].concat()),
        "base62" => Some([DIGITS, UPPER, LOWER].concat()),
        "b32" => Some([UPPER, b"234567"].concat()),
        "b58" => Some(
            [DIGITS, UPPER, LOWER]
                .concat()
                .into_iter()
                .filter(|byte| !b"0OIl".contains(byte))
                .collect(),
        ),
        "b64" => Some([DIGITS, UPPER, LOWER, b"+/"].concat()),
        "b64url" => Some([DIGITS, UPPER, LOWER, b"-_"].concat()),
        "bech" => Some(BECH.to_vec()),
        _ => None,
    };
    if let Some(alphabet) = alphabet {
        return Some(stream.of(&alphabet, argument.parse().ok()?));
    }
    let base62 = |stream: &mut Stream, length| stream.of(&[DIGITS, UPPER, LOWER].concat(), length);
    Some(match name {
        "uuid" => {
            let hex = stream.of(b"0123456789abcdef", 32);
            format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            )
        }
        "crc32" => {
            let start = before.rfind('_').map_or(0, |at| at + 1);
            String::from_utf8(check::base62(crc32fast::hash(&before.as_bytes()[start..])).to_vec())
                .unwrap()
        }
        "jwt" | "base64jwt" => {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            let subject = format!(r#"{{"sub":"{}","exp":1893456000}}"#, base62(stream, 12));
            let jwt = format!(
                "{}.{}.{}",
                part(r#"{"alg":"HS256","typ":"JWT"}"#),
                part(&subject),
                URL_SAFE_NO_PAD.encode(stream.bytes(32))
            );
            if name == "jwt" { jwt } else { STANDARD.encode(jwt) }
        }
        "discord" => STANDARD.encode(format!("1{}", stream.of(DIGITS, 17))),
        "basic" => STANDARD.encode(format!("bot:{}", base62(stream, 16))),
        "age" => {
            let prefix = bech32::Hrp::parse_unchecked("age-secret-key-");
            bech32::encode_upper::<bech32::Bech32>(prefix, &stream.bytes(32)).unwrap()
        }
        "nkey" => {
            let role = argument.bytes().next()? - b'A';
            let mut bytes = vec![0x90 | role >> 2, role << 6];
            bytes.extend(stream.bytes(32));
            bytes.extend(check::crc16(&bytes).to_le_bytes());
            let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
            let bits: Vec<u8> = bits.collect();
            let digit =
                |five: &[u8]| five.iter().fold(0, |sum, bit| sum << 1 | bit) << (5 - five.len());
            let digits =
                bits.chunks(5).map(|five| [UPPER, b"234567"].concat()[digit(five) as usize]);
            digits.map(char::from).collect()
        }
        "card" => {
            let mut digits = vec![4];
            digits.extend((0..14).map(|_| stream.byte() % 10));
            digits
                .push((0..10).find(|&last| check::luhn(&[&digits[..], &[last]].concat())).unwrap());
            digits.iter().map(|digit| char::from(b'0' + digit)).collect()
        }
        "iban" => {
            let account = stream.of(DIGITS, 18);
            (2..99)
                .map(|check| format!("DE{check:02}{account}"))
                .find(|iban| check::iban_is_right(iban.as_bytes()))
                .unwrap()
        }
        "pem" => block(argument, &der(stream), "\n"),
        "pemjson" => block(argument, &der(stream), "\\n"),
        "openssh" => block("OPENSSH PRIVATE KEY", &openssh(argument, stream), "\n"),
        _ => return None,
    })
}

/// A SEQUENCE of random bytes, as long as a small key.
fn der(stream: &mut Stream) -> Vec<u8> {
    [&[0x30, 0x82, 0x01, 0x20][..], &stream.bytes(0x120)].concat()
}

fn openssh(cipher: &str, stream: &mut Stream) -> Vec<u8> {
    let string =
        |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let (public, private) = (stream.bytes(51), stream.bytes(136));
    [
        &b"openssh-key-v1\0"[..],
        &string(cipher.as_bytes()),
        &string(b"none"),
        &string(b""),
        &[0, 0, 0, 1],
        &string(&public),
        &string(&private),
    ]
    .concat()
}

fn block(label: &str, der: &[u8], end: &str) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----{end}{}{end}-----END {label}-----", lines.join(end))
}
