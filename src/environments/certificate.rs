//! Until when certificates are valid (X.509, RFC 5280): all that is read of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::{Date, Month, PrimitiveDateTime, Time};
use zeroize::Zeroizing;

/// What a list of values begins with.
const SEQUENCE: u8 = 0x30;
/// The version of a certificate, in front of its number.
const VERSION: u8 = 0xa0;
/// `YYMMDDHHMMSSZ`.
const UTC_TIME: u8 = 0x17;
/// `YYYYMMDDHHMMSSZ`.
const GENERALIZED_TIME: u8 = 0x18;

/// Seconds since 1970 until which the certificate that ends first is valid; `None` where there is none, or one is malformed.
///
/// Reads one in DER, or any number in PEM, with whatever is between them.
pub fn valid_until(bytes: &[u8]) -> Option<i64> {
    if bytes.first() == Some(&SEQUENCE) {
        return not_after(bytes);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut first = None;
    let mut rest = text;
    while let Some((_, block)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
        let (body, behind) = block.split_once("-----END CERTIFICATE-----")?;
        let compact: Zeroizing<Vec<u8>> =
            Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        let until = not_after(&STANDARD.decode(&*compact).ok()?)?;
        first = Some(first.map_or(until, |first: i64| first.min(until)));
        rest = behind;
    }
    first
}

/// What is next: its tag, what is in it, and what is behind it.
fn next(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&len, mut rest) = rest.split_first()?;
    let mut length = usize::from(len);
    if len >= 0x80 {
        let digits = usize::from(len & 0x7f);
        if !(1..=4).contains(&digits) || rest.len() < digits {
            return None;
        }
        let (own, behind) = rest.split_at(digits);
        length = own.iter().fold(0, |all, &digit| all << 8 | usize::from(digit));
        rest = behind;
    }
    (length <= rest.len()).then(|| (tag, &rest[..length], &rest[length..]))
}

fn sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    next(bytes).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, inner, behind)| (inner, behind))
}

fn not_after(der: &[u8]) -> Option<i64> {
    let (certificate, _) = sequence(der)?;
    let (mut body, _) = sequence(certificate)?;
    if next(body)?.0 == VERSION {
        body = next(body)?.2;
    }
    // The serial number, the algorithm, the issuer.
    for _ in 0..3 {
        body = next(body)?.2;
    }
    let (validity, _) = sequence(body)?;
    let (_, _, behind) = next(validity)?;
    let (tag, time, _) = next(behind)?;
    let text = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    if !text.is_ascii() {
        return None;
    }
    let (year, rest) = match (tag, text.len()) {
        (UTC_TIME, 12) => {
            let year: i32 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        (GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| rest.get(2 * at..2 * at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(1)?).ok()?;
    let time = Time::from_hms(part(2)?, part(3)?, part(4)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valid until 2020-02-01 00:00:00.
    const PAST: &str = include_str!("../../tests/fixtures/certificates/past.pem");
    /// Valid until 2126-11-06 05:11:01.
    const LONG: &str = include_str!("../../tests/fixtures/certificates/long.pem");

    #[test]
    fn the_first_end_counts() {
        let (past, long) = (1_580_515_200, 4_949_615_461);
        assert_eq!(valid_until(PAST.as_bytes()), Some(past));
        assert_eq!(valid_until(LONG.as_bytes()), Some(long));
        assert_eq!(valid_until(format!("{LONG}text\n{PAST}").as_bytes()), Some(past));
        let body: String = LONG.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).unwrap();
        assert_eq!(valid_until(&der), Some(long));
        for at in 0..der.len() {
            assert!(valid_until(&der[..at]).is_none() || at > 100, "{at}");
            let mut odd = der.clone();
            odd[at] ^= 0xff;
            let _ = valid_until(&odd);
        }
        for none in
            ["", "x", "-----BEGIN CERTIFICATE-----", "-----BEGIN X-----\nYQ==\n-----END X-----"]
        {
            assert_eq!(valid_until(none.as_bytes()), None);
        }
    }
}
