//! Configuration files as values with their bytes: a value can be exchanged, and every other byte stays.
//!
//! Each format is read as the programs read it that it is for. A file that cannot be read to its last byte is refused, with
//! the line and the reason.

mod build;
mod dialect;
mod difference;
mod edit;
mod env;
mod env_readers;
mod env_text;
mod env_value;
mod escapes;
mod ini;
mod ini_value;
mod item;
mod json;
mod lines;
mod number;
mod properties;
mod reference;
mod text;
mod tfvars;
mod toml;
mod view;
mod write;
mod yaml;

use std::cell::OnceCell;
use std::collections::HashMap;

pub use dialect::Dialect;
pub use difference::{Difference, difference};
pub use edit::{EditError, Line, insert, is_shown, remove, rename, replace};
pub use escapes::{quoted, quoted_hcl};
pub use item::{Item, Kind, Path, Role, Span, Step, Style, Tie};
pub use lines::{Ending, Key, LineGroup, Lines, Part, Tail};
pub use number::{is_literal, json as json_number};
pub use reference::{ReferenceError, Values, expand};
pub use view::{Property, Value};
pub use write::write_env;

use build::Builder;
pub use build::MAX_ITEMS;

/// Bytes of a file that is read at most; a larger one is no configuration.
pub const MAX_LEN: usize = 4 << 20;

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `NAME=value`, as shells and the many readers of `.env` files take it.
    Env,
    /// Java's `java.util.Properties`.
    Properties,
    /// Sections and keys.
    Ini,
    /// TOML 1.1.
    Toml,
    /// YAML 1.2, with merge keys.
    Yaml,
    /// JSON, with comments and last commas.
    Json,
    /// Values of Terraform's variables.
    Tfvars,
}

/// Why a file is not read. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Doubt {
    /// The line, counted from 1.
    pub line: usize,
    /// What is in doubt there.
    pub why: &'static str,
}

impl Doubt {
    /// Whether the file is in order and has more values than are read.
    pub fn is_too_many(&self) -> bool {
        self.why == build::TOO_MANY
    }
}

/// A file that was read.
pub struct Document<'t> {
    /// The file.
    pub bytes: &'t [u8],
    /// How it is written.
    pub format: Format,
    /// The reader it is for, if that is known.
    pub dialect: Option<Dialect>,
    /// What it holds, in the file's order: a list or mapping before what is in it.
    pub items: Vec<Item>,
    /// What each of its bytes is. They follow each other from the first byte to the last.
    pub spans: Vec<Span>,
    /// The file as text; empty where it is none.
    text: &'t str,
    /// The items by their names, from the first question on.
    names: OnceCell<HashMap<String, usize>>,
}

impl Format {
    /// The names of all formats, as settings say them.
    pub const NAMES: [(&str, Self); 7] = [
        ("env", Self::Env),
        ("properties", Self::Properties),
        ("ini", Self::Ini),
        ("toml", Self::Toml),
        ("yaml", Self::Yaml),
        ("json", Self::Json),
        ("tfvars", Self::Tfvars),
    ];

    /// Whether two people often add keys at one place, and no line but a key's own decides what it means.
    pub fn merges_by_key(self) -> bool {
        matches!(self, Self::Env | Self::Properties)
    }

    /// The format that a path's name stands for.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
        let name = name.to_ascii_lowercase();
        if name == b".env" || name.starts_with(b".env.") {
            return Some(Self::Env);
        }
        let dot = name.iter().rposition(|&byte| byte == b'.')?;
        match &name[dot + 1..] {
            b"env" => Some(Self::Env),
            b"properties" => Some(Self::Properties),
            b"ini" | b"cfg" => Some(Self::Ini),
            b"toml" => Some(Self::Toml),
            b"yaml" | b"yml" => Some(Self::Yaml),
            b"json" | b"jsonc" => Some(Self::Json),
            b"tfvars" => Some(Self::Tfvars),
            _ => None,
        }
    }

    /// The format of this name, as a setting says it.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "jsonc" { "json" } else { name };
        Self::NAMES.into_iter().find_map(|(word, format)| (word == name).then_some(format))
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Env => ".env",
            Self::Properties => "properties",
            Self::Ini => "INI",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Tfvars => "tfvars",
        }
    }

    /// Reads a file that is for any reader of the format.
    ///
    /// # Errors
    /// The line and what is in doubt there.
    pub fn parse(self, bytes: &[u8]) -> Result<Document<'_>, Doubt> {
        self.parse_as(None, bytes)
    }

    /// Reads a file that is for one reader, if it is known.
    ///
    /// # Errors
    /// The line and what is in doubt there.
    pub fn parse_as(self, dialect: Option<Dialect>, bytes: &[u8]) -> Result<Document<'_>, Doubt> {
        if bytes.len() > MAX_LEN {
            return Err(Doubt { line: 1, why: "the file is larger than 4 MiB" });
        }
        self.parse_any(dialect, bytes)
    }

    /// As [`Self::parse_as`], of any length: for callers that know one.
    ///
    /// # Errors
    /// The line and what is in doubt there.
    pub fn parse_any(self, dialect: Option<Dialect>, bytes: &[u8]) -> Result<Document<'_>, Doubt> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(Doubt { line: 1, why: "the file is in UTF-16; only UTF-8 is read" });
        }
        let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let builder = Builder::new(self, dialect, bytes, bytes.len() - content.len());
        if let Some(at) = memchr::memchr(0, content) {
            return Err(builder.doubt(at, "the file contains a zero byte"));
        }
        if self == Self::Properties {
            return properties::read(builder, content)?.finish();
        }
        let text = std::str::from_utf8(content)
            .map_err(|error| builder.doubt(error.valid_up_to(), "this is not UTF-8"))?;
        match self {
            Self::Env => env::read(builder, text, dialect),
            Self::Ini => ini::read(builder, text, dialect),
            Self::Toml => toml::read(builder, text),
            Self::Yaml => yaml::read(builder, text),
            Self::Json => json::read(builder, text),
            Self::Properties | Self::Tfvars => tfvars::read(builder, text),
        }?
        .finish()
    }
}

/// A name of letters, digits and some signs, of at most 256 bytes.
fn name<'t>(bytes: &'t [u8], signs: &[u8]) -> Option<&'t str> {
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || signs.contains(byte) || !byte.is_ascii();
    if bytes.is_empty() || bytes.len() > 256 || !bytes.iter().all(good) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// Whether what looks like a name may be a value in Base64 that ends with `=`: names are shown, values never.
fn may_be_base64(name: &str, value: &[u8]) -> bool {
    // Before any count: nearly all names have a value.
    let is_padded = value == b"=";
    let padded = (name.len() + 1 + value.len()).is_multiple_of(4);
    if !(is_padded || value.is_empty() && name.len() >= 15 && padded) {
        return false;
    }
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let count = |kind: fn(&u8) -> bool| name.bytes().filter(kind).count();
    let upper = count(u8::is_ascii_uppercase);
    // A name in camelCase has few capitals, and no digits or signs between them.
    let is_words = name.bytes().all(|byte| byte.is_ascii_alphabetic()) && 3 * upper <= name.len();
    let mixed = count(u8::is_ascii_lowercase) > 0 && upper > 0 && !is_words;
    name.bytes().all(alphabet) && (is_padded || mixed)
}

#[cfg(test)]
mod tests;
