//! Taking repositories over from git-crypt: made by the real git-crypt, and by its fixtures.

#[path = "../common/mod.rs"]
mod common;
mod cut_off;
mod history;
mod members;
mod place;
mod refusals;
mod whole;
