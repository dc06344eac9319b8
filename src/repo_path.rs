//! Paths inside a repository, as git writes them: bytes, relative, with slashes.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::validate::path::{component, component::Options};

/// Turns git's path into one of this system, if it can only lead below the worktree.
///
/// Refuses empty, absolute and dot components and whatever any system takes for `.git` (`git~1`, `.git.`, `.git::$DATA`, one
/// with characters that nobody sees), which a hostile repository could use to write outside the worktree or into git's own
/// folder; on Windows also what the system reads as a drive, a stream, a device or another name. git refuses the same
/// (core.protectNTFS, core.protectHFS). `None` also where the system has no such name.
pub fn to_native(path: &[u8]) -> Option<PathBuf> {
    is_sound(path, cfg!(windows)).then(|| native(path)).flatten()
}

fn is_sound(path: &[u8], windows: bool) -> bool {
    let rules = Options { protect_windows: windows, protect_hfs: true, protect_ntfs: true };
    path.split(|&byte| byte == b'/')
        .all(|one| !one.contains(&0) && component(one.as_bstr(), None, rules).is_ok())
}

/// Turns a relative path of this system into git's; `None` where it is not UTF-8 outside Unix.
pub fn from_native(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for component in path.components() {
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(os_bytes(component.as_os_str())?);
    }
    Some(bytes)
}

#[cfg(unix)]
fn native(path: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(std::ffi::OsStr::from_bytes(path).into())
}

#[cfg(not(unix))]
fn native(path: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(path).ok().map(PathBuf::from)
}

#[cfg(unix)]
fn os_bytes(text: &std::ffi::OsStr) -> Option<&[u8]> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(text.as_bytes())
}

#[cfg(not(unix))]
fn os_bytes(text: &std::ffi::OsStr) -> Option<&[u8]> {
    text.to_str().map(str::as_bytes)
}

/// Bytes of an argument, as git takes it; on other systems than Unix only what is UTF-8.
pub fn argument_bytes(argument: &std::ffi::OsStr) -> Option<&[u8]> {
    os_bytes(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_worktree_pass() {
        for good in ["a", "a/b c/-d", "..a/b..c", ".gitattributes", ".github/x"] {
            let native = to_native(good.as_bytes()).unwrap();
            assert_eq!(from_native(&native).unwrap(), good.as_bytes());
        }
        for bad in
            ["", "/a", "a/", "a//b", "./a", "a/../b", "..", ".git/config", "a/.GIT/x", "a\0b"]
        {
            assert_eq!(to_native(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn what_another_system_takes_for_git_passes_nowhere() {
        for bad in [
            "git~1/hooks/pre-commit",
            "a/GIT~1",
            ".git./config",
            ".git /config",
            ".git. . /x",
            ".git::$INDEX_ALLOCATION/config",
            ".git:stream",
            ".g\u{200c}it/config",
        ] {
            assert_eq!(to_native(bad.as_bytes()), None, "{bad:?}");
        }
        for good in ["git~2", "git~10", ".gitx", ".git-x", "a.git", "git", "x.git./y"] {
            assert!(is_sound(good.as_bytes(), false), "{good:?}");
        }
    }

    #[test]
    fn what_windows_reads_as_something_else_does_not_pass_there() {
        for bad in [
            "CON", "a/nul", "aux.env", "com1.txt", "LPT9", "prn", "a.", "..a/b..", "a /b", "C:x",
            "a:b", "a\\b", "a*b", "a?b", "a<b", "conin$",
        ] {
            assert!(!is_sound(bad.as_bytes(), true), "{bad:?}");
            assert!(is_sound(bad.as_bytes(), false), "{bad:?}");
        }
        for good in ["console", "a.b", "nullable", "com", "com10", "ä b/c", ".env", "a..b"] {
            assert!(is_sound(good.as_bytes(), true), "{good:?}");
        }
    }
}
