//! Patterns for paths, as lines of `.gitattributes` have them (gitattributes, gitignore).

use std::fmt;

use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;
use gix::glob::wildmatch::Mode;

/// A pattern for paths. Without a `/` it matches a name in any folder; a leading `/` is the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    glob: gix::glob::Pattern,
}

/// Text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pattern must not be empty, contain a line break, or begin with '!' or '#'")]
pub struct InvalidPattern;

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl std::str::FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.contains(['\n', '\r', '\0']) || text.starts_with(['!', '#']) {
            return Err(InvalidPattern);
        }
        let glob = gix::glob::Pattern::from_bytes_without_negation(text.as_bytes())
            .ok_or(InvalidPattern)?;
        Ok(Self { text: text.to_owned(), glob })
    }
}

impl Pattern {
    /// The pattern of this very path. A byte that no text can hold matches as any other would.
    pub fn of_path(path: &[u8]) -> Self {
        let mut text = String::from("/");
        for chunk in path.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '*' | '?' | '[' | '\\' => text.extend(['\\', c]),
                    // It ends a line, or git drops it at the end of one.
                    c if c.is_control() => text.push('?'),
                    c => text.push(c),
                }
            }
            text.extend(chunk.invalid().iter().map(|_| '?'));
        }
        // A pattern that ends in a blank loses it.
        if text.ends_with(' ') {
            text.pop();
            text.push('?');
        }
        text.parse().expect("it must begin with '/' and contain no control character")
    }

    /// The text, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path of the one file or folder that it names, from the top and without wildcards; `None` for all others.
    pub fn one_file(&self) -> Option<Vec<u8>> {
        let path = self.text.strip_prefix('/')?;
        let is_one = !path.ends_with('/') && !path.contains(['*', '?', '[', '\\']);
        is_one.then(|| path.as_bytes().to_vec())
    }

    /// Whether a file's path matches.
    pub fn matches(&self, path: &[u8]) -> bool {
        self.is_match(path, false)
    }

    /// Whether a path, or a folder that it is in, matches.
    pub fn covers(&self, path: &[u8]) -> bool {
        self.matches(path)
            || path
                .iter()
                .enumerate()
                .any(|(at, &byte)| byte == b'/' && self.is_match(&path[..at], true))
    }

    fn is_match(&self, path: &[u8], is_folder: bool) -> bool {
        let path: &BStr = path.as_bstr();
        let name = path.rfind_byte(b'/').map(|at| at + 1);
        let mode = Mode::NO_MATCH_SLASH_LITERAL;
        self.glob.matches_repo_relative_path(path, name, Some(is_folder), Case::Sensitive, mode)
    }

    /// Whether anything in a folder can match: `true` where that is not certain.
    pub fn reaches(&self, folder: &[u8]) -> bool {
        // Without a slash, or with a wildcard in the first part, it may match anywhere.
        let text = self.text.strip_prefix('/').unwrap_or(&self.text);
        let anchored = self.text.starts_with('/') || text.trim_end_matches('/').contains('/');
        if !anchored || folder.is_empty() {
            return true;
        }
        let literal = match text.find(['*', '?', '[', '\\']) {
            Some(special) => text[..special].to_owned(),
            None => format!("{}/", text.trim_end_matches('/')),
        };
        // What is before the first wildcard, and the folder, must agree as far as both go.
        let folder = [folder, b"/"].concat();
        let both = literal.len().min(folder.len());
        literal.as_bytes()[..both] == folder[..both]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn paths_match_as_in_an_attributes_file() {
        for (text, path, matches) in [
            ("*.env", "a/b.env", true),
            ("/*.env", "a/b.env", false),
            ("secrets/**", "secrets/a/b", true),
            ("secrets/**", "x/secrets/a", false),
            ("**/p.env", "x/y/p.env", true),
            ("a b", "x/a b", true),
        ] {
            assert_eq!(pattern(text).matches(path.as_bytes()), matches, "{text} {path}");
        }
    }

    #[test]
    fn a_folder_is_covered_with_all_in_it() {
        assert!(pattern("/dump").covers(b"dump/a/b"));
        assert!(pattern("dump/").covers(b"x/dump/a"));
        assert!(!pattern("/dump").covers(b"x/dump/a"));
        assert!(!pattern("/dump").covers(b"dumps/a"));
        assert!(pattern("/a/dump").covers(b"a/dump"));
    }

    #[test]
    fn folders_that_nothing_can_match_in_are_known() {
        for (text, folder, reaches) in [
            ("*.env", "a/b", true),
            ("/a/*.env", "a", true),
            ("/a/*.env", "b", false),
            ("/a/b", "a/b/c", true),
            ("/a/b", "a/bc", false),
            ("/a/b", "a", true),
            ("a/b", "x", false),
            ("**/b", "x", true),
        ] {
            assert_eq!(pattern(text).reaches(folder.as_bytes()), reaches, "{text} {folder}");
        }
    }

    #[test]
    fn a_path_becomes_a_pattern_that_matches_it_alone() {
        for path in
            [&b"a/b"[..], b"a*b", b"[x]?\\y", b"caf\xc3\xa9", b"\xff\n", b"#x", b"!x", b"a "]
        {
            let pattern = Pattern::of_path(path);
            assert!(pattern.matches(path), "{pattern:?}");
            assert!(!pattern.matches(&[b"z/", path].concat()), "{pattern:?}");
        }
        assert!("".parse::<Pattern>().is_err() && "!a".parse::<Pattern>().is_err());
    }
}
