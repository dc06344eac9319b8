//! The fuzz targets, which are those of the package's tests.

#[allow(dead_code)]
#[path = "../../tests/common/attacker.rs"]
mod attacker;
#[path = "../../tests/formats/targets/mod.rs"]
mod targets;

/// Feeds the target of this name.
pub fn run(name: &str, bytes: &[u8]) {
    targets::run(name, bytes);
}
