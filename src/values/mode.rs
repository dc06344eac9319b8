//! What the attributes of a path say of its values.

use crate::config_format::{Dialect, Document, Doubt, Format, Item, Step};
use crate::git::attributes::PathAttributes;
use crate::git::by_value::By;

/// The formats that are sealed by value.
pub const FORMATS: [Format; 6] =
    [Format::Env, Format::Properties, Format::Ini, Format::Toml, Format::Json, Format::Yaml];

/// The format that a path's name stands for, if files of it are sealed by value.
pub fn format_of_path(path: &[u8]) -> Option<Format> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path).to_ascii_lowercase();
    if name.starts_with(b".env") {
        return Some(Format::Env);
    }
    if name.ends_with(b".conf") {
        return Some(Format::Ini);
    }
    Format::of_path(path).filter(|format| FORMATS.contains(format))
}

/// Whether a token needs double quotes around it to be a value.
pub fn quotes(format: Format) -> bool {
    matches!(format, Format::Toml | Format::Json)
}

/// Writes a token with the quotes that belong to it.
pub(super) fn write(format: Format, token: &str, out: &mut Vec<u8>) {
    let quote: &[u8] = if quotes(format) { b"\"" } else { b"" };
    [quote, token.as_bytes(), quote].iter().for_each(|part| out.extend(*part));
}

/// Reads a file whose values are, or are to be, sealed.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Document<'_>, Doubt> {
    // Readers of INI differ in what a comment behind a value is. This one has none, so that all of the line is the value.
    let dialect = (format == Format::Ini).then_some(Dialect::Python);
    format.parse_any(dialect, bytes)
}

/// How the values of a path are sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// The format; `None` where neither the path's name nor an attribute tells it, so that the path is sealed whole.
    pub format: Option<Format>,
    /// The names whose values stay plaintext.
    pub clear: Clear,
}

impl Mode {
    /// How the attributes of a path say that its values are sealed; `None` where it is sealed whole.
    ///
    /// # Errors
    /// They say it in a way that this version does not know, so that nothing may be stored.
    pub fn of(attributes: &PathAttributes, path: &[u8]) -> Result<Option<Self>, String> {
        let (format, clear) = match &attributes.by {
            By::Whole => return Ok(None),
            By::Unknown(setting) => {
                let upgrade = crate::newer::upgrade();
                return Err(format!(
                    "{setting} is unknown to this version of git-shroud: {upgrade}"
                ));
            }
            By::Value { format, clear, .. } => (format, clear),
        };
        let named = |name| Format::named(name).filter(|format| FORMATS.contains(format));
        let format = match format {
            None => format_of_path(path),
            Some(name) => Some(named(name).ok_or_else(|| {
                let name = crate::sanitise::line(name);
                format!(
                    "the attribute 'shroud-format={name}' names no format: there are env, properties, ini, toml, yaml and json"
                )
            })?),
        };
        Ok(Some(Self { format, clear: Clear::of_list(clear.as_deref().unwrap_or_default()) }))
    }
}

/// Names whose values are not sealed: patterns over names with dots, as `log.level` and `*.host`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clear(Vec<String>);

impl Clear {
    /// The patterns of a list, as the attribute `shroud-clear` has it.
    pub fn of_list(list: &str) -> Self {
        let patterns = list.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        Self(patterns.map(str::to_owned).collect())
    }

    /// The patterns.
    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    pub(super) fn allows(&self, item: &Item) -> bool {
        !self.0.is_empty() && self.allows_name(&dotted(item))
    }

    /// Whether a value of this name, with dots, is not sealed.
    pub fn allows_name(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
    }
}

/// The names that lead to a value, with dots between them; `[]` stands for an element of a list.
fn dotted(item: &Item) -> String {
    let mut dotted = String::new();
    for step in &item.path.0 {
        match step {
            Step::Index(_) => dotted.push_str("[]"),
            Step::Name(name) => {
                if !dotted.is_empty() {
                    dotted.push('.');
                }
                dotted.push_str(name);
            }
        }
    }
    dotted
}

/// Whether a pattern matches all of a name: `*` stands for any bytes, `?` for one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_and_mind_case() {
        for (pattern, name, expected) in [
            ("log.level", "log.level", true),
            ("log.level", "log.levels", false),
            ("*.host", "db.primary.host", true),
            ("*.host", "host", false),
            ("*host", "HOST", false),
            ("a?c", "abc", true),
            ("hosts[]", "hosts[]", true),
            ("hosts", "hosts[]", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn names_tell_formats() {
        for (path, format) in [
            ("a/.env", Some(Format::Env)),
            (".env.local", Some(Format::Env)),
            (".env-prod", Some(Format::Env)),
            ("x.conf", Some(Format::Ini)),
            ("x.cfg", Some(Format::Ini)),
            ("x.JSONC", Some(Format::Json)),
            ("x.yml", Some(Format::Yaml)),
            ("x.tfvars", None),
            ("x", None),
        ] {
            assert_eq!(format_of_path(path.as_bytes()), format, "{path}");
        }
    }
}
