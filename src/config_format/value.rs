//! What the value of an item means, and how a value is written.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::escapes;
use super::{Ending, Format};

/// What kind of value it is, in formats that tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text. `.env`, properties and INI know nothing else.
    Text,
    /// A number or a boolean, without quotes.
    Literal,
    /// `null`, or nothing at all where that means the same.
    Null,
    /// A list or a mapping on one line, which is taken as a whole.
    Compound,
}

/// A value, wiped on drop.
pub struct Value {
    /// As the program that reads the file gets it; of a compound, JSON where it can be had, else nothing.
    pub text: Zeroizing<String>,
    /// What it is.
    pub kind: Kind,
}

impl Value {
    fn new(kind: Kind, text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), kind }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.kind == Kind::Null || (self.kind == Kind::Text && self.text.trim().is_empty())
    }
}

impl Format {
    /// What a value means that is in a file in this form, with its quotes.
    ///
    /// # Errors
    /// Why it means nothing, in a few words that hold nothing of it.
    pub fn decode(self, raw: &[u8]) -> Result<Value, &'static str> {
        if self == Self::Properties {
            let text = escapes::properties(raw)?;
            return Ok(Value { text, kind: Kind::Text });
        }
        let raw = std::str::from_utf8(raw).map_err(|_| "the value is not UTF-8")?;
        match self {
            Self::Env => escapes::env(raw).map(|text| Value { text, kind: Kind::Text }),
            Self::Toml => toml(raw),
            Self::Yaml => yaml(raw),
            Self::Json => json(raw),
            Self::Ini | Self::Properties => Ok(Value::new(Kind::Text, raw)),
        }
    }

    /// How a value is written in a file of this format whose lines end so. A `literal` goes without quotes where the
    /// format knows numbers and booleans and the value is one.
    ///
    /// # Errors
    /// Why the format cannot hold it, in a few words that hold nothing of it.
    pub fn encode(
        self,
        text: &str,
        literal: bool,
        ending: Ending,
    ) -> Result<Zeroizing<String>, &'static str> {
        if text.contains('\0') {
            return Err("a configuration file cannot contain a zero byte");
        }
        if literal && matches!(self, Self::Toml | Self::Yaml | Self::Json) && is_literal(text) {
            return Ok(Zeroizing::new(text.to_owned()));
        }
        match self {
            Self::Env => escapes::write_env(text, ending),
            Self::Properties => Ok(escapes::write_properties(text)),
            Self::Ini => {
                if text.contains(['\n', '\r']) || text.trim() != text || text.ends_with('\\') {
                    return Err(
                        "INI has no quotes: it cannot hold a value with several lines, with blanks at its ends or with a backslash at its end",
                    );
                }
                Ok(Zeroizing::new(text.to_owned()))
            }
            Self::Yaml if is_plain_yaml(text) => Ok(Zeroizing::new(text.to_owned())),
            Self::Toml | Self::Yaml | Self::Json => Ok(escapes::quoted(text)),
        }
    }
}

/// A number or boolean that JSON, YAML and TOML all write so.
pub fn is_literal(text: &str) -> bool {
    if matches!(text, "true" | "false") {
        return true;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole)
        && are_digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && whole.len() <= 18
}

fn toml(raw: &str) -> Result<Value, &'static str> {
    const ODD: &str = "the value is not a TOML value";
    let line = Zeroizing::new(format!("v = {raw}"));
    let table = DeTable::parse(&line).map_err(|_| ODD)?;
    let value = table.into_inner().into_iter().next().ok_or(ODD)?.1.into_inner();
    Ok(match value {
        DeValue::String(text) => {
            // Taken over where it was unescaped, so that no copy is left.
            let text = match text {
                Cow::Owned(text) => text,
                Cow::Borrowed(text) => text.to_owned(),
            };
            Value { text: Zeroizing::new(text), kind: Kind::Text }
        }
        DeValue::Boolean(_) => Value::new(Kind::Literal, raw),
        DeValue::Integer(_) | DeValue::Float(_) => Value::new(Kind::Literal, raw),
        DeValue::Datetime(_) => Value::new(Kind::Text, raw),
        DeValue::Array(_) | DeValue::Table(_) => Value::new(Kind::Compound, ""),
    })
}

fn json(raw: &str) -> Result<Value, &'static str> {
    match raw.as_bytes().first() {
        Some(b'"') => Ok(Value { text: escapes::json(within(raw, '"')?)?, kind: Kind::Text }),
        Some(b'[' | b'{') => Ok(Value::new(Kind::Compound, raw)),
        _ if raw == "null" => Ok(Value::new(Kind::Null, "")),
        _ => Ok(Value::new(Kind::Literal, raw)),
    }
}

/// YAML 1.2, with the core schema (sections 7.3, 8.1 and 10.3).
fn yaml(raw: &str) -> Result<Value, &'static str> {
    let text = |text| Ok(Value { text, kind: Kind::Text });
    match raw.as_bytes().first() {
        None => Ok(Value::new(Kind::Null, "")),
        Some(b'\'') => text(Zeroizing::new(within(raw, '\'')?.replace("''", "'"))),
        Some(b'"') => text(escapes::yaml(within(raw, '"')?)?),
        Some(b'|' | b'>') => text(escapes::block(raw)?),
        Some(b'[' | b'{') => Ok(Value::new(Kind::Compound, "")),
        // Behind a key a list begins on a line of its own, with its indentation.
        Some(b' ' | b'-') if is_block_list(raw) => Ok(Value::new(Kind::Compound, "")),
        _ if matches!(raw, "~" | "null" | "Null" | "NULL") => Ok(Value::new(Kind::Null, "")),
        _ if matches!(raw, "True" | "TRUE" | "False" | "FALSE") => {
            Ok(Value::new(Kind::Literal, &raw.to_ascii_lowercase()))
        }
        _ if is_literal(raw) => Ok(Value::new(Kind::Literal, raw)),
        _ => Ok(Value::new(Kind::Text, raw)),
    }
}

/// What is between two quotes.
fn within(raw: &str, quote: char) -> Result<&str, &'static str> {
    let inner = raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner.ok_or("the quote is not closed")
}

fn is_block_list(raw: &str) -> bool {
    let content = raw.trim_start_matches(' ');
    content == "-"
        || content.starts_with("- ")
        || content.starts_with("-\n")
        || content.starts_with("-\r")
}

/// Whether YAML of any version takes it for text without quotes.
fn is_plain_yaml(text: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+=-".contains(&byte);
    let begins = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'_'));
    let word = text.to_ascii_lowercase();
    let other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    begins && text.bytes().all(safe) && !text.ends_with(':') && !other.contains(&&*word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Format; 6] =
        [Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Yaml, Format::Json];

    #[track_caller]
    fn means(format: Format, raw: &str, expected: &str, kind: Kind) {
        let value = format.decode(raw.as_bytes()).unwrap();
        assert_eq!((value.text.as_str(), value.kind), (expected, kind), "{raw:?}");
    }

    #[test]
    fn values_mean_what_the_formats_say() {
        means(Format::Env, r#""a\"b\\ \$x\n\q""#, "a\"b\\ $x\n\\q", Kind::Text);
        means(Format::Env, "'a\\nb $x'", "a\\nb $x", Kind::Text);
        means(Format::Env, "\"a\r\nb\"", "a\nb", Kind::Text);
        means(Format::Env, "a b", "a b", Kind::Text);
        means(
            Format::Properties,
            "a\\\n   b\\tc\\u00e4\\uD83D\\uDE00\\:x ",
            "ab\tcä😀:x ",
            Kind::Text,
        );
        means(Format::Properties, "a\\\r\n b", "ab", Kind::Text);
        means(Format::Toml, "\"a\\tb\"", "a\tb", Kind::Text);
        means(Format::Toml, "'''\na\\b'''", "a\\b", Kind::Text);
        means(Format::Toml, "12", "12", Kind::Literal);
        means(Format::Toml, "[1, 2]", "", Kind::Compound);
        means(Format::Toml, "2026-01-02", "2026-01-02", Kind::Text);
        means(Format::Yaml, "'it''s'", "it's", Kind::Text);
        means(Format::Yaml, r#""a\tb\x41\u00e4\"""#, "a\tbAä\"", Kind::Text);
        means(Format::Yaml, "True", "true", Kind::Literal);
        means(Format::Yaml, "007", "007", Kind::Text);
        means(Format::Yaml, "1.5", "1.5", Kind::Literal);
        means(Format::Yaml, "", "", Kind::Null);
        means(Format::Yaml, "|\n  a\n   b\n\n  c", "a\n b\n\nc\n", Kind::Text);
        means(Format::Yaml, "|-\r\n  a\r\n  b", "a\nb", Kind::Text);
        means(Format::Yaml, ">\n  a\n  b\n\n  c", "a b\nc\n", Kind::Text);
        means(Format::Yaml, "  - a\n  - b", "", Kind::Compound);
        means(Format::Yaml, "-1", "-1", Kind::Literal);
        means(Format::Json, r#""a\u00e4\n\uD83D\uDE00\/""#, "aä\n😀/", Kind::Text);
        assert!(Format::Json.decode(br#""\uD83D""#).is_err());
        means(Format::Json, "null", "", Kind::Null);
        means(Format::Json, "[1]", "[1]", Kind::Compound);
        assert!(Format::Properties.decode(b"\\u12").is_err());
        assert!(Format::Yaml.decode(b"\"\\q\"").is_err());
        assert!(Format::Env.decode(b"\xff").is_err());
        means(Format::Properties, "", "", Kind::Text);
        assert_eq!(Format::Properties.decode(b"\xe4").unwrap().text.as_str(), "ä");
    }

    #[test]
    fn what_is_written_means_the_same_when_it_is_read() {
        let texts = [
            "",
            "a",
            "it's",
            "a b",
            " a ",
            "a#b",
            "a #b",
            "$HOME",
            "\"x\"",
            "\\",
            "a\\nb",
            "`x`",
            "true",
            "12",
            "yes",
            "ä😀",
            "a: b",
            "- a",
            "[x",
            "{x",
            "&x",
            "*x",
            "!x",
            "%x",
            "'",
            "\t",
            "k=v",
            "\u{7f}",
            "it's \"$x\" `y` \\",
            "https://u:p@h:1/x?y=z&a#b",
            "#",
            "~",
            "null",
            "0x1F",
            "1_000",
            "a:",
            "multi\nline\n",
            "-----BEGIN X-----\nab=\n",
        ];
        for format in ALL {
            for ending in [Ending::Lf, Ending::CrLf] {
                for text in texts {
                    let Ok(raw) = format.encode(text, false, ending) else {
                        let hard =
                            text.contains('\n') || text.trim() != text || text.ends_with('\\');
                        assert!(format == Format::Ini && hard, "{format:?} {text:?}");
                        continue;
                    };
                    let value = format.decode(raw.as_bytes()).unwrap();
                    assert_eq!(value.text.as_str(), text, "{format:?} {raw:?}", raw = raw.as_str());
                    assert!(text.is_empty() || value.kind == Kind::Text, "{format:?} {text:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_and_booleans_go_without_quotes_where_that_means_something() {
        for text in ["true", "false", "0", "-12", "1.25"] {
            for format in ALL {
                let raw = format.encode(text, true, Ending::Lf).unwrap();
                assert_eq!(raw.as_str(), text, "{format:?}");
            }
        }
        for text in ["007", "1e5", "+1", "1.", "TRUE", "0x1"] {
            let raw = Format::Json.encode(text, true, Ending::Lf).unwrap();
            assert_eq!(raw.as_str(), format!("\"{text}\""));
        }
        assert!(Format::Json.encode("a\0", false, Ending::Lf).is_err());
    }
}
