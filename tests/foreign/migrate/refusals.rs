//! What is refused, with nothing changed.

use crate::common::{Sandbox, is_sealed};
use crate::migrate::place::{assert_open, foreign, git_crypt, migrate};

/// The command ends with this status and message, and the repository is as it was.
#[track_caller]
fn refused(sandbox: &Sandbox, args: &[&str], status: i32, says: &str) {
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    let changes = sandbox.git("repo", ["status", "--porcelain"]).text();
    migrate(sandbox, "repo", args).expect(status).says(says);
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), changes);
    assert!(!sandbox.path("repo/.shroud").exists());
    assert!(!sandbox.path("repo/.git/git-shroud/migration").exists());
}

#[track_caller]
fn commit(sandbox: &Sandbox, path: &str, content: &str) {
    sandbox.write(format!("repo/{path}"), content);
    sandbox.git("repo", ["add", "--force", path]);
    sandbox.git("repo", ["commit", "-q", "-m", path]);
}

#[test]
fn changes_that_are_not_committed_are_not_swept_along() {
    let sandbox = foreign();
    sandbox.write("repo/secrets/db.env", "canary-changed\n");
    refused(&sandbox, &[], 1, "has local changes");
    sandbox.git("repo", ["add", "."]);
    refused(&sandbox, &[], 1, "the index holds changes that are not committed");
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"canary-changed\n");
}

#[test]
fn a_key_that_is_not_held_is_named() {
    let sandbox = foreign();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    for args in [&["../default.key"][..], &["--dry-run", "../default.key"]] {
        let done = migrate(&sandbox, "clone", args).expect(1);
        done.says("the git-crypt key 'Ops' is not held here");
        assert!(!sandbox.path("clone/.shroud").exists());
    }
    migrate(&sandbox, "clone", &["../ops.key"]).expect(0);
    assert_open(&sandbox, "clone");
}

#[test]
fn conversions_are_named() {
    let sandbox = foreign();
    commit(&sandbox, ".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n*.env text\n");
    refused(&sandbox, &[], 1, "secrets/db.env: the attribute 'text' would make git change");
}

#[test]
fn lines_that_only_this_clone_has_are_named() {
    let sandbox = foreign();
    let info = "repo/.git/info/attributes";
    sandbox.write(info, "mine/** filter=git-crypt diff=git-crypt\n");
    migrate(&sandbox, "repo", &["--dry-run"]).expect(0).says(".git/info/attributes name git-crypt");
    sandbox.write(info, "root.key filter=git-crypt diff=git-crypt\n");
    let done = migrate(&sandbox, "repo", &["--dry-run"]).expect(1);
    done.says(
        "root.key: should be sealed with key 'default', would be under the filter 'git-crypt'",
    )
    .says("move them to a .gitattributes");
    std::fs::remove_file(sandbox.path(info)).unwrap();
    sandbox.write("repo/sub/.gitattributes", "* filter=git-crypt\n");
    refused(&sandbox, &[], 1, "sub/.gitattributes names git-crypt's filter but is not in the repo");
}

#[test]
fn attributes_files_under_the_filter_are_named() {
    let sandbox = foreign();
    commit(&sandbox, ".gitattributes", "secrets/** filter=git-crypt diff=git-crypt\n");
    commit(&sandbox, "secrets/.gitattributes", "x -text\n");
    refused(&sandbox, &[], 1, "git-crypt's filter encrypts secrets/.gitattributes itself");
}

#[test]
fn names_are_chosen_and_not_taken() {
    let sandbox = foreign();
    refused(&sandbox, &["--rename", "other=x"], 2, "there is no git-crypt key 'other' here");
    refused(&sandbox, &["--rename", "Ops=default"], 2, "would both be called 'default'");
    refused(&sandbox, &["--rename", "Ops"], 2, "write it as OLD=NEW");
    migrate(&sandbox, "repo", &["--rename", "default=team", "--rename", "Ops=infra"]).expect(0);
    assert_open(&sandbox, "repo");
    let status = sandbox.shroud("repo", ["status"]).text();
    assert!(status.contains("secrets/db.env  (key team, generation 1)"), "{status}");
    assert!(status.contains("ops/prod.yml  (key infra, generation 1)"), "{status}");
}

#[test]
fn a_key_that_is_here_already_is_not_taken_twice() {
    let sandbox = foreign();
    sandbox.shroud("repo", ["init"]);
    sandbox.git("repo", ["commit", "-q", "-m", "shroud"]);
    migrate(&sandbox, "repo", &[])
        .expect(2)
        .says("already has a key 'default'")
        .says("--rename default=NAME");
    migrate(&sandbox, "repo", &["--rename", "default=before"]).expect(0);
    assert_open(&sandbox, "repo");
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:root.key")));
}

#[test]
fn a_file_that_does_not_open_is_named() {
    let sandbox = foreign();
    let mut blob = sandbox.blob("repo", "HEAD:root.key");
    *blob.last_mut().unwrap() ^= 1;
    sandbox.stage_raw("repo", "broken.key", &blob);
    sandbox.git("repo", ["commit", "-q", "-m", "broken"]);
    migrate(&sandbox, "repo", &["--dry-run"])
        .expect(1)
        .says("broken.key: no git-crypt key held here opens it");
    assert!(!sandbox.path("repo/.shroud").exists());
}

#[test]
fn a_repository_without_git_crypt_has_nothing_to_migrate() {
    let sandbox = crate::common::repository();
    migrate(&sandbox, "repo", &[]).expect(2).says("there is no commit yet");
    sandbox.sealed_repository("ours");
    migrate(&sandbox, "ours", &[]).expect(2).says("git-crypt encrypts nothing in this repository");
    git_crypt(&sandbox, "repo", &["init"]);
    sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "none"]);
    migrate(&sandbox, "repo", &[]).expect(2).says("git-crypt encrypts nothing in this repository");
}

#[test]
fn a_merge_that_is_under_way_does_not_become_the_migration() {
    let sandbox = foreign();
    sandbox.git("repo", ["checkout", "-q", "-b", "topic"]);
    commit(&sandbox, "topic.txt", "topic\n");
    sandbox.git("repo", ["checkout", "-q", "main"]);
    // The index is what the last commit has, so that nothing else tells of the merge.
    sandbox.git("repo", ["merge", "-q", "--no-commit", "--no-ff", "-s", "ours", "topic"]);
    refused(&sandbox, &[], 1, "a merge, a rebase or something similar is in progress here");
    assert!(sandbox.path("repo/.git/MERGE_HEAD").exists());
    sandbox.git("repo", ["merge", "--abort"]);
    migrate(&sandbox, "repo", &[]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_link_among_git_crypts_files_is_named_before_anything_is_done() {
    let sandbox = foreign();
    std::fs::create_dir_all(sandbox.path("repo/.git-crypt/keys")).unwrap();
    std::os::unix::fs::symlink("/", sandbox.path("repo/.git-crypt/keys/default")).unwrap();
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "a link"]);
    refused(&sandbox, &[], 1, ".git-crypt/keys/default is a link or a submodule");
}
