//! The name of a key (format.md 1).

use std::fmt;
use std::str::FromStr;

/// A key's name: 1 to 64 of `a-z 0-9 - _ .`, starting with a letter or digit, never ending in `.lock`.
///
/// So it can be in an attribute line, as a folder's name on any file system, and beside git's lock files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

/// The text is not a key's name.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{0}' cannot be the name of a key: a name is 1 to 64 of a-z, 0-9, '-', '_' and '.', begins with a letter or digit, does not end in .lock, and is not scan.toml"
)]
pub struct InvalidKeyName(String);

impl KeyName {
    /// The name of the key that seals where no other is named.
    pub const DEFAULT: &'static str = "default";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a key that is set aside for one of this name: `NAME.replaced.`, with eight digits of its id. Of a long
    /// name only the beginning is kept.
    pub(crate) fn aside(&self, id: &str) -> Self {
        let digits: String = id.chars().take(8).collect();
        Self(format!("{}{ASIDE}{digits}", self.aside_begin()))
    }

    /// Whether this is the name of a key that was set aside for one of `name`.
    pub fn is_aside_of(&self, name: &Self) -> bool {
        let rest = self.0.strip_prefix(name.aside_begin());
        rest.is_some_and(|rest| rest.starts_with(ASIDE))
    }

    /// Whether this is the name of a key that was set aside: such a key opens and never seals.
    pub fn is_aside(&self) -> bool {
        self.0.contains(ASIDE)
    }

    /// Whether every system can have a folder with this name; a new key gets no other.
    pub fn is_portable(&self) -> bool {
        is_portable(&self.0)
    }

    fn aside_begin(&self) -> &str {
        &self.0[..self.0.len().min(40)]
    }
}

/// The file in `.shroud/` that says what a scan may leave out: no key's folder can have its name.
const ALLOW_LIST: &str = "scan.toml";
/// Between the name of a key and the beginning of the id of one that was set aside for it.
const ASIDE: &str = ".replaced.";

impl Default for KeyName {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        if is_name(text) && text != ALLOW_LIST {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKeyName(printable(text)))
        }
    }
}

/// Whether a text has the form of a key's name, which members' labels have too.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    matches!(text.len(), 1..=64)
        && text.bytes().all(allowed)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && !text.ends_with(".lock")
}

/// Whether Windows can have a file or folder with this name, with any extension: not a device's, and no dot at its end.
pub(crate) fn is_portable(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    let is_port = port.is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    !(is_port || matches!(stem, "con" | "prn" | "aux" | "nul") || name.ends_with('.'))
}

/// A rejected name may come from a repository: bounded, and without control characters.
fn printable(text: &str) -> String {
    if super::holds_secret(text) {
        return "(a key token)".to_owned();
    }
    text.chars().take(64).flat_map(char::escape_debug).collect()
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_format_says() {
        for good in ["default", "a", "9", "prod-eu.2_x", &"a".repeat(64)] {
            assert_eq!(good.parse::<KeyName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            ".",
            "-a",
            "_a",
            "A",
            "a b",
            "a/b",
            "a.lock",
            "scan.toml",
            "é",
            "a\n",
            &"a".repeat(65),
        ] {
            assert!(bad.parse::<KeyName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_devices_and_dots_at_the_end_are_not_portable() {
        for bad in ["con", "prn", "aux.x", "nul.tar.gz", "com0", "lpt9.a", "a.", "a..", "con."] {
            assert!(!bad.parse::<KeyName>().unwrap().is_portable(), "{bad}");
        }
        for good in ["default", "console", "com", "com10", "a.con", "x.y", "con-x"] {
            assert!(good.parse::<KeyName>().unwrap().is_portable(), "{good}");
        }
    }

    #[test]
    fn a_key_that_is_set_aside_has_a_name_that_says_for_which() {
        for name in ["default", &"x".repeat(64)] {
            let name: KeyName = name.parse().unwrap();
            let aside = name.aside("0123456789abcdef");
            assert!(aside.as_str().ends_with(".replaced.01234567"));
            assert_eq!(aside.as_str().parse::<KeyName>().unwrap(), aside);
            assert!(aside.is_aside() && aside.is_aside_of(&name) && !name.is_aside());
            assert!(!aside.is_aside_of(&"other".parse().unwrap()));
        }
    }
}
