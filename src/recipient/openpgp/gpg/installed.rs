//! Which gpg runs, and where it keeps its keys. Windows often has two: Gpg4win's, and the one that Git for Windows brings for
//! its own shell, each with keys and an agent of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Gpg;

/// Bytes of an answer that are looked at.
const MAX_ANSWER: usize = 1 << 16;

/// A gpg as it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// The program.
    pub program: PathBuf,
    /// As in "2.2.40"; empty where it says none.
    pub version: String,
    /// The folder with its keys.
    pub home: String,
    /// Where its agent listens, if `gpgconf` says so.
    pub agent: Option<String>,
}

impl Gpg {
    /// What it says of itself.
    pub fn installed(&self) -> Installed {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = PathBuf::from(&self.program);
        let program = match program.components().count() {
            1 => on_path(&self.program, &path).into_iter().next().unwrap_or(program),
            _ => program,
        };
        Installed::of(program)
    }

    /// The other ones on Windows: on the path, and where Gpg4win is. Elsewhere all have one home.
    pub fn others(first: &Installed) -> Vec<Installed> {
        if !cfg!(windows) {
            return Vec::new();
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = ["ProgramFiles", "ProgramFiles(x86)"].into_iter().filter_map(|name| {
            Some(PathBuf::from(std::env::var_os(name)?).join("GnuPG").join("bin").join("gpg.exe"))
        });
        let own = programs.filter(|program| program.is_file());
        differing(first, on_path(OsStr::new("gpg"), &path).into_iter().chain(own))
    }
}

impl Installed {
    fn of(program: PathBuf) -> Self {
        let said = answer(&program, &["--version"]);
        let said = String::from_utf8_lossy(&said);
        let (version, home) = read(&said);
        let beside = program.with_file_name(format!("gpgconf{}", std::env::consts::EXE_SUFFIX));
        let gpgconf = if beside.is_file() { beside } else { "gpgconf".into() };
        let listed = answer(&gpgconf, &["--list-dirs", "agent-socket"]);
        let agent = String::from_utf8_lossy(&listed).lines().next().map(str::to_owned);
        let agent = agent.filter(|agent| !agent.is_empty());
        Self { version: version.to_owned(), home: home.to_owned(), agent, program }
    }

    /// Whether something is where its agent would listen.
    pub fn has_agent(&self) -> bool {
        // gpgconf writes a colon as %3a.
        let path = |agent: &String| agent.replace("%3a", ":").replace("%3A", ":");
        self.agent.as_ref().is_some_and(|agent| Path::new(&path(agent)).exists())
    }
}

/// Of the programs those that keep their keys elsewhere than the first, each home once.
fn differing(first: &Installed, programs: impl Iterator<Item = PathBuf>) -> Vec<Installed> {
    let mut found = vec![first.clone()];
    for program in programs {
        if found.iter().any(|known| known.program == program) {
            continue;
        }
        let other = Installed::of(program);
        if !other.version.is_empty() && found.iter().all(|known| known.home != other.home) {
            found.push(other);
        }
    }
    found.remove(0);
    found
}

/// Version and home in what `gpg --version` prints.
fn read(said: &str) -> (&str, &str) {
    let first = said.lines().next().unwrap_or_default();
    let version = if first.starts_with("gpg ") { first.rsplit(' ').next() } else { None };
    let home = said.lines().find_map(|line| line.strip_prefix("Home: "));
    (version.unwrap_or_default().trim(), home.unwrap_or_default().trim())
}

fn on_path(name: &OsStr, path: &OsStr) -> Vec<PathBuf> {
    let mut name = name.to_owned();
    if Path::new(&name).extension().is_none() {
        name.push(std::env::consts::EXE_SUFFIX);
    }
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&name)).filter(|file| file.is_file()).collect()
}

fn answer(program: &Path, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(args).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    let mut answer = command.output().map(|output| output.stdout).unwrap_or_default();
    answer.truncate(MAX_ANSWER);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gpg_says_of_itself_is_read() {
        let said = "gpg (GnuPG) 2.4.5\nlibgcrypt 1.10.3\n\nHome: /c/Users/ann/.gnupg\nSupported:\n";
        assert_eq!(read(said), ("2.4.5", "/c/Users/ann/.gnupg"));
        assert_eq!(read("gpg (GnuPG) 2.2.40\r\nHome: C:\\x\r\n"), ("2.2.40", "C:\\x"));
        assert_eq!(read("bash: no such thing"), ("", ""));
    }

    #[cfg(unix)]
    #[test]
    fn a_second_gpg_with_keys_of_its_own_is_found() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let make = |folder: &str, home: &str| {
            let file = dir.path().join(folder).join("gpg");
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let script =
                format!("#!/bin/sh\necho 'gpg (GnuPG) 2.4.{home}'\necho 'Home: /{home}'\n");
            std::fs::write(&file, script).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            file
        };
        let files = [make("a", "1"), make("b", "1"), make("c", "2"), make("d", "2")];
        let path = std::env::join_paths(files.iter().map(|file| file.parent().unwrap())).unwrap();
        let found = on_path(OsStr::new("gpg"), &path);
        assert_eq!(found, files);
        let first = Installed::of(files[0].clone());
        assert_eq!((first.version.as_str(), first.home.as_str()), ("2.4.1", "/1"));
        let others = differing(&first, found.into_iter());
        let programs: Vec<_> = others.iter().map(|other| &other.program).collect();
        assert_eq!(programs, [&files[2]]);
    }
}
