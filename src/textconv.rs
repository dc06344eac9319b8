//! The helper that git starts for every side of every diff: git has opened the file already, so it only copies.
//!
//! A file that is still sealed (its key is not held, or only the diff driver is set) is left to `git-shroud textconv`.

#![forbid(unsafe_code)]

use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

const MAGIC: &[u8] = b"\0SHROUD";
const PREFIX: &[u8] = b"shroud.v1.";
/// Bytes of the longest file that is sealed by value.
const MAX_VALUES: u64 = 16 << 20;
const GIT_CRYPT_MAGIC: &[u8] = b"\0GITCRYPT\0";

fn main() -> ExitCode {
    let Some(file) = env::args_os().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: git-shroud-textconv FILE");
        return ExitCode::from(2);
    };
    match copy(Path::new(&file)) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Quoted and escaped: the name comes from the repository.
            let _ = writeln!(io::stderr(), "git-shroud: {file:?}: {error}");
            ExitCode::from(2)
        }
    }
}

fn copy(path: &Path) -> io::Result<ExitCode> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    let mut stdout = io::stdout().lock();
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(MAX_VALUES).read_to_end(&mut start)?;
    file.rewind()?;
    // Sealed by value (docs/format.md, section 8).
    if start.windows(PREFIX.len()).any(|part| part == PREFIX) {
        return leave_to_program(path);
    }
    let mut read = file.read(&mut buffer)?;
    if [MAGIC, GIT_CRYPT_MAGIC].iter().any(|magic| buffer[..read].starts_with(magic)) {
        file.rewind()?;
        return leave_to_program(path);
    }
    while read > 0 {
        stdout.write_all(&buffer[..read])?;
        read = file.read(&mut buffer)?;
    }
    stdout.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn leave_to_program(path: &Path) -> io::Result<ExitCode> {
    let name = format!("git-shroud{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().map(|exe| exe.with_file_name(&name));
    let program = beside.filter(|beside| beside.is_file()).unwrap_or_else(|| name.into());
    let status = Command::new(program).arg("textconv").arg("--").arg(path).status()?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
