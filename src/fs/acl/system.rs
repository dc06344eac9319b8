//! The programs of Windows that know access lists, by their full paths.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::super::Exposure;

/// Folders that this run has made private or found so: what is made below takes their access list over.
static PRIVATE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Makes a folder, and all that will be made in it, the owner's alone, if it is new. A file system without access lists
/// leaves it as it is, and `doctor` says so.
pub(in super::super) fn restrict_dir(path: &Path, is_new: bool) {
    if is_new && !is_below_private(path) {
        let _ = restrict(path, "(OI)(CI)F");
    }
    PRIVATE.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// Makes a file the owner's alone, before anything is in it.
pub(in super::super) fn restrict_file(path: &Path) {
    if !is_below_private(path) {
        let _ = restrict(path, "F");
    }
}

fn is_below_private(path: &Path) -> bool {
    let private = PRIVATE.lock().unwrap_or_else(PoisonError::into_inner);
    private.iter().any(|folder| path.starts_with(folder))
}

fn restrict(path: &Path, rights: &str) -> io::Result<()> {
    // The user and not "the owner": what an administrator makes belongs to all of them.
    let user = own_account().unwrap_or("S-1-3-4");
    let mut command = tool("icacls.exe");
    command.arg(path).args(["/inheritance:r", "/grant:r"]);
    command.args([user, "S-1-5-18", "S-1-5-32-544"].map(|who| format!("*{who}:{rights}")));
    run(&mut command).map(drop)
}

/// Who may open the file.
pub(in super::super) fn exposure(path: &Path) -> Exposure {
    let read = || -> io::Result<String> {
        let dir = tempfile::tempdir()?;
        let saved = dir.path().join("acl");
        run(tool("icacls.exe").arg(path).arg("/save").arg(&saved))?;
        Ok(super::decode(&std::fs::read(saved)?))
    };
    let why = match read() {
        Ok(text) => match super::strangers(&text, own_account()) {
            Some(none) if none.is_empty() => return Exposure::Owner,
            Some(others) => return Exposure::Others(others),
            None => "icacls answered in an unknown form".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Exposure::Unknown(why)
}

fn own_account() -> Option<&'static str> {
    static ACCOUNT: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        let answer = run(tool("whoami.exe").args(["/user", "/fo", "csv", "/nh"])).ok()?;
        super::account(&String::from_utf8_lossy(&answer)).map(str::to_owned)
    };
    ACCOUNT.get_or_init(ask).as_deref()
}

fn tool(name: &str) -> Command {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    Command::new(Path::new(&root).join("System32").join(name))
}

fn run(command: &mut Command) -> io::Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let program = crate::sanitise::native(Path::new(command.get_program()));
    Err(io::Error::other(format!("{program}: {}", said.trim())))
}
