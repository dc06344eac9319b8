//! Looking at changes only finds what looking at every object as a whole finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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

/// A bare repository with a history of source text: files of this package, and the changes that people make. It is the same
/// in every run.
fn history(sandbox: &Sandbox) {
    const FILES: usize = 40;
    const COMMITS: usize = 120;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths: Vec<_> = ["git", "format", "keyring", "filter"]
        .iter()
        .flat_map(|folder| fs::read_dir(sources.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths.truncate(FILES);
    let read = |path| fs::read_to_string(path).unwrap();
    let split = |text: String| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let mut files: Vec<_> = paths.iter().map(read).map(split).collect();
    assert!(files.len() > 20, "{} files", files.len());
    let mut stream = Vec::new();
    for commit in 0..COMMITS {
        let head = format!(
            "commit refs/heads/main\ncommitter A <a: b> {} +0000\ndata 10\nwhy: this\n\n",
            1_700_000_000 + commit
        );
        stream.extend(head.into_bytes());
        for (number, lines) in files.iter_mut().enumerate() {
            // All files at first, then some of them.
            if commit > 0 && (number + 7 * commit) % 13 > 0 {
                continue;
            }
            let at = (commit * 31 + number * 17) % lines.len();
            match commit % 6 {
                1 => lines.rotate_left(at),
                2 => {
                    lines.insert(at, format!("password: \"Xk3{commit}vTq9zLw2p{number}\"\n"));
                }
                3 => drop(lines.remove(at)),
                4 => lines[at].insert_str(0, "x: y"),
                _ => lines.push(lines[at].repeat(2)),
            }
            let text = lines.concat();
            let head = format!("M 100644 inline file-{number}\ndata {}\n", text.len());
            stream.extend([head.as_bytes(), text.as_bytes(), b"\n"].concat());
        }
    }
    sandbox.git(".", ["init", "-q", "--bare", "history.git"]);
    let mut import = sandbox.command("git", "history.git");
    import.args(["fast-import", "--quiet"]);
    sandbox.run_with_input(import, &stream).expect(0);
}

#[test]
fn of_a_history_of_source_text_however_it_is_packed() {
    let sandbox = Sandbox::new();
    history(&sandbox);
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
        sandbox.git("history.git", repack.iter().chain(packing.iter()));
        assert_same(&sandbox, "history.git", &Words(PREFIX));
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
    history(&sandbox);
    sandbox.git("history.git", ["repack", "-adfq", "--depth=50", "--window=20"]);
    assert_same(&sandbox, "history.git", &Detector::builtin());
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
