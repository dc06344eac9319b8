//! A clone whose keyring is gone and whose files are open.

use std::fs;

use crate::closing::{KEYRING, is_open, sealed};
use crate::common::{SECRETS, is_sealed};

#[test]
fn lock_closes_what_git_knows_to_be_unchanged() {
    let sandbox = sealed();
    fs::remove_file(sandbox.path("repo").join(KEYRING)).unwrap();
    sandbox
        .shroud("repo", ["lock"])
        .says("no key is held here; replaced the plaintext by the sealed bytes in 2 files");
    assert!(!is_open(&sandbox, "repo"));
    sandbox.shroud("repo", ["lock"]).says("locked already");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    assert!(is_open(&sandbox, "repo"));
}

#[test]
fn changes_are_named_and_kept_unless_they_are_given_up() {
    let sandbox = sealed();
    fs::remove_file(sandbox.path("repo").join(KEYRING)).unwrap();
    // As long as what it was.
    let changed = SECRETS[0].1.replace("canary", "CANARY");
    sandbox.write("repo/secrets/db.env", &changed);
    for _ in 0..2 {
        sandbox
            .try_shroud("repo", ["lock"])
            .expect(1)
            .says("secrets/db.env")
            .says("git shroud lock --discard");
        assert_eq!(sandbox.read("repo/secrets/db.env"), changed.as_bytes());
        assert!(is_sealed(&sandbox.read("repo/secrets/deep/er/tls.key")));
    }
    sandbox.shroud("repo", ["lock", "--discard"]).says("1 file");
    assert!(!is_open(&sandbox, "repo"));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn what_the_repository_holds_in_the_clear_is_named() {
    let sandbox = sealed();
    sandbox.write("repo/secrets/plain", "canary-plain\n");
    sandbox.stage_raw("repo", "secrets/plain", b"canary-plain\n");
    fs::remove_file(sandbox.path("repo").join(KEYRING)).unwrap();
    for option in [None, Some("--discard")] {
        let done = sandbox.try_shroud("repo", ["lock"].into_iter().chain(option)).expect(1);
        assert!(done.stderr.contains("secrets/plain"), "{}", done.stderr);
    }
    assert!(!is_open(&sandbox, "repo"));
}

#[test]
fn every_worktree_is_closed() {
    let sandbox = sealed();
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    // What git wrote in the very moment in which it wrote the index it would have to read again.
    sandbox.shroud("repo", ["lock", "-q"]);
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    fs::remove_dir_all(sandbox.path("repo/.git/git-shroud")).unwrap();
    sandbox.shroud("repo/.git", ["lock"]).says("4 files");
    assert!(!is_open(&sandbox, "repo") && !is_open(&sandbox, "linked"));
}
