//! The README's two commands, which a newcomer and `.ci/run` both run.

use std::fs;
use std::path::Path;

/// The text of a file, by its name from the package's folder on.
fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readme_shows_two_commands_near_the_top() {
    let readme = text("README.md");
    let top: Vec<&str> = readme.lines().take(20).collect();
    let ci = text(".ci/run");
    let test = ci
        .lines()
        .find_map(|line| line.strip_prefix("test_command='")?.strip_suffix('\''))
        .unwrap();
    for command in ["cargo install --locked --path . && git shroud demo", test] {
        assert!(top.contains(&command), "README.md: its first lines show no line '{command}'");
    }
}

#[test]
fn the_readme_is_short() {
    let lines = text("README.md").lines().count();
    assert!(lines <= 150, "README.md has {lines} lines: move some of it into docs/");
}
