//! `git shroud scan`: the whole program on real repositories.

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/planted.rs"]
mod planted;

mod cache;
mod command;
mod coverage;
#[cfg(unix)]
mod pushes;
mod rules;
mod sealed;
