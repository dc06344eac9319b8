//! The name of a git-crypt key, and the attribute value and driver that bear it.

use std::fmt;
use std::str::FromStr;

/// The driver of the default key, and what those of the others begin with.
const DRIVER: &str = "git-crypt";
/// Bytes of the longest name.
const MAX_LEN: usize = 128;

/// The name of a git-crypt key: `default`, or 1 to 128 of `A-Z a-z 0-9 - _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// The text names no git-crypt key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it cannot be the name of a git-crypt key: a name is 1 to 128 of A-Z, a-z, 0-9, '-' and '_', and not 'default'"
)]
pub struct InvalidName;

impl Name {
    const DEFAULT: &'static str = "default";

    /// The name as it is in folder names; `default` for the key that has none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the key that has no name of its own.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }

    /// Reads a name that is in a key file, where the default key has none.
    ///
    /// # Errors
    /// [`InvalidName`]; also for `default`, which git-crypt keeps for the key without a name.
    pub fn named(text: &[u8]) -> Result<Self, InvalidName> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let text = std::str::from_utf8(text).map_err(|_| InvalidName)?;
        if !matches!(text.len(), 1..=MAX_LEN)
            || !text.as_bytes().iter().all(allowed)
            || text == Self::DEFAULT
        {
            return Err(InvalidName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The value of the attributes `filter` and `diff`, and the name of the driver in git's configuration: `git-crypt`
    /// or `git-crypt-NAME`.
    pub fn driver(&self) -> String {
        if self.is_default() { DRIVER.to_owned() } else { format!("{DRIVER}-{}", self.0) }
    }

    /// The key that a value of the attribute `filter` means; `None` where it is none of git-crypt's.
    pub fn from_driver(value: &[u8]) -> Option<Result<Self, InvalidName>> {
        let rest = value.strip_prefix(DRIVER.as_bytes())?;
        match rest {
            [] => Some(Ok(Self::default())),
            [b'-', name @ ..] => Some(Self::named(name)),
            _ => None,
        }
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// Reads a name as a folder or a person gives it, where `default` is the key without a name.
impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text == Self::DEFAULT { Ok(Self::default()) } else { Self::named(text.as_bytes()) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git_crypt() {
        for good in ["ops_team-1", "A", &"n".repeat(128)] {
            assert_eq!(Name::named(good.as_bytes()).unwrap().as_str(), good);
            assert_eq!(good.parse::<Name>().unwrap().driver(), format!("git-crypt-{good}"));
        }
        for bad in ["", "default", "a/b", "a b", "a.b", "é", "a\n", &"n".repeat(129)] {
            assert_eq!(Name::named(bad.as_bytes()), Err(InvalidName), "{bad:?}");
        }
        assert!("default".parse::<Name>().unwrap().is_default());
    }

    #[test]
    fn a_driver_names_its_key() {
        assert_eq!(Name::from_driver(b"git-crypt"), Some(Ok(Name::default())));
        let ops = Name::from_driver(b"git-crypt-ops").unwrap().unwrap();
        assert_eq!((ops.as_str(), ops.driver().as_str()), ("ops", "git-crypt-ops"));
        assert_eq!(Name::from_driver(b"git-crypt-a/b"), Some(Err(InvalidName)));
        assert_eq!(Name::from_driver(b"git-crypt-default"), Some(Err(InvalidName)));
        for other in [&b"shroud"[..], b"git-cryptic", b"lfs", b""] {
            assert_eq!(Name::from_driver(other), None);
        }
    }
}
