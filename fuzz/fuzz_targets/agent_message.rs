//! See `tests/formats/targets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| git_shroud_fuzz::run("agent_message", bytes));
