//! What a newer git-shroud wrote: one sentence, wherever this one meets it.

/// Where the program can be had: the place of the releases, which a fork or a build from before the first one has not.
const SOURCE: &str = if env!("CARGO_PKG_REPOSITORY").is_empty() {
    "where you got this one"
} else {
    env!("CARGO_PKG_REPOSITORY")
};

/// Something of a later version than this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a newer git-shroud wrote this {what} (version {found}; this one knows up to {known}): upgrade git-shroud, from {}",
    SOURCE
)]
pub struct Newer {
    what: &'static str,
    known: u64,
    found: u64,
}

impl Newer {
    /// Something that has the version `found`; `None` where this program knows it, or it is none that there is.
    pub fn than(what: &'static str, known: u64, found: u64) -> Option<Self> {
        (found > known).then_some(Self { what, known, found })
    }

    /// A text whose first line should be `known`, such as `git-shroud-keyring v1`, and is that of a later version.
    pub fn first_line(what: &'static str, known: &str, line: &[u8]) -> Option<Self> {
        let (begin, version) = known.rsplit_once('v')?;
        let found =
            std::str::from_utf8(line).ok()?.trim().strip_prefix(begin)?.strip_prefix('v')?;
        let digits = found.split(' ').next().unwrap_or_default();
        Self::than(what, version.parse().ok()?, digits.parse().ok()?)
    }

    /// A TOML text that says `version = N` at its top, whatever else a later version may have in it.
    pub fn toml(what: &'static str, known: u64, text: &str) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Versioned {
            version: u64,
        }
        let found: Versioned = toml::from_str(text).ok()?;
        Self::than(what, known, found.version)
    }
}

/// What to do about something that is newer.
pub fn remedy() -> String {
    format!("upgrade git-shroud, from {SOURCE}")
}

/// What to do about something that no version of this program knows, but a later one may.
pub fn upgrade() -> String {
    format!("if a newer git-shroud wrote it, {}", remedy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_later_versions_are_newer() {
        assert!(Newer::than("file", 3, 3).is_none() && Newer::than("file", 3, 0).is_none());
        let said = Newer::than("file", 3, 4).unwrap().to_string();
        assert!(said.starts_with("a newer git-shroud wrote this file (version 4; "), "{said}");
        let line = |text: &[u8]| Newer::first_line("list", "git-shroud-list v1", text);
        assert!(line(b"git-shroud-list v12 and more").is_some());
        for other in
            ["git-shroud-list v1", "git-shroud-list v", "git-shroud-list vx", "list v2", ""]
        {
            assert!(line(other.as_bytes()).is_none(), "{other}");
        }
        let toml = |text| Newer::toml("file", 1, text).is_some();
        assert!(toml("version = 2\nnew = [1]\n[more]\nversion = 1\n"));
        assert!(
            !toml("version = 1\n")
                && !toml("version = -2\n")
                && !toml("version = \"2\"\n")
                && !toml("= 2")
        );
    }
}
