//! What the value of a property must be.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The type of a property.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    #[default]
    String,
    /// A whole number.
    Int,
    /// A number, also with a fraction or an exponent.
    Number,
    /// A number of a port: 1 to 65535.
    Port,
    /// A list of YAML, TOML or JSON; where there is none, as in `.env`: values with commas between, or a list as JSON.
    List,
    /// JSON.
    Json,
    /// `true` or `false`; also `yes`, `no`, `on`, `off`, `1` and `0`, in any case.
    Bool,
    /// A scheme, a colon and something without blanks, as `https://…` and `jdbc:postgresql://…`.
    Url,
    /// `30s`, `1h30m`, `250ms`, a bare number, or ISO 8601 as `PT30S`.
    Duration,
    /// `512`, `10MB`, `1.5GiB`.
    Size,
    /// One of these.
    Enum(Vec<String>),
    /// A certificate or key between lines with BEGIN and END (RFC 7468).
    Pem,
    /// Base64 of either alphabet (RFC 4648).
    Base64,
}

impl Type {
    /// The names of the types that need no more than a name.
    pub const NAMES: [&'static str; 13] = [
        "string", "int", "number", "port", "bool", "url", "duration", "size", "enum", "list",
        "json", "pem", "base64",
    ];

    /// The type of this name; `enum` has no values yet.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "int" => Self::Int,
            "number" => Self::Number,
            "port" => Self::Port,
            "list" => Self::List,
            "json" => Self::Json,
            "bool" => Self::Bool,
            "url" => Self::Url,
            "duration" => Self::Duration,
            "size" => Self::Size,
            "enum" => Self::Enum(Vec::new()),
            "pem" => Self::Pem,
            "base64" => Self::Base64,
            _ => return None,
        })
    }

    /// The name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Number => "number",
            Self::Port => "port",
            Self::List => "list",
            Self::Json => "json",
            Self::Bool => "bool",
            Self::Url => "url",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Enum(_) => "enum",
            Self::Pem => "pem",
            Self::Base64 => "base64",
        }
    }

    /// Whether JSON, YAML and TOML write such a value without quotes.
    pub fn is_literal(&self) -> bool {
        matches!(self, Self::Int | Self::Number | Self::Port | Self::Bool)
    }

    /// What is wrong with a value, in words that hold nothing of it.
    pub fn refuse(&self, value: &str) -> Option<String> {
        let (is_good, wanted) = match self {
            Self::String => return None,
            Self::Int => (is_int(value), "a whole number".to_owned()),
            Self::Number => (is_number(value), "a number".to_owned()),
            Self::Port => (is_port(value), "a port, 1 to 65535".to_owned()),
            Self::List => (is_list(value), "a list".to_owned()),
            Self::Json => (is_json(value), "JSON".to_owned()),
            Self::Bool => (is_bool(value), "true or false".to_owned()),
            Self::Url => (is_url(value), "a URL".to_owned()),
            Self::Duration => (is_duration(value), "a duration, such as 30s".to_owned()),
            Self::Size => (is_size(value), "a size, such as 10MB".to_owned()),
            Self::Enum(values) => {
                (values.iter().any(|one| one == value), format!("one of {}", values.join(", ")))
            }
            Self::Pem => (is_pem(value), "a certificate or key in PEM".to_owned()),
            Self::Base64 => (is_base64(value), "Base64".to_owned()),
        };
        (!is_good).then(|| format!("is not {wanted}"))
    }
}

pub(in crate::environments) fn is_int(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub(in crate::environments) fn is_number(value: &str) -> bool {
    let sign = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    value.chars().all(sign)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.parse::<f64>().is_ok_and(f64::is_finite)
}

pub(in crate::environments) fn is_port(value: &str) -> bool {
    is_int(value) && value.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A list as JSON, or values with commas between.
fn is_list(value: &str) -> bool {
    if value.trim_start().starts_with('[') {
        return serde_json::from_str::<Vec<serde::de::IgnoredAny>>(value).is_ok();
    }
    value.split(',').all(|part| !part.trim().is_empty())
}

fn is_json(value: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok()
}

/// Bytes; `K` and `KB` are 1000, `KiB` 1024.
pub(super) fn size(value: &str) -> Option<f64> {
    let unit = is_size(value).then(|| number(value))??;
    let count: f64 = value[..value.len() - unit.len()].parse().ok()?;
    let unit = unit.trim_start().to_ascii_uppercase();
    let power = "KMGTP".find(unit.chars().next().unwrap_or(' ')).map_or(0, |at| at + 1);
    let base: f64 = if unit.ends_with("IB") { 1024.0 } else { 1000.0 };
    Some(count * (0..power).fold(1.0, |all, _| all * base))
}

/// Seconds; a bare number is one of seconds.
pub(super) fn duration(value: &str) -> Option<f64> {
    if !is_duration(value) {
        return None;
    }
    let is_iso = value.starts_with('P');
    let mut text = value.strip_prefix('P').unwrap_or(value);
    let (mut all, mut in_time) = (0.0, false);
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix('T').filter(|_| is_iso) {
            (text, in_time) = (rest, true);
            continue;
        }
        let rest = number(text)?;
        let count: f64 = text[..text.len() - rest.len()].parse().ok()?;
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let end = if is_iso { 1 } else { end };
        let seconds = match (rest.get(..end)?, in_time) {
            ("ns", _) => 1e-9,
            ("us", _) => 1e-6,
            ("ms", _) => 1e-3,
            ("s" | "S" | "", _) => 1.0,
            ("m", _) | ("M", true) => 60.0,
            ("h" | "H", _) => 3600.0,
            ("d" | "D", _) => 86_400.0,
            ("w" | "W", _) => 604_800.0,
            ("M", false) => 2_629_746.0,
            ("Y", _) => 31_556_952.0,
            _ => return None,
        };
        all += count * seconds;
        text = rest[end..].trim_start();
    }
    Some(all)
}

pub(in crate::environments) fn is_bool(value: &str) -> bool {
    let known = ["true", "false", "yes", "no", "on", "off", "1", "0"];
    known.iter().any(|known| value.eq_ignore_ascii_case(known))
}

pub(in crate::environments) fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(sign)
        && rest.contains("//")
        && !rest.ends_with("//")
        && !value.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A number, and what follows it.
fn number(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    if whole.is_empty() {
        return None;
    }
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    (end > 0).then(|| &fraction[end..])
}

pub(in crate::environments) fn is_duration(value: &str) -> bool {
    if let Some(iso) = value.strip_prefix('P') {
        let (date, time) =
            iso.split_once('T').map_or((iso, None), |(date, time)| (date, Some(time)));
        let are = |mut text: &str, units: &str| {
            while !text.is_empty() {
                let Some(rest) = number(text) else { return false };
                let Some(unit) = rest.chars().next().filter(|unit| units.contains(*unit)) else {
                    return false;
                };
                text = &rest[unit.len_utf8()..];
            }
            true
        };
        return !(date.is_empty() && time.is_none_or(str::is_empty))
            && are(date, "YMWD")
            && time.is_none_or(|time| !time.is_empty() && are(time, "HMS"));
    }
    let mut text = value;
    if number(text) == Some("") {
        return true;
    }
    while !text.is_empty() {
        let Some(rest) = number(text) else { return false };
        let rest = rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if !["ns", "us", "ms", "s", "m", "h", "d", "w"].contains(&&rest[..end]) {
            return false;
        }
        text = rest[end..].trim_start();
    }
    !value.is_empty()
}

pub(in crate::environments) fn is_size(value: &str) -> bool {
    let Some(unit) = number(value) else { return false };
    let unit = unit.trim_start().to_ascii_uppercase();
    let prefix = unit.strip_suffix("IB").or_else(|| unit.strip_suffix('B')).unwrap_or(&unit);
    unit == "B" || ["", "K", "M", "G", "T", "P"].contains(&prefix)
}

pub(in crate::environments) fn is_pem(value: &str) -> bool {
    // Some write the block on one line, with the two signs of an escape for each line end.
    let value = zeroize::Zeroizing::new(value.replace("\\n", "\n"));
    let mut lines = value.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_none() {
        return false;
    }
    while let Some(line) = lines.next() {
        let begin = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----"));
        let Some(label) = begin else { return false };
        let mut ended = false;
        for line in lines.by_ref() {
            if let Some(end) = line.strip_prefix("-----END ") {
                ended = end.strip_suffix("-----") == Some(label);
                break;
            }
            let sign = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
            if !line.bytes().all(sign) {
                return false;
            }
        }
        if !ended {
            return false;
        }
    }
    true
}

pub(in crate::environments) fn is_base64(value: &str) -> bool {
    let compact: zeroize::Zeroizing<Vec<u8>> =
        zeroize::Zeroizing::new(value.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let decodes = |engine: &base64::engine::GeneralPurpose| {
        engine.decode(&*compact).map(zeroize::Zeroizing::new).is_ok()
    };
    !compact.is_empty()
        && [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().any(decodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_what_it_says_and_nothing_else() {
        for (name, good, bad) in [
            ("string", &["", "x"][..], &[][..]),
            ("int", &["0", "-12", "+3", "007"], &["", "1.5", "x", "-", "1e3"]),
            ("bool", &["true", "FALSE", "yes", "0"], &["", "2", "ja"]),
            (
                "url",
                &["https://x", "jdbc:postgresql://h:1/db?a=b", "amqp://u:p@h"],
                &["", "x", "https://", "//x", "https://a b", "mailto:x", "1a://x"],
            ),
            (
                "duration",
                &[
                    "30s", "1h30m", "250ms", "5", "1.5h", "1h 30m", "PT5M", "P1DT2H", "P1W",
                    "PT0.5S",
                ],
                &["", "x", "5x", "P", "PT", "P1", "1h30", "5 minutes"],
            ),
            (
                "size",
                &["512", "10MB", "1.5GiB", "10 kB", "1B", "3G"],
                &["", "MB", "1X", "1.", "1IBB"],
            ),
            (
                "pem",
                &[
                    "-----BEGIN X-----\nYQ==\n-----END X-----\n",
                    "-----BEGIN X-----\\nYQ==\\n-----END X-----\\n",
                    "-----BEGIN A-----\nYQ==\n-----END A-----\n-----BEGIN B-----\nYQ==\n-----END B-----",
                ],
                &["", "x", "-----BEGIN X-----\nYQ==\n", "-----BEGIN X-----\n-----END Y-----\n"],
            ),
            (
                "number",
                &["1", "-1.5", "1e3", ".5", "+2"],
                &["", "x", "1,5", "inf", "NaN", "-", "e"],
            ),
            ("port", &["1", "8080", "65535"], &["", "0", "65536", "-1", "http", "+"]),
            ("list", &["a", "a,b", "[1, \"x\"]", "[]"], &["", "a,,b", "[1", ","]),
            ("json", &["{}", "[1]", "1", "\"x\""], &["", "{", "x", "{a: 1}"]),
            ("base64", &["YQ==", "YQ", "_-8", "YW\nJj"], &["", "Y", "a b!", "YQ=x"]),
        ] {
            let kind = Type::named(name).unwrap();
            assert_eq!(kind.name(), name);
            for value in good {
                assert_eq!(kind.refuse(value), None, "{name} {value:?}");
            }
            for value in bad {
                let why = kind.refuse(value).unwrap_or_else(|| panic!("{name} takes {value:?}"));
                assert!(value.len() < 4 || !why.contains(value), "{why}");
            }
        }
        for (text, bytes) in
            [("512", 512.0), ("10MB", 1e7), ("1.5GiB", 1_610_612_736.0), ("1B", 1.0)]
        {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for (text, seconds) in [
            ("30s", 30.0),
            ("1h 30m", 5400.0),
            ("250ms", 0.25),
            ("5", 5.0),
            ("P1DT2H", 93_600.0),
            ("PT5M", 300.0),
        ] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        let kind = Type::Enum(vec!["a".into(), "b".into()]);
        assert_eq!(kind.refuse("a"), None);
        assert_eq!(kind.refuse("canary").unwrap(), "is not one of a, b");
        assert_eq!(Type::named("text"), None);
        assert!(Type::NAMES.iter().all(|name| Type::named(name).is_some()));
    }
}
