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
    pub const NAMES: [&'static str; 9] =
        ["string", "int", "bool", "url", "duration", "size", "enum", "pem", "base64"];

    /// The type of this name; `enum` has no values yet.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "int" => Self::Int,
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
        matches!(self, Self::Int | Self::Bool)
    }

    /// What is wrong with a value, in words that hold nothing of it.
    pub fn refuse(&self, value: &str) -> Option<String> {
        let (is_good, wanted) = match self {
            Self::String => return None,
            Self::Int => (is_int(value), "a whole number".to_owned()),
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
        let kind = Type::Enum(vec!["a".into(), "b".into()]);
        assert_eq!(kind.refuse("a"), None);
        assert_eq!(kind.refuse("canary").unwrap(), "is not one of a, b");
        assert_eq!(Type::named("text"), None);
        assert!(Type::NAMES.iter().all(|name| Type::named(name).is_some()));
    }
}
