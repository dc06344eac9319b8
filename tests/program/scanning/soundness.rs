//! Looking at changes only finds what looking at every object as a whole finds.

use std::collections::BTreeMap;

use git_shroud::detect::{Detector, Matcher, Seer};

use crate::common::Sandbox;
use crate::scanning::eye::{Plain, Words, objects_with, plain};

/// Frequent in source code, and cut by many changes.
const PREFIX: &[u8] = b": ";

/// What every object has, each looked at for itself as git prints it.
fn by_whole_objects(
    sandbox: &Sandbox,
    dir: &str,
    matcher: &dyn Matcher,
) -> BTreeMap<String, Vec<Plain>> {
    let list = ["cat-file", "--batch-all-objects", "--unordered", "--batch"];
    let printed = sandbox.git(dir, list).stdout;
    let seer = Seer::new(vec![matcher]);
    let mut all = BTreeMap::new();
    let mut rest = &printed[..];
    while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
        let header = String::from_utf8(rest[..end].to_vec()).unwrap();
        let fields: Vec<_> = header.split(' ').collect();
        let len: usize = fields[2].parse().unwrap();
        let text = &rest[end + 1..][..len];
        rest = &rest[end + 2 + len..];
        let mut found = Vec::new();
        if fields[1] != "tree" {
            assert!(seer.look(text, &mut found), "{header}");
        }
        if !found.is_empty() {
            all.insert(fields[0].to_owned(), plain(&found));
        }
    }
    all
}

#[track_caller]
fn assert_same(sandbox: &Sandbox, dir: &str, matcher: &dyn Matcher) -> u64 {
    let (seen, walked) = objects_with(&sandbox.path(dir), matcher);
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    let expected = by_whole_objects(sandbox, dir, matcher);
    assert!(expected.len() > 20, "{} objects have hits", expected.len());
    for (id, hits) in &expected {
        assert_eq!(seen.get(id), Some(hits), "{id}");
    }
    assert_eq!(seen.len(), expected.len());
    assert!(walked.matched <= walked.bytes);
    walked.bytes / walked.matched.max(1)
}

#[test]
fn of_this_projects_own_history_however_it_is_packed() {
    let sandbox = Sandbox::new();
    let own = env!("CARGO_MANIFEST_DIR");
    sandbox.git(".", ["clone", "-q", "--bare", "--no-local", own, "own.git"]);
    let packings: [&[&str]; 5] = [
        &["--depth=50", "--window=10"],
        &["--depth=1", "--window=50"],
        &["--depth=4000", "--window=3"],
        &["--depth=0"],
        &["--depth=50", "--window=10"],
    ];
    for (round, packing) in packings.iter().enumerate() {
        let by_id = format!("repack.useDeltaBaseOffset={}", round != 4);
        let repack = ["-c", &by_id, "repack", "-adfq"];
        sandbox.git("own.git", repack.iter().chain(packing.iter()));
        assert_same(&sandbox, "own.git", &Words(PREFIX));
    }
}

#[test]
fn of_moved_repeated_and_nested_text() {
    let sandbox = crate::common::repository();
    let mut lines: Vec<String> = (0..400).map(|at| format!("name-{at}: value-{at}\n")).collect();
    lines.push("data: bmFtZTogdmFsdWUgbmFtZTogdmFsdWUgbmFtZTogdmFsdWU=\n".to_owned());
    lines.push("more: name%3A%20value%20name%3a%20value \\u003a\\u0020value\\n\\n\n".to_owned());
    for round in 0..60_usize {
        // A step that is prime to the length moves every line in time.
        let at = (round * 97) % lines.len();
        match round % 5 {
            0 => lines.rotate_left(at),
            1 => lines.insert(at, format!("new-{round}: x{}\n", "y".repeat(round))),
            2 => drop(lines.remove(at)),
            3 => lines[at].insert_str(at % 5, ": "),
            _ => lines.push(lines[at].repeat(2)),
        }
        sandbox.write("repo/file", lines.concat());
        sandbox.git("repo", ["add", "file"]);
        sandbox.git("repo", ["commit", "-q", "-m", "one more: change"]);
    }
    assert_same(&sandbox, "repo", &Words(PREFIX));
    for depth in ["--depth=1", "--depth=50"] {
        sandbox.git("repo", ["repack", "-adfq", depth, "--window=60"]);
        assert_same(&sandbox, "repo", &Words(PREFIX));
    }
}

#[test]
fn of_the_built_in_rules() {
    let sandbox = Sandbox::new();
    let own = env!("CARGO_MANIFEST_DIR");
    sandbox.git(".", ["clone", "-q", "--bare", "--no-local", own, "own.git"]);
    sandbox.git("own.git", ["repack", "-adfq", "--depth=50", "--window=20"]);
    assert_same(&sandbox, "own.git", &Detector::builtin());
}

#[test]
fn of_small_changes_with_little_matching() {
    let sandbox = crate::common::repository();
    let mut lines: Vec<String> = (0..4000).map(|at| format!("name-{at}: value-{at}\n")).collect();
    for round in 0..25_usize {
        lines[round * 150] = format!("other: {round} password = \"Xk3{round}vTq9zLw2p\"\n");
        sandbox.write("repo/file", lines.concat());
        sandbox.git("repo", ["add", "file"]);
        sandbox.git("repo", ["commit", "-q", "-m", "one more: change"]);
    }
    sandbox.git("repo", ["repack", "-adfq", "--depth=50", "--window=60"]);
    // Most of a history is copies: that is what all this is for.
    let words = assert_same(&sandbox, "repo", &Words(PREFIX));
    let rules = assert_same(&sandbox, "repo", &Detector::builtin());
    assert!(words >= 10 && rules >= 3, "{words} and {rules} times as much was read as matched");
}
