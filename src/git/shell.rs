//! The shell that git has: Git for Windows brings one, which is not on the PATH of cmd and PowerShell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::command::{Git, os_line};

/// The shell by which git starts editors and hooks.
pub fn shell(git: &Git) -> PathBuf {
    if cfg!(unix) {
        return "sh".into();
    }
    let ask = |args: &[&str]| git.run(args).ok().map(os_line).filter(|line| !line.is_empty());
    let named = ask(&["var", "GIT_SHELL_PATH"]);
    choose(named, || ask(&["--exec-path"]), Path::is_file)
}

/// The shell that git names, from 2.46 on; else the one beside git's own programs, which are in `mingw64/libexec/git-core`;
/// else whatever is on PATH.
fn choose(
    named: Option<OsString>,
    exec_path: impl FnOnce() -> Option<OsString>,
    is_there: impl Fn(&Path) -> bool,
) -> PathBuf {
    // Before, git named one that only its own programs find: /bin/sh.
    if let Some(named) = named.map(PathBuf::from).filter(|named| is_there(named)) {
        return named;
    }
    let exec_path = exec_path().map(PathBuf::from).unwrap_or_default();
    let git = exec_path.ancestors().nth(3).unwrap_or(Path::new(""));
    let places = ["usr/bin/sh.exe", "bin/sh.exe"].map(|place| git.join(place));
    places.into_iter().find(|place| is_there(place)).unwrap_or_else(|| "sh".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXEC_PATH: &str = "C:/Program Files/Git/mingw64/libexec/git-core";

    fn chosen(named: Option<&str>, there: &[&str]) -> PathBuf {
        let is_there = |path: &Path| there.iter().any(|there| path == Path::new(there));
        choose(named.map(OsString::from), || Some(EXEC_PATH.into()), is_there)
    }

    #[test]
    fn the_shell_of_git_is_found() {
        let own = "C:/Program Files/Git/usr/bin/sh.exe";
        let bin = "C:/Program Files/Git/bin/sh.exe";
        for (named, there, found) in [
            (Some("D:/git/sh.exe"), &["D:/git/sh.exe", own][..], "D:/git/sh.exe"),
            (Some("/bin/sh"), &[own, bin], own),
            (None, &[bin], bin),
            (None, &[], "sh"),
        ] {
            assert_eq!(chosen(named, there), Path::new(found));
        }
        assert_eq!(choose(None, || None, |_| false), Path::new("sh"));
    }
}
