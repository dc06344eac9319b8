//! The `git-shroud` program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    git_shroud::cli::run(std::env::args_os())
}
