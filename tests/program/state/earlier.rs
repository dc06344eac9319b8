//! Repositories, keyrings, caches and journals of an earlier version, which `tests/fixtures/state/make` has made.

use std::path::PathBuf;

use crate::common::{Sandbox, is_sealed, is_sealed_anyhow, needs};

const FILES: [(&str, &str); 3] = [
    ("secrets/db.env", "PASSWORD=fixture-canary-1\n"),
    ("config/app.env", "# a comment\nPASSWORD=fixture-canary-2\nLOG_LEVEL=debug\n"),
    ("config/app.json", "{\"password\": \"fixture-canary-3\", \"ports\": [1, 2]}\n"),
];
const LEAK: &[u8] = b"fixture-leak-4f1c9a7be2d84c60";

/// A sandbox with what these archives hold.
fn with(archives: &[&str]) -> Sandbox {
    needs("tar", "tar");
    let sandbox = Sandbox::new();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
    for archive in archives {
        let mut tar = sandbox.command("tar", ".");
        tar.args(["-xzf", fixtures.join(format!("{archive}.tar.gz")).to_str().unwrap()]);
        sandbox.run(tar).expect(0);
    }
    sandbox.sh(".", "chmod 600 bob alice.age 2>/dev/null || true");
    sandbox
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str, open: bool) {
    for (path, content) in FILES {
        let there = sandbox.read(format!("{dir}/{path}"));
        assert_eq!(there == content.as_bytes(), open, "{dir}/{path}");
        assert_eq!(is_sealed_anyhow(&there), !open, "{dir}/{path}");
    }
    let large = sandbox.read(format!("{dir}/secrets/large.txt"));
    assert_eq!(is_sealed(&large), !open);
    assert_eq!(large.starts_with(b"1 fixture-canary-large\n2 "), open);
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "", "{dir}");
}

/// What the program says of a clone where all is well.
#[track_caller]
fn assert_sound(sandbox: &Sandbox, dir: &str) {
    for args in [&["status"][..], &["check", "--all"], &["check", "--staged"], &["config", "check"]]
    {
        let done = sandbox.try_shroud(dir, args);
        // No environment is described there.
        let fits = done.status == 0 || args[0] == "config";
        assert!(
            fits && !done.stderr.contains("newer git-shroud"),
            "{args:?}: {}{}",
            done.text(),
            done.stderr
        );
    }
    let doctor = sandbox.try_shroud(dir, ["doctor"]);
    assert!(!doctor.text().contains("damaged"), "{}", doctor.text());
    sandbox.git(dir, ["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn an_unlocked_clone_lives_on() {
    let sandbox = with(&["unlocked"]);
    assert_open(&sandbox, "repo", true);
    assert_sound(&sandbox, "repo");
    for (path, content) in FILES {
        assert_eq!(sandbox.shroud("repo", ["cat", &format!("HEAD:{path}")]).text(), content);
    }
    let old = sandbox.shroud("repo", ["cat", "HEAD~4:secrets/db.env"]).text();
    assert_eq!(old, FILES[0].1, "sealed with the key from before the rotation");
    let keys = sandbox.shroud("repo", ["key", "list"]).text();
    assert!(keys.contains("generation 1") && keys.contains("generation 2"), "{keys}");
    let members = sandbox.shroud("repo", ["member", "list"]).text();
    assert!(members.contains("alice") && members.contains("bob"), "{members}");
    // Sealing what is there again gives the same blobs.
    let before = sandbox.git("repo", ["ls-files", "--stage"]).text();
    sandbox.sh("repo", "touch secrets/* config/*");
    sandbox.git("repo", ["add", "--renormalize", "."]);
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage"]).text(), before);
    sandbox
        .write("repo/config/app.env", "# a comment\nPASSWORD=fixture-canary-9\nLOG_LEVEL=debug\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "next"]);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotated again"]);
    sandbox.shroud("repo", ["lock"]);
    for identity in ["../alice.age", "../bob"] {
        sandbox.shroud("repo", ["unlock", "-i", identity]);
        assert!(sandbox.read("repo/config/app.env").ends_with(b"canary-9\nLOG_LEVEL=debug\n"));
        sandbox.shroud("repo", ["lock"]);
    }
    sandbox.assert_no_object_holds("repo", b"fixture-canary");
}

#[test]
fn a_locked_clone_opens_for_each_who_could_open_it() {
    let sandbox = with(&["unlocked", "locked"]);
    assert_open(&sandbox, "locked", false);
    for given in [&["../team.key"][..], &["-i", "../alice.age"], &["-i", "../bob"]] {
        sandbox.shroud("locked", [&["unlock"], given].concat());
        assert_open(&sandbox, "locked", true);
        assert_sound(&sandbox, "locked");
        sandbox.shroud("locked", ["lock"]);
        assert_open(&sandbox, "locked", false);
    }
}

#[test]
fn its_cache_is_used_or_made_anew() {
    let sandbox = with(&["unlocked"]);
    let scan = || sandbox.try_shroud("repo", ["scan", "--format", "json"]).expect(1);
    let with_cache = scan();
    assert!(!with_cache.stderr.contains("cache"), "{}", with_cache.stderr);
    sandbox.sh("repo", "rm .git/git-shroud/scan-cache");
    let anew = scan();
    assert_eq!(with_cache.json()["findings"], anew.json()["findings"]);
    assert!(anew.text().contains("leak.txt"), "{}", anew.text());
}

#[test]
fn a_scrub_that_was_cut_off_is_ended_or_undone() {
    for option in ["--continue", "--undo"] {
        let sandbox = with(&["unlocked", "scrub-cut-off"]);
        sandbox.shroud("scrubbed", ["scrub", option]);
        let objects = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
        let reachable = sandbox.git("scrubbed", ["log", "--all", "-p", "--format=%s"]).stdout;
        let has_leak = crate::common::contains(&reachable, LEAK);
        assert_eq!(has_leak, option == "--undo");
        let head = |dir| sandbox.git(dir, ["rev-parse", "HEAD"]).text();
        assert_eq!(head("scrubbed") == head("repo"), option == "--undo");
        assert_open(&sandbox, "scrubbed", true);
        if option == "--continue" {
            sandbox.shroud("scrubbed", ["scrub", "--finish"]);
            assert!(!crate::common::contains(&sandbox.git("scrubbed", objects).stdout, LEAK));
        }
        assert_sound(&sandbox, "scrubbed");
    }
}

#[test]
fn a_rotation_that_was_cut_off_is_ended_or_undone() {
    for option in ["--continue", "--abort"] {
        let sandbox = with(&["unlocked", "rotation-cut-off"]);
        // It belongs to the worktree in which it began.
        sandbox.sh(
            "rotated",
            "sed -i \"s|^git_dir = .*|git_dir = \\\"$PWD/.git\\\"|\" .git/git-shroud/rotation/journal.toml",
        );
        sandbox.shroud("rotated", ["key", "rotate", option]);
        if option == "--continue" {
            sandbox.git("rotated", ["commit", "-q", "-m", "rotated"]);
        }
        let keys = sandbox.shroud("rotated", ["key", "list"]).text();
        assert_eq!(keys.contains("generation 3"), option == "--continue", "{keys}");
        assert_open(&sandbox, "rotated", true);
        assert_sound(&sandbox, "rotated");
    }
}
