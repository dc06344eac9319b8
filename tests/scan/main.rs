//! `git shroud scan`: the whole program on real repositories.

#[path = "../common/mod.rs"]
mod common;

mod cache;
mod command;
mod coverage;
#[cfg(unix)]
mod pushes;
mod rules;
mod sealed;

use common::Done;

/// A token in the shape that GitLab documents, another for each number; none stands in this file.
fn token(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(digits[usize::try_from(state % 62).unwrap()])
    };
    let body: String = (0..20).map(digit).collect();
    format!("glpat-{body}")
}

/// The values in a report in JSON that was made with `--reveal`.
fn values(done: &Done) -> Vec<String> {
    let json = done.json();
    let findings = json["findings"].as_array().unwrap();
    findings.iter().filter_map(|found| found["secret"].as_str().map(str::to_owned)).collect()
}
