//! `git shroud scan`: the whole program on real repositories.

mod baselines;
mod cache;
mod command;
mod coverage;
mod origins;
mod packed;
#[cfg(unix)]
mod pushes;
mod rules;
mod sealed;
