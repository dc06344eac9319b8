//! How a value is written.

use zeroize::Zeroizing;

use super::item::{Item, Kind, Style};
use super::number::is_literal;
use super::{Dialect, Document, Ending, Format, env_value, escapes, ini_value};

impl Format {
    /// How a value is written in a file of this format. A `literal` goes without quotes where the format knows numbers and
    /// booleans and the value is one. Without a dialect all readers of the format must take it for the same.
    ///
    /// # Errors
    /// Why the format cannot hold it, in a few words that hold nothing of it.
    pub fn encode(
        self,
        dialect: Option<Dialect>,
        text: &str,
        literal: bool,
    ) -> Result<Zeroizing<String>, &'static str> {
        if text.contains('\0') {
            return Err("a configuration file cannot contain a zero byte");
        }
        let owned = |text: &str| Ok(Zeroizing::new(text.to_owned()));
        match self {
            Self::Env => write_env(text, readers(&dialect)),
            Self::Properties => Ok(escapes::write_properties(text)),
            Self::Ini => ini_value::write(text, dialect),
            Self::Toml | Self::Yaml | Self::Json | Self::Tfvars if literal && is_literal(text) => {
                owned(text)
            }
            Self::Yaml if is_plain_yaml(text) => owned(text),
            Self::Toml | Self::Yaml | Self::Json => Ok(escapes::quoted(text)),
            Self::Tfvars => Ok(escapes::quoted_hcl(text)),
        }
    }
}

/// A value as it is written in a `.env` file so that each of these readers takes it for this text.
///
/// # Errors
/// No way of writing is the same for all.
pub fn write_env(text: &str, readers: &[Dialect]) -> Result<Zeroizing<String>, &'static str> {
    Ok(env_value::write(text, readers)?.swap_remove(0))
}

fn readers(dialect: &Option<Dialect>) -> &[Dialect] {
    if dialect.is_some() { dialect.as_slice() } else { &Dialect::ENV }
}

impl Document<'_> {
    /// The ways in which a value can be written in the place of an item, the best first.
    pub(super) fn ways(
        &self,
        item: &Item,
        text: &str,
        literal: bool,
    ) -> Result<Vec<Zeroizing<String>>, &'static str> {
        let mut ways = Vec::new();
        let raw = &self.bytes[item.value.clone()];
        if self.format == Format::Yaml && item.style == Style::Block && text.contains('\n') {
            ways.push(block(text, raw, self.ending()));
        }
        // A number is a number in the ways of its format, too.
        let is_number = super::json_number(self.format, text).is_some();
        if literal && item.kind == Kind::Number && is_number && self.format != Format::Env {
            ways.push(Zeroizing::new(text.to_owned()));
        }
        ways.push(self.format.encode(self.dialect, text, literal)?);
        if self.format == Format::Env {
            ways = env_value::write(text, readers(&self.dialect))?;
        }
        if self.format == Format::Yaml {
            ways.push(escapes::quoted(text));
        }
        Ok(ways)
    }
}

/// A block of YAML, indented as the one that was there.
fn block(text: &str, old: &[u8], ending: Ending) -> Zeroizing<String> {
    let old = String::from_utf8_lossy(old);
    let depth = old.lines().skip(1).find(|line| !line.trim().is_empty());
    let depth = depth.map_or(2, |line| line.len() - line.trim_start_matches(' ').len());
    let content = text.trim_end_matches('\n');
    let keep = match text.len() - content.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let end = if ending == Ending::CrLf { "\r\n" } else { "\n" };
    let mut raw = Zeroizing::new(String::with_capacity(text.len() * (depth + 3) + 8));
    raw.push('|');
    raw.push_str(keep);
    // The last line end is behind the value.
    let lines = text.strip_suffix('\n').unwrap_or(text);
    for line in lines.split('\n') {
        raw.push_str(end);
        if !line.is_empty() {
            raw.extend(std::iter::repeat_n(' ', depth));
            raw.push_str(line);
        }
    }
    raw
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
