//! ssh-keygen, and what takes its place.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::program::{run, words};
use super::{Key, SigningError, begins};
use crate::fs::scratch_folder::ScratchFolder;
use crate::git::command::{Git, os_line};

/// A public key in place of a file's name, in git's newer form.
const LITERAL: &str = "key::";

/// Signs as git does: the text is in a file, and the signature comes beside it.
pub(super) fn sign(key: &Key, text: &[u8]) -> Result<Vec<u8>, SigningError> {
    let folder = ScratchFolder::new()?;
    let file = folder.path().join("text");
    write(&file, text)?;
    let mut command = key.command();
    command.args(["-Y", "sign", "-n", "git", "-f"]);
    match literal(&key.name) {
        // The agent has the other half.
        Some(line) => {
            let public = folder.path().join("key");
            write(&public, &[line.as_encoded_bytes(), b"\n"].concat())?;
            command.arg(public).arg("-U");
        }
        None => drop(command.arg(&key.name)),
    }
    command.arg(&file);
    let output = run(key, command, b"")?;
    let said = || match output.stderr.is_empty() {
        true => key.refused(&output.stdout),
        false => key.refused(&output.stderr),
    };
    if !output.status.success() {
        return Err(said());
    }
    let signature = file.with_extension("sig");
    crate::fs::read_bounded(&signature, 1 << 20).map(|read| read.to_vec()).map_err(|_| said())
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(text)
}

/// A public key that is set in place of a file's name.
fn literal(key: &OsStr) -> Option<OsString> {
    if begins(key, LITERAL) {
        return Some(os_line(key.as_encoded_bytes()[LITERAL.len()..].to_vec()));
    }
    begins(key, "ssh-").then(|| key.to_owned())
}

/// The first key that the command in `gpg.ssh.defaultKeyCommand` prints.
pub(super) fn default_key(git: &Git) -> Result<OsString, SigningError> {
    let set = git.query(["config", "--get", "gpg.ssh.defaultKeyCommand"])?;
    let line = set.ok_or(SigningError::NoKey)?;
    let words = words(&line.to_string_lossy());
    let (program, arguments) = words.split_first().ok_or(SigningError::NoKey)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(git.dir()).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            SigningError::Missing(crate::sanitise::native(Path::new(program)))
        }
        _ => SigningError::Io(error),
    })?;
    let first = output.stdout.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first = os_line(first.to_vec());
    match output.status.success() && literal(&first).is_some() {
        true => Ok(first),
        false => Err(SigningError::NoKey),
    }
}
