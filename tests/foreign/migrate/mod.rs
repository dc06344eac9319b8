//! Taking repositories over from git-crypt: made by the real git-crypt, and by its fixtures.

mod by_value;
mod cut_off;
mod history;
mod members;
mod place;
mod refusals;
mod whole;
