//! The remote helper that git starts for addresses that begin with `shroud::`: it only starts `git-shroud`, which does the work.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let name = format!("git-shroud{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().map(|exe| exe.with_file_name(&name));
    let program = beside.filter(|beside| beside.is_file()).unwrap_or_else(|| PathBuf::from(name));
    let mut command = Command::new(program);
    command.arg("remote-helper").arg("--").args(env::args_os().skip(1));
    match run(&mut command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "git-shroud: cannot start git-shroud: {error}");
            ExitCode::from(128)
        }
    }
}

/// In the place of this program, so that no process stands between git and the helper.
#[cfg(unix)]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> io::Result<ExitCode> {
    let status = command.status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::from(128), ExitCode::from))
}
