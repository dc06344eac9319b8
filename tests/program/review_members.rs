//! What a rotation that is undone keeps, what a sparse checkout leaves of a removed member, and what no message shows.

use crate::common::attacker::RawKey;
use crate::common::{Sandbox, contains, text};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

/// Cuts a rotation off after the new key is in the keyring, before anything is staged; then something else is sealed with it.
fn cut_off(sandbox: &Sandbox) {
    sandbox.write("repo/.git/index.lock", "");
    let done = sandbox.try_shroud("repo", ["key", "rotate"]);
    assert_ne!(done.status, 0);
    sandbox.sh("repo", "rm .git/index.lock; echo meanwhile > secrets/db.env").expect(0);
    let keys = text(sandbox.read("repo/.git/git-shroud/keyring"));
    let sealed = RawKey::from_key_file(&keys, "default", 2).seal(b"meanwhile\n");
    sandbox.stage_raw("repo", "secrets/db.env", &sealed);
}

#[test]
fn undoing_keeps_a_key_that_sealed_something_else_in_a_commit() {
    let sandbox = team();
    cut_off(&sandbox);
    sandbox.git("repo", ["commit", "-q", "-m", "meanwhile"]);
    sandbox.shroud("repo", ["key", "rotate", "--abort"]).says("so the key was kept");
    assert_eq!(sandbox.shroud("repo", ["cat", "HEAD:secrets/db.env"]).text(), "meanwhile\n");
}

#[test]
fn undoing_keeps_a_key_that_sealed_something_else_in_the_index() {
    let sandbox = team();
    cut_off(&sandbox);
    sandbox.shroud("repo", ["key", "rotate", "--abort"]).says("so the key was kept");
    assert_eq!(sandbox.shroud("repo", ["cat", ":secrets/db.env"]).text(), "meanwhile\n");
}

#[test]
fn a_member_is_removed_where_a_sparse_checkout_leaves_their_file_out() {
    for no_rotate in [false, true] {
        let sandbox = team();
        sandbox.git("repo", ["sparse-checkout", "set", "--cone", "secrets"]);
        assert!(!sandbox.path("repo/.shroud").exists());
        let no_rotate = if no_rotate { &["--no-rotate"][..] } else { &[] };
        sandbox.shroud("repo", [&["member", "remove", "bob"], no_rotate].concat());
        let listed = sandbox.shroud("repo", ["member", "list"]).text();
        assert!(!listed.contains("bob"), "{listed}");
        let staged = sandbox.git("repo", ["ls-files", "--", ".shroud"]).text();
        assert!(!staged.contains("bob.toml"), "{staged}");
        assert!(staged.contains("alice.toml") && staged.contains("key.toml"), "{staged}");
    }
}

#[test]
fn undoing_a_removal_in_a_sparse_checkout_brings_the_member_back() {
    let sandbox = team();
    sandbox.git("repo", ["sparse-checkout", "set", "--cone", "secrets"]);
    let before = sandbox.git("repo", ["ls-files", "--stage"]).text();
    sandbox.sh("repo", "touch .git/index.lock");
    assert_ne!(sandbox.try_shroud("repo", ["member", "remove", "bob"]).status, 0);
    sandbox.sh("repo", "rm .git/index.lock");
    sandbox.shroud("repo", ["key", "rotate", "--abort"]);
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage"]).text(), before);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_secret_where_a_path_is_meant_is_not_shown() {
    let sandbox = team();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let age = String::from_utf8(sandbox.read("bob.age")).unwrap();
    let age = age.lines().last().unwrap();
    let base64 =
        "lQdGBGkCANARYBAAC7secretsecretsecretsecretsecretsecretsecretsecretsecretsecret".repeat(5);
    let commented = "\n# mine\n-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nCANARYsecret".to_owned();
    for (name, value, secret) in [
        ("GIT_SHROUD_IDENTITY", age, "AGE-SECRET-KEY-1"),
        ("GIT_SHROUD_OPENPGP_KEY", age, "AGE-SECRET-KEY-1"),
        ("GIT_SHROUD_OPENPGP_KEY", &base64, "CANARY"),
        ("GIT_SHROUD_OPENPGP_KEY", &commented, "CANARY"),
    ] {
        let done = sandbox.try_shroud_with((name, value), "clone", &["unlock"]).expect(2);
        assert!(!contains(done.stderr.as_bytes(), secret.as_bytes()), "{}", done.stderr);
        done.says(name);
    }
    let done = sandbox.try_shroud("clone", ["unlock", "-i", age]).expect(2);
    assert!(!done.stderr.contains("AGE-SECRET-KEY-1"), "{}", done.stderr);
    let done = sandbox.try_shroud("clone", ["key", "import", age]).expect(2);
    assert!(!done.stderr.contains("AGE-SECRET-KEY-1"), "{}", done.stderr);
}

#[test]
fn a_rotation_that_was_cut_off_while_it_finished_is_undone() {
    let sandbox = team();
    let before = sandbox.git("repo", ["ls-files", "--stage"]).text();
    sandbox.sh("repo", "touch .git/index.lock");
    assert_ne!(sandbox.try_shroud("repo", ["key", "rotate"]).status, 0);
    // The new key.toml can be written, the file of a member cannot.
    sandbox
        .sh("repo", "rm .git/index.lock; cd .shroud/default/members; rm bob.toml; mkdir bob.toml");
    let continued = sandbox.try_shroud("repo", ["key", "rotate", "--continue"]);
    assert_ne!(continued.status, 0, "{}", continued.stderr);
    sandbox.sh("repo", "rmdir .shroud/default/members/bob.toml; touch secrets/db.env");
    sandbox.shroud("repo", ["key", "rotate", "--abort"]);
    sandbox.sh("repo", "git checkout -q -- .shroud");
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage", "secrets"]).text(), secrets(&before));
    sandbox.shroud("repo", ["status"]);
}

fn secrets(listed: &str) -> String {
    listed
        .lines()
        .filter(|line| line.contains("\tsecrets/"))
        .map(|line| format!("{line}\n"))
        .collect()
}
