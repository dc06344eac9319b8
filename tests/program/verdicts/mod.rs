//! `status`, `check`, `doctor`, `why`, `lock` and the filter never contradict each other about one path, nor what the object
//! database really holds: over random trees, attributes, keys and surroundings.
//!
//! The truth comes from git's own commands and from a second reader of the format. `GIT_SHROUD_CASES=2000` tries more than the
//! suite does, `GIT_SHROUD_SEED=7` others.

mod case;
mod filters;
mod judge;
mod oracle;
mod repo;
mod seal;
mod world;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use world::World;

/// Cases of one test: what fits into the suite.
const CASES: u32 = 40;

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Each test draws other cases, always the same.
fn nothing_contradicts(stream: u8) {
    let cases = number("GIT_SHROUD_CASES").unwrap_or(CASES);
    let mut seed = [stream; 32];
    seed[..4].copy_from_slice(&number("GIT_SHROUD_SEED").unwrap_or(0).to_le_bytes());
    let config =
        Config { cases, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let world = World::new();
    let ran =
        runner.run(&case::cases(), |case| filters::run(&world, &case).map_err(TestCaseError::fail));
    if let Err(error) = ran {
        panic!("{error}");
    }
}

#[test]
fn nothing_contradicts_1() {
    nothing_contradicts(1);
}

#[test]
fn nothing_contradicts_2() {
    nothing_contradicts(2);
}
