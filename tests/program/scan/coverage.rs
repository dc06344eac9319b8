//! One distinct secret in each place of a repository: all are found.

use std::collections::BTreeSet;

use crate::common::Sandbox;
use crate::common::planted::{PLACES, plant, token, values};

#[test]
fn a_secret_is_found_in_each_of_all_places() {
    let sandbox = Sandbox::new();
    plant(&sandbox);
    let scan = ["scan", "--format", "json", "--reveal", "--min-rank", "low"];
    let found = sandbox.try_shroud("repo", scan).expect(1);
    let found = values(&found).concat();
    let missed: BTreeSet<_> =
        (1..=PLACES).filter(|&number| !found.contains(&token(number))).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
