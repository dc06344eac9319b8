//! Paths inside a repository, as git writes them: bytes, relative, with slashes.

use std::path::{Path, PathBuf};

/// Turns git's path into one of this system, if it can only lead below the worktree.
///
/// Refuses empty, absolute and dot components and anything named `.git`, which a hostile repository could use to
/// write outside the worktree or into git's own folder; on Windows also what the system reads as a drive or a stream.
/// `None` also where the system has no such name.
pub fn to_native(path: &[u8]) -> Option<PathBuf> {
    let sound = |component: &[u8]| {
        let special: &[u8] = if cfg!(windows) { b"\0\\:" } else { b"\0" };
        !matches!(component, b"" | b"." | b"..")
            && !component.eq_ignore_ascii_case(b".git")
            && !component.iter().any(|byte| special.contains(byte))
    };
    path.split(|&byte| byte == b'/').all(sound).then(|| native(path)).flatten()
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
        for good in ["a", "a/b c/-d", "..a/b..", ".gitattributes", ".github/x"] {
            let native = to_native(good.as_bytes()).unwrap();
            assert_eq!(from_native(&native).unwrap(), good.as_bytes());
        }
        for bad in
            ["", "/a", "a/", "a//b", "./a", "a/../b", "..", ".git/config", "a/.GIT/x", "a\0b"]
        {
            assert_eq!(to_native(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
