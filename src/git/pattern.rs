//! What people give for a pattern, by habit or by tab completion, made one that attributes match (gitattributes).

use std::path::Path;

use gix::bstr::ByteSlice as _;
use gix::glob::pattern::Case;

use super::attributes_file::{escape, matches};
use crate::repo_path;

/// Where a pattern is given.
pub struct Surroundings<'s> {
    /// The top of the worktree, without links.
    pub top: &'s Path,
    /// The folder of the attributes file, without links.
    pub dir: &'s Path,
    /// The files below that folder, relative to it.
    pub files: &'s [Vec<u8>],
}

/// Why nothing would match, and what to write instead.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub hint: String,
}

fn refuse<T>(why: impl Into<String>, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { why: why.into(), hint: hint.into() })
}

impl Surroundings<'_> {
    /// The pattern that means what was given. Most are as they were given.
    ///
    /// # Errors
    /// Attributes cannot say it.
    pub fn resolve(&self, given: &[u8]) -> Result<Vec<u8>, Refusal> {
        let shown = crate::sanitise::path(given);
        if self.is_there(given) && !given.contains(&b'/') {
            return self.literal(given, &shown);
        }
        if given.starts_with(b":(") || given.starts_with(b":/") || given.starts_with(b":!") {
            return refuse(
                format!("'{shown}' is a git pathspec, not a .gitattributes pattern"),
                "write it as in .gitignore: git shroud track 'secrets/**'",
            );
        }
        if is_quoted(given, cfg!(windows)) {
            return refuse(
                format!("the quotes belong to the pattern, so {shown} would match nothing"),
                "cmd takes single quotes as they are: use double quotes, or none",
            );
        }
        if has_braces(given) {
            return refuse(
                format!("patterns have no braces, so '{shown}' would match nothing"),
                "give each form separately: git shroud track '*.pem' '*.key'",
            );
        }
        if given.starts_with(b"~") {
            return refuse(
                format!("'{shown}' begins with a tilde, which means nothing in a pattern"),
                "write the path from this folder, without the tilde",
            );
        }
        let given = &self.relative(given)?;
        let given = &self.with_slashes(given, &shown)?;
        let (path, is_here) = self.walk(given, &shown)?;
        let is_folder = path.ends_with(b"/");
        let name = path.strip_suffix(b"/").unwrap_or(&path);
        let anchored = name.strip_prefix(b"/").unwrap_or(name);
        if anchored.is_empty() {
            return Ok(b"**".to_vec());
        }
        if self.is_there(anchored) || self.is_folder_of_index(anchored) {
            let found = self.literal(anchored, &shown)?;
            let keep = (is_here || name.starts_with(b"/")) && !found.contains(&b'/');
            return Ok(if keep { [b"/", &found[..]].concat() } else { found });
        }
        if is_folder {
            return Ok(path);
        }
        if self.is_at_top(anchored) {
            return refuse(
                format!("'{shown}' is not a file in this folder: patterns start here"),
                "change to the top of the repository, or omit this folder's name",
            );
        }
        Ok(if is_here && !name.contains(&b'/') { [b"/", name].concat() } else { name.to_vec() })
    }

    fn native(&self, path: &[u8]) -> Option<std::path::PathBuf> {
        repo_path::to_native(path).map(|native| self.dir.join(native))
    }

    /// Whether a file or folder has this very name.
    fn is_there(&self, path: &[u8]) -> bool {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        !path.is_empty()
            && !path.starts_with(b"/")
            && self.native(path).is_some_and(|native| native.symlink_metadata().is_ok())
    }

    /// Whether it is a folder that the worktree does not have, as in a sparse checkout.
    fn is_folder_of_index(&self, path: &[u8]) -> bool {
        let folder = [path, b"/"].concat();
        self.files.iter().any(|file| file.starts_with(&folder))
    }

    /// Whether the top has what this folder lacks.
    fn is_at_top(&self, path: &[u8]) -> bool {
        let native = repo_path::to_native(path);
        self.dir != self.top
            && path.contains(&b'/')
            && native.is_some_and(|native| self.top.join(native).symlink_metadata().is_ok())
    }

    /// The pattern for a file or folder that is there.
    fn literal(&self, path: &[u8], shown: &str) -> Result<Vec<u8>, Refusal> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let there = self.native(path).and_then(|native| native.symlink_metadata().ok());
        if there.as_ref().is_some_and(std::fs::Metadata::is_symlink) {
            return refuse(
                format!(
                    "'{shown}' is a symbolic link: git stores its target, and never filters it"
                ),
                "track the file or folder that it points to",
            );
        }
        if there.as_ref().is_some_and(std::fs::Metadata::is_dir) || there.is_none() {
            if self
                .native(path)
                .is_some_and(|native| native.join(".git").symlink_metadata().is_ok())
            {
                return refuse(format!("'{shown}' is another repository"), "run git shroud there");
            }
            if path == b"." {
                return Ok(b"**".to_vec());
            }
            return Ok([&first(escape(path))[..], b"/**"].concat());
        }
        let is_own = matches(path, path, Case::Sensitive) && !path.contains(&b'\\');
        Ok(if is_own && !path.starts_with(b"!") { path.to_vec() } else { first(escape(path)) })
    }

    /// An absolute path of a file here, as one from this folder; others are patterns that begin at it.
    fn relative(&self, given: &[u8]) -> Result<Vec<u8>, Refusal> {
        let path = given.to_str().map_or(Path::new(""), Path::new);
        if !path.is_absolute() {
            return Ok(given.to_vec());
        }
        for above in path.ancestors() {
            let Ok(real) = dunce::canonicalize(above) else { continue };
            let rest = path.strip_prefix(above).unwrap_or(Path::new(""));
            let real = real.join(rest);
            if let Ok(relative) = real.strip_prefix(self.dir) {
                let relative = repo_path::from_native(relative).unwrap_or_default();
                let end: &[u8] =
                    if given.ends_with(b"/") && !relative.is_empty() { b"/" } else { b"" };
                return Ok([b"./", &relative[..], end].concat());
            }
            if real.starts_with(self.top) {
                return refuse(
                    format!("'{}' is not below this folder", crate::sanitise::path(given)),
                    "change to the top of the repository, or into the file's folder",
                );
            }
            break;
        }
        Ok(given.to_vec())
    }

    /// Backslashes of Windows between folders as slashes; in a pattern they take a character's meaning away.
    fn with_slashes(&self, given: &[u8], shown: &str) -> Result<Vec<u8>, Refusal> {
        if !separates_by_backslash(given, cfg!(windows)) {
            return Ok(given.to_vec());
        }
        let slashed = given.replace(b"\\", b"/");
        if self.is_there(&slashed) {
            return Ok(slashed);
        }
        refuse(
            format!(
                "a backslash does not separate folders in a pattern, so '{shown}' would match nothing"
            ),
            format!("write '{}'", crate::sanitise::path(&slashed)),
        )
    }

    /// Takes `.`, `..` and double slashes out; the second is whether the pattern was said to begin in this very folder.
    fn walk(&self, given: &[u8], shown: &str) -> Result<(Vec<u8>, bool), Refusal> {
        let is_anchored = given.starts_with(b"/");
        let is_here = given.starts_with(b"./") || given.starts_with(b"../") || given == b".";
        let is_folder = given.ends_with(b"/");
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in given.split(|&byte| byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    if parts.pop().is_none() {
                        return refuse(
                            format!("'{shown}' is not below this folder"),
                            "change to the top of the repository, or into the file's folder",
                        );
                    }
                }
                part => parts.push(part),
            }
        }
        let mut path = if is_anchored { b"/".to_vec() } else { Vec::new() };
        path.extend(parts.join(&b'/'));
        if is_folder && !parts.is_empty() {
            path.push(b'/');
        }
        Ok((path, is_here))
    }
}

/// With a backslash where the pattern would begin as none may.
fn first(pattern: Vec<u8>) -> Vec<u8> {
    if pattern.starts_with(b"!") { [b"\\", &pattern[..]].concat() } else { pattern }
}

/// Whether a backslash is before what needs none. No name on Windows has a `*` or `?` whose meaning could be taken away.
fn separates_by_backslash(given: &[u8], windows: bool) -> bool {
    let is_separator = |pair: &[u8]| {
        let next = pair[1];
        pair[0] == b'\\'
            && (next.is_ascii_alphanumeric()
                || next >= 0x80
                || matches!(next, b'.' | b'_')
                || windows && matches!(next, b'*' | b'?'))
    };
    given.windows(2).any(is_separator)
}

/// Whether single quotes have come along that were to keep a shell from reading the pattern. Those of cmd cut it at blanks.
fn is_quoted(given: &[u8], windows: bool) -> bool {
    let (starts, ends) = (given.starts_with(b"'"), given.ends_with(b"'"));
    given.len() > 1 && (starts && ends || windows && (starts || ends))
}

/// Whether there are braces around alternatives, as a shell has them.
fn has_braces(given: &[u8]) -> bool {
    let Some(open) = given.find_byte(b'{') else { return false };
    let inner = &given[open..];
    inner.find_byte(b'}').is_some_and(|close| inner[..close].contains(&b','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_separates_no_folders() {
        for (given, elsewhere, windows) in [
            ("secrets\\db.env", true, true),
            ("secrets\\.env", true, true),
            ("secrets\\**", false, true),
            ("secrets\\?.env", false, true),
            ("a\\[b]", false, false),
            ("\\!odd", false, false),
            ("\\#odd", false, false),
            ("secrets/**", false, false),
        ] {
            assert_eq!(separates_by_backslash(given.as_bytes(), false), elsewhere, "{given}");
            assert_eq!(separates_by_backslash(given.as_bytes(), true), windows, "{given}");
        }
    }

    #[test]
    fn quotes_that_no_shell_has_taken_are_noticed() {
        for (given, elsewhere, windows) in [
            ("'secrets/**'", true, true),
            ("'my", false, true),
            ("secrets/**'", false, true),
            ("it's", false, false),
            ("'", false, false),
        ] {
            assert_eq!(is_quoted(given.as_bytes(), false), elsewhere, "{given}");
            assert_eq!(is_quoted(given.as_bytes(), true), windows, "{given}");
        }
    }

    #[test]
    fn what_habit_gives_becomes_what_attributes_match() {
        let dir = tempfile::tempdir().unwrap();
        let top = dunce::canonicalize(dir.path()).unwrap();
        for file in ["secrets/db.env", "secrets/deep/x", "a[1].env", "top.env", "!odd"] {
            let file = top.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let files = [b"gone/x".to_vec()];
        let here = Surroundings { top: &top, dir: &top, files: &files };
        let absolute = format!("{}/secrets/db.env", top.to_str().unwrap());
        for (given, pattern) in [
            ("secrets", "secrets/**"),
            ("secrets/", "secrets/**"),
            ("/secrets", "secrets/**"),
            ("./secrets", "secrets/**"),
            (".", "**"),
            ("./", "**"),
            ("gone", "gone/**"),
            ("./secrets/db.env", "secrets/db.env"),
            ("secrets//db.env", "secrets/db.env"),
            ("secrets/../secrets/./db.env", "secrets/db.env"),
            (absolute.as_str(), "secrets/db.env"),
            ("secrets\\db.env", "secrets/db.env"),
            ("./top.env", "/top.env"),
            ("top.env", "top.env"),
            ("a[1].env", "a\\[1].env"),
            ("!odd", "\\!odd"),
            ("secrets/**", "secrets/**"),
            ("*.pem", "*.pem"),
            ("./*.pem", "/*.pem"),
            ("new.env", "new.env"),
            ("/etc/**", "/etc/**"),
        ] {
            let found = here.resolve(given.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), pattern, "{given}");
        }
        if cfg!(unix) {
            assert_eq!(here.resolve(b"a\\*b").unwrap(), b"a\\*b");
        }
        for given in
            ["'*.pem'", "../x", ":(glob)x", ":/x", "*.{pem,key}", "~/x", "nothing\\here.env"]
        {
            assert!(here.resolve(given.as_bytes()).is_err(), "{given}");
        }
        let inner = top.join("secrets");
        let below = Surroundings { top: &top, dir: &inner, files: &[] };
        assert!(below.resolve(b"secrets/db.env").is_err());
        assert!(below.resolve(format!("{}/top.env", top.to_str().unwrap()).as_bytes()).is_err());
        assert_eq!(below.resolve(b"deep").unwrap(), b"deep/**");
    }
}
