//! What another version of the program left: an earlier one, as files in `tests/fixtures/state`, and a later one.

mod earlier;
mod newer;
