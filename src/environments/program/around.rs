//! What is around a program that git started: git puts a folder of its own before the user's `PATH`.

use std::ffi::{OsStr, OsString};

/// Names the folder with git's own programs, to those that git starts.
pub(super) const GIT_EXEC_PATH: &str = "GIT_EXEC_PATH";

/// The `PATH` that git was started with, for a program that git started with these two variables; `None` where it is not
/// changed.
pub(super) fn path_before_git(path: &OsStr, exec_path: &OsStr) -> Option<OsString> {
    let mut entries = std::env::split_paths(path);
    let first = entries.next()?;
    if exec_path.is_empty() || first.as_os_str() != exec_path {
        return None;
    }
    let rest: Vec<_> = entries.collect();
    // Without a PATH of the user's git adds the system's.
    std::env::join_paths(rest).ok().filter(|rest| !rest.is_empty())
}

/// Whether the program that started this one is git, which stays above it.
#[cfg(target_os = "linux")]
pub(super) fn is_below_git() -> bool {
    let Some(parent) = rustix::process::getppid() else { return false };
    let name = std::fs::read_to_string(format!("/proc/{}/comm", parent.as_raw_nonzero()));
    name.is_ok_and(|name| name.trim_end() == "git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_put_before_the_path_is_taken_away_once() {
        let to_system = |path: &str| std::env::join_paths(path.split(':')).unwrap();
        let before = |path: &str, exec: &str| {
            let path = path_before_git(&to_system(path), OsStr::new(exec))?;
            let entries =
                std::env::split_paths(&path).map(|entry| entry.to_str().unwrap().to_owned());
            Some(entries.collect::<Vec<_>>().join(":"))
        };
        assert_eq!(before("/git:/bin:/usr/bin", "/git").as_deref(), Some("/bin:/usr/bin"));
        assert_eq!(before("/git:/git:/bin", "/git").as_deref(), Some("/git:/bin"));
        assert_eq!(before("/bin:/git", "/git"), None);
        assert_eq!(before("/git/x:/bin", "/git"), None);
        assert_eq!(before("/git", "/git"), None);
        assert_eq!(before(":/bin", ""), None);
    }
}
