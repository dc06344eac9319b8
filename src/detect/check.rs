//! Checksums and structure: what can be known about a value without asking anybody.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};

use super::hit::Hit;
use super::placeholder;
use super::rank::Rank;

/// As JOSE writes it (RFC 7515, section 2), and with padding too.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether the last six characters are the CRC-32 of those between them and the last low line, in base62.
///
/// GitHub's and npm's tokens are made so ("Behind GitHub's new authentication token formats", 2021).
pub(super) fn crc32_base62(token: &[u8]) -> bool {
    let start = memchr::memrchr(b'_', token).map_or(0, |at| at + 1);
    let Some(split) = token.len().checked_sub(6).filter(|&split| split > start) else {
        return false;
    };
    // Fine-grained tokens: the checksum is of all that is before it.
    base62(crc32fast::hash(&token[start..split])) == token[split..]
        || base62(crc32fast::hash(&token[..split])) == token[split..]
}

/// Whether the last two bytes of what base32 says are the CRC-16 of those before them, least byte first: so a seed of NATS
/// ends (`nkeys`, "Internals").
pub(super) fn nkey(seed: &[u8]) -> bool {
    let mut bytes = Vec::with_capacity(seed.len() * 5 / 8);
    let (mut bits, mut have) = (0u32, 0);
    for &digit in seed {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return false,
        };
        bits = (bits << 5 | u32::from(value)) & 0xfff;
        have += 5;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have & 0xff) as u8);
        }
    }
    let Some((body, sum)) = bytes.split_last_chunk::<2>() else { return false };
    !body.is_empty() && crc16(body) == u16::from_le_bytes(*sum)
}

/// CRC-16 with the polynomial of CCITT, beginning with nought (XMODEM).
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    })
}

/// A number in base62, as six digits.
pub(crate) fn base62(number: u32) -> [u8; 6] {
    let mut digits = *b"000000";
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// Whether the text is Bech32 with a right checksum.
pub(super) fn bech32(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        bech32::primitives::decode::CheckedHrpstring::new::<bech32::Bech32>(text).is_ok()
    })
}

/// What the header of a JSON web token says; nothing if it is none.
pub(super) fn jwt(token: &[u8]) -> Option<Vec<Cow<'static, str>>> {
    let mut parts = token.split(|&byte| byte == b'.');
    let header = object(parts.next()?)?;
    header.get("alg").or_else(|| header.get("enc"))?;
    let mut facts = Vec::new();
    let payload = parts.next().and_then(object);
    if parts.next().is_none_or(<[u8]>::is_empty) {
        payload.as_ref()?;
        facts.push("has no signature".into());
    }
    if payload.as_ref().is_some_and(|payload| payload.get("exp").is_some()) {
        facts.push("has a date of expiry".into());
    }
    if header
        .get("alg")
        .and_then(serde_json::Value::as_str)
        .is_some_and(|name| name.eq_ignore_ascii_case("none"))
    {
        facts.push("unsigned".into());
    }
    Some(facts)
}

fn object(part: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_slice(&BASE64URL.decode(part).ok()?).ok()
}

/// Whether the part that begins with `eyJ` is a JSON object in base64; right where there is no such part.
pub(super) fn holds_object(token: &[u8]) -> bool {
    let Some(start) = memchr::memmem::find(token, b"eyJ") else { return true };
    let part = token[start..].split(|&byte| byte == b'_').next().unwrap_or_default();
    let decoded = super::encoding::BASE64.decode(part).ok();
    decoded.is_some_and(|text| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text).is_ok()
    })
}

/// Whether the first part of a token is a number in base64: the user id, in a bot token of Discord.
pub(super) fn begins_with_number(token: &[u8]) -> bool {
    let first = token.split(|&byte| byte == b'.').next().unwrap_or_default();
    BASE64URL.decode(first).is_ok_and(|number| {
        (15..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
    })
}

/// The account that an AWS key id belongs to: bits 1 to 40 of the ten bytes that its sixteen base32 digits stand for.
///
/// Key ids made before 2019 hold no account; theirs begin with I or J.
pub(super) fn aws_account(id: &[u8]) -> Option<Cow<'static, str>> {
    let digits = id.get(4..20).filter(|_| id.len() == 20)?;
    if matches!(digits[0], b'I' | b'J') {
        return None;
    }
    let mut bits = 0u128;
    for &digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u128::from(value);
    }
    let account = (bits >> 39) & ((1 << 40) - 1);
    Some(format!("AWS account {account:012}").into())
}

/// A payment card's number (ISO/IEC 7812) by its first digits, length and last digit.
pub(super) fn card(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let value = digits_near(text, keyword)?;
    let digits: Vec<u8> = text[value.clone()]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect();
    let right = match digits[..] {
        [4, ..] => matches!(digits.len(), 13 | 16 | 19),
        [5, 1..=5, ..] | [2, 2..=7, ..] | [6, 0 | 5, ..] => digits.len() == 16,
        [3, 4 | 7, ..] => digits.len() == 15,
        _ => false,
    };
    // The numbers that payment services publish for tests are mostly one digit over and over.
    let published =
        digits.windows(4).filter(|four| four.iter().all(|digit| digit == &four[0])).count() >= 2
            || digits.starts_with(&[4, 2, 4, 2])
            || digits.starts_with(&[4, 1, 1, 1]);
    if !right || published || !luhn(&digits) || placeholder::is_filler(&text[value.clone()]) {
        return None;
    }
    let matched = keyword.start..value.end;
    let facts = vec!["the check digit is right".into()];
    Some(Hit { facts, ..Hit::sure(value, matched, Rank::Low) })
}

/// Digits in groups, soon after a keyword.
fn digits_near(text: &[u8], keyword: &Range<usize>) -> Option<Range<usize>> {
    let last = (keyword.end + 32).min(text.len());
    let start = keyword.end
        + text[keyword.end..last]
            .iter()
            .position(|byte| byte.is_ascii_digit() || *byte == b'\n')?;
    let limit = (start + 24).min(text.len());
    let part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
    let end = text[start..limit].iter().position(|byte| !part(byte)).map_or(limit, |at| start + at);
    let trimmed = text[start..end].iter().rposition(u8::is_ascii_digit)?;
    Some(start..start + trimmed + 1)
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            let digit = u32::from(digit) * if at % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// An IBAN (ISO 13616) by its check digits, soon after a keyword.
pub(super) fn iban(text: &[u8], keyword: &Range<usize>) -> Option<Hit> {
    let last = (keyword.end + 24).min(text.len());
    let start = (keyword.end..last).find(|&at| {
        text[at].is_ascii_uppercase()
            && super::window::begins_word(text, at)
            && text.get(at + 1).is_some_and(u8::is_ascii_uppercase)
            && text.get(at + 2).is_some_and(u8::is_ascii_digit)
    })?;
    let limit = (start + 42).min(text.len());
    let part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    let end = text[start..limit].iter().position(|byte| !part(byte)).map_or(limit, |at| start + at);
    let end = start + text[start..end].trim_ascii_end().len();
    if !iban_is_right(&text[start..end]) {
        return None;
    }
    let matched = keyword.start..end;
    let facts = vec!["the check digits are right".into()];
    Some(Hit { facts, ..Hit::sure(start..end, matched, Rank::Low) })
}

/// Modulo 97, after the first four characters were put last (ISO 7064).
pub(crate) fn iban_is_right(iban: &[u8]) -> bool {
    let plain: Vec<u8> = iban.iter().copied().filter(|&byte| byte != b' ').collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let rest = plain[4..].iter().chain(&plain[..4]).try_fold(0u32, |rest, &byte| match byte {
        b'0'..=b'9' => Some((rest * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    });
    rest == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_in_base62_is_right_or_wrong() {
        let random = "A".repeat(12) + "b7Kz0Qw3Lm5Np8Rt2V";
        let digits = base62(crc32fast::hash(random.as_bytes()));
        let token = format!("ghp_{random}{}", std::str::from_utf8(&digits).unwrap());
        assert!(crc32_base62(token.as_bytes()));
        assert!(!crc32_base62(token.to_ascii_lowercase().as_bytes()));
        assert!(!crc32_base62(b"ghp_"));
        assert_eq!(base62(0), *b"000000");
        assert_eq!(base62(u32::MAX), *b"4gfFC3");
    }

    #[test]
    fn a_key_id_names_its_account() {
        // The account of AWS's own published example of this encoding.
        assert_eq!(aws_account(b"ASIAQNZGKIQY56JQ7WML").unwrap(), "AWS account 029608264753");
        assert_eq!(aws_account(b"AKIAIOSFODNN7EXAMPLE"), None);
        assert_eq!(aws_account(b"AKIA1OSFODNN7EXAMPLE"), None);
        assert_eq!(aws_account(b"AKIA"), None);
    }

    #[test]
    fn check_digits_are_checked() {
        assert!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]));
        assert!(!luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 4]));
        assert!(iban_is_right(b"GB82 WEST 1234 5698 7654 32"));
        assert!(!iban_is_right(b"GB83 WEST 1234 5698 7654 32"));
        assert!(!iban_is_right(b"GB82"));
    }

    #[test]
    fn a_token_without_a_header_is_no_jwt() {
        let part = |text: &str| BASE64URL.encode(text).replace('=', "");
        let token = format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(r#"{"exp":1}"#));
        assert_eq!(jwt(token.as_bytes()).unwrap(), ["has a date of expiry"]);
        assert!(jwt(format!("{}.e30.x", part("{}")).as_bytes()).is_none());
        assert!(jwt(b"eyJ.eyJ.x").is_none());
    }
}
