//! Where a program is, as the shell of the system finds it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where a program is by a `PATH`; `None` for one that is named with a folder, or that is nowhere.
pub(super) fn find(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let endings = cfg!(windows).then(|| std::env::var_os("PATHEXT").unwrap_or_default());
    find_by(program, path, endings.as_deref())
}

/// What is to be started for the program that the user named: on Windows `npm` is `npm.cmd`, and what is named with a folder
/// may lack its ending too.
pub(super) fn with_ending(program: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let endings = std::env::var_os("PATHEXT").filter(|_| cfg!(windows))?;
    if is_name(program) {
        return find_by(program, path, Some(&endings));
    }
    let program = Path::new(program);
    let ended = names(program.file_name()?, Some(&endings));
    ended.into_iter().map(|name| program.with_file_name(name)).find(|file| is_executable(file))
}

fn is_name(program: &OsStr) -> bool {
    !program.is_empty() && Path::new(program).components().count() == 1
}

fn find_by(program: &OsStr, path: &OsStr, endings: Option<&OsStr>) -> Option<PathBuf> {
    if !is_name(program) {
        return None;
    }
    let names = names(program, endings);
    let in_folder = |folder: PathBuf| {
        names.iter().map(|name| folder.join(name)).find(|file| is_executable(file))
    };
    let meant = |folder| meant(folder, endings.is_some());
    std::env::split_paths(path).filter_map(meant).find_map(in_folder)
}

/// The folder of a `PATH`. One without a name is the working directory, but not on Windows, where such a `PATH` is common: it
/// is nothing there.
fn meant(folder: PathBuf, windows: bool) -> Option<PathBuf> {
    match folder.as_os_str().is_empty() {
        true if windows => None,
        true => Some(".".into()),
        false => Some(folder),
    }
}

/// The names that a program may have. On Windows these are the endings of `PATHEXT`, in its order; one that has any is taken
/// as it is.
fn names(program: &OsStr, endings: Option<&OsStr>) -> Vec<OsString> {
    let Some(endings) = endings else { return vec![program.to_owned()] };
    let endings = endings.to_string_lossy();
    let endings = if endings.is_empty() { ".COM;.EXE;.BAT;.CMD" } else { &*endings };
    let own = Path::new(program).extension();
    let is_own = |ending: &&str| {
        own.is_some_and(|own| own.eq_ignore_ascii_case(ending.trim_start_matches('.')))
    };
    let mut endings = endings.split(';').filter(|ending| !ending.is_empty());
    if endings.clone().any(|ending| is_own(&ending)) {
        return vec![program.to_owned()];
    }
    let ended = endings.by_ref().map(|ending| {
        let mut name = program.to_owned();
        name.push(ending.to_lowercase());
        name
    });
    ended.collect()
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_windows_have_an_ending() {
        let of = |program: &str, endings: &str| {
            let names = names(OsStr::new(program), Some(OsStr::new(endings)));
            names.into_iter().map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of("npm", ".COM;.EXE;;.CMD"), ["npm.com", "npm.exe", "npm.cmd"]);
        assert_eq!(of("npm.CMD", ".EXE;.CMD"), ["npm.CMD"]);
        assert_eq!(of("python3.11", ".EXE"), ["python3.11.exe"]);
        assert_eq!(of("node", ""), ["node.com", "node.exe", "node.bat", "node.cmd"]);
        assert_eq!(names(OsStr::new("npm"), None), ["npm"]);
    }

    #[test]
    fn a_path_with_a_gap_leads_to_the_working_directory_on_unix_alone() {
        let folder = |name: &str, windows| meant(name.into(), windows);
        assert_eq!(folder("", false), Some(".".into()));
        assert_eq!(folder("", true), None);
        for windows in [false, true] {
            assert_eq!(folder("bin", windows), Some("bin".into()));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_first_folder_with_one_of_the_names_has_the_program() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            file
        };
        let (cmd, exe) = (make("a/npm.cmd"), make("b/npm.exe"));
        let path = std::env::join_paths([dir.path().join("a"), dir.path().join("b")]).unwrap();
        let find = |program: &str, endings: Option<&str>| {
            find_by(OsStr::new(program), &path, endings.map(OsStr::new))
        };
        assert_eq!(find("npm", Some(".EXE;.CMD")), Some(cmd.clone()));
        assert_eq!(find("npm.exe", Some(".EXE;.CMD")), Some(exe));
        assert_eq!(find("npm", None), None);
        assert_eq!(find("npm.cmd", None), Some(cmd));
        assert_eq!(find("a/npm", Some(".CMD")), None);
    }
}
