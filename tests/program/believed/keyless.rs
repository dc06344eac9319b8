//! The guard without a key: a `key.toml` is held against those of the commits before.

use crate::common::attacker::RawKey;
use crate::common::{Done, Sandbox};

const KEY_TOML: &str = ".shroud/default/key.toml";

/// A repository with two keys and one sealed file; and a bare one with the guard.
fn team() -> Sandbox {
    Sandbox::repository_with_two_keys()
}

/// (path, problem) of each finding.
fn findings(done: &Done) -> Vec<(String, String)> {
    let json = done.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap().iter();
    findings.map(|found| (text(&found["path"]), text(&found["problem"]))).collect()
}

fn check(sandbox: &Sandbox, range: &[&str]) -> Vec<(String, String)> {
    let done = sandbox.try_shroud("repo", [&["check", "--json"], range].concat());
    let found = findings(&done);
    assert_eq!(done.status, i32::from(!found.is_empty()), "{done:?}");
    found
}

fn expect(sandbox: &Sandbox, range: &[&str], expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(path, what)| ((*path).to_owned(), (*what).to_owned())).collect();
    assert_eq!(check(sandbox, range), expected, "{range:?}");
}

/// Commits these bytes, with no filter and no hook.
fn commit_raw(sandbox: &Sandbox, path: &str, content: &[u8]) {
    sandbox.stage_raw("repo", path, content);
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", path]);
}

fn as_is(sandbox: &Sandbox) {
    // Commits are made up here, with bytes as they are.
    sandbox.git("repo", ["config", "--remove-section", "filter.shroud"]);
    sandbox.git("repo", ["checkout", "-q", "-f", "HEAD"]);
}

const MALLORY: RawKey = RawKey([7; 32]);

#[test]
fn two_throw_away_commits_make_no_key_of_the_team() {
    for generation in [1, 2, 3, 50] {
        let sandbox = team();
        as_is(&sandbox);
        let real = sandbox.read("repo/.shroud/prod/key.toml");
        let swapped = MALLORY.key_toml("prod", generation, &[]);
        commit_raw(&sandbox, ".shroud/prod/key.toml", swapped.as_bytes());
        commit_raw(&sandbox, ".shroud/prod/key.toml", &real);
        commit_raw(&sandbox, "prod/db.env", &MALLORY.seal(b"mallory's"));
        let found = check(&sandbox, &["HEAD~3..HEAD"]);
        let swap = (".shroud/prod/key.toml".to_owned(), "key-swapped".to_owned());
        assert!(found.contains(&swap), "{generation}: {found:?}");
        // One after the other: either the key itself is refused, or the way back.
        let first = check(&sandbox, &["HEAD~2^!"]);
        assert_eq!(first.is_empty(), generation == 2, "{first:?}");
        expect(&sandbox, &["HEAD~1^!"], &[(".shroud/prod/key.toml", "key-swapped")]);
        let listed = sandbox.try_shroud("repo", ["check", "HEAD~3..HEAD"]).expect(1);
        assert!(listed.text().contains(".shroud/prod/key.toml  key-swapped"), "{listed:?}");
        listed.says("somebody may have swapped the key");
    }
}

#[test]
fn a_second_name_for_a_key_is_a_finding() {
    let sandbox = team();
    as_is(&sandbox);
    let text = String::from_utf8(sandbox.read(format!("repo/{KEY_TOML}"))).unwrap();
    let copy = text.replace("name = \"default\"", "name = \"prod\"");
    let lesser = sandbox.blob("repo", ":secrets/db.env");
    // Beside the first, in a new folder, in the place of prod's own, and by a move of the folder.
    commit_raw(&sandbox, ".shroud/prod/key.toml", copy.as_bytes());
    expect(&sandbox, &["HEAD^!"], &[(".shroud/prod/key.toml", "key-swapped")]);
    commit_raw(&sandbox, "prod/new", &lesser);
    expect(&sandbox, &["HEAD^!"], &[("prod/new", "other-key")]);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~2"]);
    let other = text.replace("name = \"default\"", "name = \"other\"");
    commit_raw(&sandbox, ".shroud/other/key.toml", other.as_bytes());
    expect(&sandbox, &["HEAD^!"], &[(".shroud/other/key.toml", "key-swapped")]);
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.git("repo", ["rm", "-q", "-r", "--cached", ".shroud"]);
    sandbox.stage_raw("repo", ".shroud/prod/key.toml", copy.as_bytes());
    commit_raw(&sandbox, "x", b"x");
    expect(&sandbox, &["HEAD^!"], &[(".shroud/prod/key.toml", "key-swapped")]);
}

#[test]
fn a_key_that_goes_and_comes_back_as_another_is_swapped() {
    let sandbox = team();
    as_is(&sandbox);
    sandbox.git("repo", ["rm", "-q", "-r", "--cached", ".shroud/prod"]);
    commit_raw(&sandbox, "x", b"x");
    expect(&sandbox, &["HEAD^!"], &[]);
    commit_raw(&sandbox, ".shroud/prod/key.toml", MALLORY.key_toml("prod", 1, &[]).as_bytes());
    expect(&sandbox, &["HEAD^!"], &[(".shroud/prod/key.toml", "key-swapped")]);
    expect(&sandbox, &["HEAD"], &[(".shroud/prod/key.toml", "key-swapped")]);
}

#[test]
fn a_merge_that_takes_the_older_or_another_key_is_refused() {
    let sandbox = team();
    sandbox.git("repo", ["branch", "old"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("repo", ["branch", "new"]);
    as_is(&sandbox);
    let merge = |ours: &str, theirs: &str, tree: &str| {
        let commit = ["commit-tree", "-p", ours, "-p", theirs, "-m", "merge", tree];
        let commit = sandbox.git("repo", commit).text().trim().to_owned();
        sandbox.git("repo", ["update-ref", "refs/heads/merged", &commit]);
    };
    let swapped = [(".shroud/prod/key.toml", "key-swapped")];
    sandbox.git("repo", ["checkout", "-q", "-f", "old"]);
    commit_raw(&sandbox, "docs/side", b"side");
    merge("new", "old", "new^{tree}");
    expect(&sandbox, &["merged^!"], &[]);
    for (ours, theirs) in [("new", "old"), ("old", "new")] {
        merge(ours, theirs, "old^{tree}");
        expect(&sandbox, &["merged", "^new", "^old"], &swapped);
    }
    // A fork of the key on a side, merged.
    commit_raw(&sandbox, ".shroud/prod/key.toml", MALLORY.key_toml("prod", 2, &[]).as_bytes());
    for tree in ["old^{tree}", "new^{tree}"] {
        merge("new", "old", tree);
        expect(&sandbox, &["merged", "^new", "^old"], &swapped);
    }
}

#[test]
fn a_key_of_one_branch_is_unknown_on_another() {
    let sandbox = team();
    as_is(&sandbox);
    sandbox.git("repo", ["checkout", "-q", "-b", "evil"]);
    commit_raw(&sandbox, ".shroud/prod/key.toml", MALLORY.key_toml("prod", 2, &[]).as_bytes());
    sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
    commit_raw(&sandbox, "prod/db.env", &MALLORY.seal(b"mallory's"));
    // In one push, in either order.
    for range in [["main", "evil", "^main~1"], ["evil", "main", "^main~1"]] {
        expect(&sandbox, &range, &[("prod/db.env", "unknown-key")]);
    }
    // After the branch was pushed.
    expect(&sandbox, &["main", "^evil"], &[("prod/db.env", "unknown-key")]);
    expect(&sandbox, &["--all"], &[("prod/db.env", "unknown-key")]);
}

#[test]
fn rotations_members_and_merges_of_a_team_pass() {
    let sandbox = team();
    sandbox.shroud("repo", ["hooks", "install", "-q"]);
    sandbox.git("repo", ["branch", "side"]);
    for _ in 0..3 {
        sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
        sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    }
    let alice = sandbox.age_identity("alice");
    sandbox.shroud("repo", ["member", "add", &alice, "--label", "alice", "--key", "prod", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "alice"]);
    sandbox.git("repo", ["checkout", "-q", "side"]);
    sandbox.write("repo/docs/side", "side");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "side"]);
    sandbox.git("repo", ["merge", "-q", "-m", "merge", "main"]);
    sandbox.shroud("repo", ["key", "new", "-q", "later"]);
    sandbox.git("repo", ["commit", "-q", "-m", "later"]);
    expect(&sandbox, &["--all"], &[]);
    expect(&sandbox, &["HEAD~1..HEAD"], &[]);
    expect(&sandbox, &["HEAD^!"], &[]);
    expect(&sandbox, &["--staged"], &[]);
}

#[test]
fn the_guard_of_a_server_refuses_a_swapped_key() {
    let sandbox = team();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "server.git"]);
    sandbox.write(
        "server.git/hooks/pre-receive",
        format!("#!/bin/sh\nexec {} check --pre-receive\n", env!("CARGO_BIN_EXE_git-shroud")),
    );
    sandbox.sh("server.git", "chmod +x hooks/pre-receive");
    as_is(&sandbox);
    commit_raw(&sandbox, KEY_TOML, MALLORY.key_toml("default", 1, &[]).as_bytes());
    let push = sandbox.try_git("repo", ["push", "../server.git", "main"]).expect(1);
    push.says("key-swapped").says(KEY_TOML);
    // By a tag too.
    sandbox.git("repo", ["tag", "v1"]);
    sandbox.try_git("repo", ["push", "../server.git", "v1"]).expect(1).says("key-swapped");
}

#[test]
fn a_second_rotation_waits_for_the_commit_of_the_first() {
    let sandbox = team();
    let alice = sandbox.age_identity("alice");
    sandbox.shroud("repo", ["member", "add", &alice, "--label", "alice", "--key", "prod", "-q"]);
    sandbox.git("repo", ["commit", "-q", "-m", "alice"]);
    sandbox.shroud("repo", ["hooks", "install", "-q"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    let before = sandbox.git("repo", ["write-tree"]).text();
    // The guard would take two steps in one commit for a swap.
    for command in [["key", "rotate", "prod"].as_slice(), &["member", "remove", "alice"]] {
        let done = sandbox.try_shroud("repo", command).expect(1);
        done.says("the last rotation of key 'prod' is not committed yet").says("git commit");
    }
    assert_eq!(sandbox.git("repo", ["write-tree"]).text(), before);
    sandbox.shroud("repo", ["key", "rotate", "-q", "default"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.shroud("repo", ["member", "remove", "alice"]);
    sandbox.git("repo", ["commit", "-q", "-m", "alice leaves"]);
    expect(&sandbox, &["--all"], &[]);
}
