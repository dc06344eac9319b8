//! What a sandbox needs, and what it cannot show, on Windows.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Sandbox;

/// Without these no program of Windows starts, and none finds a folder for temporary files.
pub(super) fn surroundings(command: &mut Command, sandbox: &Sandbox) {
    if !cfg!(windows) {
        return;
    }
    for name in ["SystemRoot", "SystemDrive", "ComSpec", "PATHEXT"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.env("TEMP", sandbox.path(".")).env("TMP", sandbox.path("."));
    command.env("USERPROFILE", sandbox.path("home"));
}

/// Writes a new age identity to a file, as age-keygen does: the program is not where the tests run on Windows.
pub(super) fn write_identity(file: &Path) {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let secret = identity.to_string();
    let text = format!("# public key: {}\n{}\n", identity.to_public(), secret.expose_secret());
    fs::write(file, text).unwrap();
}

impl Sandbox {
    /// The permission bits of a file or folder.
    #[cfg(unix)]
    pub fn mode(&self, path: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o777
    }

    /// Panics unless a file or folder has these permission bits, where the system has such bits. On Windows an access list
    /// decides who reads, which `doctor` reports.
    #[track_caller]
    pub fn assert_mode(&self, path: &str, mode: u32) {
        #[cfg(unix)]
        assert_eq!(self.mode(path), mode, "{path}");
        let _ = (path, mode);
    }
}

impl Drop for Sandbox {
    /// No read-only file is removed there, and git's objects are.
    fn drop(&mut self) {
        if cfg!(windows) {
            make_writable(&self.path("."));
        }
    }
}

// On Windows alone, where it takes one attribute away.
#[allow(clippy::permissions_set_readonly_false)]
fn make_writable(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let mut permissions = metadata.permissions();
        if metadata.is_dir() {
            make_writable(&entry.path());
        } else if permissions.readonly() {
            permissions.set_readonly(false);
            let _ = fs::set_permissions(entry.path(), permissions);
        }
    }
}
