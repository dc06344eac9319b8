//! The `git-shroud` program.

#![forbid(unsafe_code)]

fn main() {}
