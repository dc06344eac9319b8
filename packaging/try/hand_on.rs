//! A stand-in for the build of git-shroud: it starts a program that is built already.

use std::os::unix::process::CommandExt;

fn main() {
    let error = std::process::Command::new("@PROGRAM@").args(std::env::args_os().skip(1)).exec();
    panic!("{error}");
}
