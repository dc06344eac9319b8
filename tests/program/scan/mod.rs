//! `git shroud scan`: the whole program on real repositories.

mod cache;
mod command;
mod coverage;
#[cfg(unix)]
mod pushes;
mod rules;
mod sealed;
