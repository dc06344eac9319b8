//! Numbers without quotes, and how JSON writes the same number.

use super::{Format, Kind};

/// A number as JSON writes it, from how a format writes it: `0x1F` is 31. `None` where the format takes it for text, or
/// where JSON has no such number.
pub fn json(format: Format, text: &str) -> Option<String> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' if format != Format::Json => ("", &text[1..]),
        _ => ("", text),
    };
    let digits = &*match format {
        // A sign between two digits.
        Format::Toml | Format::Yaml => underscores(digits)?,
        _ => digits.to_owned(),
    };
    let radix = |prefix, radix| Some((digits.strip_prefix(prefix)?, radix));
    let prefixed = match format {
        Format::Toml => radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)),
        Format::Yaml => radix("0x", 16).or_else(|| radix("0o", 8)),
        _ => None,
    };
    if let Some((digits, radix)) = prefixed {
        let number = digits.starts_with(|c: char| c.is_ascii_alphanumeric());
        let number = u128::from_str_radix(digits, radix).ok().filter(|_| number)?;
        return Some(format!("{sign}{number}"));
    }
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], &digits[at..]),
        None => (digits, ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let has_fraction = mantissa.contains('.');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.get(1..).map_or("0", |power| power.trim_start_matches(['+', '-']));
    let bare = format == Format::Yaml;
    let sound = are_digits(whole)
        && are_digits(fraction)
        && are_digits(power)
        && !power.is_empty()
        && exponent.len() <= power.len() + 2
        && (bare && !(whole.is_empty() && fraction.is_empty())
            || !whole.is_empty() && !fraction.is_empty())
        // An octal number or text, for some.
        && (whole.len() <= 1 || !whole.starts_with('0'));
    sound.then(|| {
        let or_zero = |text: &str| if text.is_empty() { "0" } else { text }.to_owned();
        let fraction = if has_fraction { format!(".{}", or_zero(fraction)) } else { String::new() };
        format!("{sign}{}{fraction}{exponent}", or_zero(whole))
    })
}

/// Without the underscores that are between two digits; `None` where one is elsewhere.
fn underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
    let sound = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let sound = (0..bytes.len()).all(|at| bytes[at] != b'_' || sound(at));
    sound.then(|| text.replace('_', ""))
}

/// A number or boolean that JSON, YAML and TOML all write so.
pub fn is_literal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(text, "true" | "false")
        || are_digits(whole)
            && are_digits(fraction)
            && (whole == "0" || !whole.starts_with('0'))
            && whole.len() <= 18
}

/// What a scalar without quotes is, by the core schema of YAML 1.2 (section 10.3), and numbers of YAML 1.1 too.
pub(super) fn yaml(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Boolean,
        _ if json(Format::Yaml, text).is_some() => Kind::Number,
        _ => Kind::Text,
    }
}
