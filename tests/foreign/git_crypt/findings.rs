//! What is wrong in a git-crypt repository is named, and the commands of every day know its files.

use super::{MAGIC, assert_unchanged, git_crypt, shared};
use crate::common::contains;

#[test]
fn short_plaintext_in_the_repository_is_handed_through_and_named() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    for (name, content) in [("one.secret", "x".to_owned()), ("full.secret", "y".repeat(22))] {
        sandbox.stage_raw("c", name, content.as_bytes());
    }
    sandbox.git("c", ["commit", "-qm", "leak"]);
    let checkout = sandbox.git("c", ["checkout", "-q", "-f", "HEAD"]);
    let checkout = if checkout.stderr.is_empty() {
        sandbox.sh("c", "rm one.secret full.secret; git checkout -q -f HEAD").expect(0)
    } else {
        checkout
    };
    checkout.says("stored as plaintext");
    assert_eq!(sandbox.read("c/one.secret"), b"x");
    assert_eq!(sandbox.read("c/full.secret"), [b'y'; 22]);
    let status = sandbox.try_shroud("c", ["status"]).expect(1).text();
    assert!(status.contains("plaintext-in-head  one.secret"), "{status}");
    let check = sandbox.try_shroud("c", ["check", "--all"]).expect(1).text();
    assert!(check.contains("full.secret  plaintext"), "{check}");
    sandbox.try_shroud("c", ["status", "--fix"]).expect(0);
    assert!(sandbox.blob("c", ":one.secret").starts_with(MAGIC));
    sandbox.git("c", ["commit", "-qm", "encrypted"]);
    assert_unchanged(&sandbox, "c");
}

#[test]
fn a_file_that_was_encrypted_twice_is_named_and_opened_once() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    let inner = sandbox.blob("c", "HEAD:a.secret");
    let mut clean = sandbox.command("git-crypt", "r");
    clean.arg("clean");
    let outer = sandbox.run_with_input(clean, &inner).expect(0).stdout;
    assert!(outer.starts_with(MAGIC) && outer.len() == inner.len() + 22);
    sandbox.stage_raw("c", "a.secret", &outer);
    sandbox.git("c", ["commit", "-qm", "twice"]);
    sandbox.sh("c", "rm a.secret; git checkout -q -f HEAD").expect(0);
    assert_eq!(sandbox.read("c/a.secret"), inner);
    // It stays as it is until somebody says so.
    assert_unchanged(&sandbox, "c");
    let status = sandbox.try_shroud("c", ["status"]).expect(1).text();
    assert!(status.contains("double-encrypted  a.secret"), "{status}");
    let check = sandbox.try_shroud("c", ["check", "HEAD^!"]).expect(1).text();
    assert!(check.contains("a.secret  double-encrypted"), "{check}");
    sandbox.shroud("c", ["status", "--fix"]);
    assert_eq!(sandbox.blob("c", ":a.secret"), inner);
    sandbox.shroud("c", ["unlock"]);
    assert_eq!(sandbox.read("c/a.secret"), b"one\n");
}

#[test]
fn an_encrypted_file_is_not_encrypted_again() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    let blob = sandbox.blob("c", "HEAD:a.secret");
    sandbox.write("c/copy.secret", &blob);
    sandbox.git("c", ["add", "copy.secret"]);
    assert_eq!(sandbox.blob("c", ":copy.secret"), blob);
}

#[test]
fn check_needs_no_key_and_finds_plaintext_and_a_dropped_attribute() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.git(".", ["clone", "-q", "--bare", "r", "bare"]);
    sandbox.shroud("bare", ["check", "--all"]);
    sandbox.write("r/.gitattributes", "other filter=git-crypt\n");
    sandbox.git("r", ["add", "."]);
    sandbox.git("r", ["add", "--renormalize", "."]);
    sandbox.git("r", ["commit", "-qm", "dropped"]);
    let check = sandbox.try_shroud("r", ["check", "HEAD^!"]).expect(1).text();
    assert!(check.contains("a.secret  unsealed"), "{check}");
}

#[test]
fn doctor_names_attributes_that_work_against_git_crypt() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    let lines = "*.secret filter=git-crypt text\n*.bad filter=git-crypt-a/b\n";
    sandbox.write("c/.gitattributes", format!("{lines}.gitattributes filter=git-crypt\n"));
    sandbox.write("c/x.bad", "plain\n");
    sandbox.stage_raw("c", "x.bad", b"plain\n");
    let doctor = sandbox.try_shroud("c", ["doctor"]).expect(1).text();
    for text in [
        "without diff=git-crypt",
        "that makes git change encrypted bytes",
        "cannot be the name of a git-crypt key",
        "an attribute seals .gitattributes, but git must read this file",
    ] {
        assert!(doctor.contains(text), "{text}\n{doctor}");
    }
    let doctor = sandbox.shroud("r", ["doctor"]).text();
    assert!(doctor.contains("git uses git-crypt, not git-shroud"), "{doctor}");
}

#[test]
fn the_commands_of_every_day_know_its_files() {
    let sandbox = shared(&[("db.secret", "A=1\nPASSWORD=hunter2\n")]);
    sandbox.write("c/db.secret", "A=2\nPASSWORD=hunter2\n");
    let diff = sandbox.git("c", ["diff"]).text();
    assert!(diff.contains("-A=1\n+A=2\n"), "{diff}");
    let masked = sandbox.shroud("c", ["diff", "--masked"]).text();
    assert!(masked.contains("db.secret: changed, 1 line added, 1 removed"), "{masked}");
    sandbox.git("c", ["commit", "-qam", "edit"]);
    assert_eq!(sandbox.shroud("c", ["cat", "HEAD~1:db.secret"]).stdout, b"A=1\nPASSWORD=hunter2\n");
    let log = sandbox.shroud("c", ["log", "db.secret"]).text();
    assert!(log.contains("+A=2"), "{log}");
    let blame = sandbox.shroud("c", ["blame", "db.secret"]).text();
    assert!(blame.contains("A=2") && blame.contains("hunter2"), "{blame}");
    let why = sandbox.shroud("c", ["why", "db.secret"]).text();
    assert!(why.contains("git-crypt's 'default', held here"), "{why}");
    let mut edit = sandbox.command("git-shroud", "c");
    edit.args(["edit", "--on-disk", "db.secret"]).env("GIT_EDITOR", "sed -i s/A=2/A=3/");
    sandbox.run(edit).expect(0);
    assert!(contains(&sandbox.read("c/db.secret"), b"A=3"));
    sandbox.git("c", ["commit", "-qam", "edited"]);
    sandbox.git("r", ["pull", "-q", "../c", "main"]);
    git_crypt(&sandbox, "r", &["status"]);
    assert!(contains(&sandbox.read("r/db.secret"), b"A=3"));
}

#[test]
fn what_cannot_be_opened_does_not_stop_git_status_and_can_be_removed() {
    let sandbox = shared(&[("a.secret", "one\n"), ("b.secret", "two\n")]);
    let mut damaged = sandbox.blob("c", "HEAD:a.secret");
    damaged[23] ^= 1;
    let sealed = [&b"\0SHROUD\x01"[..], &[7; 64]].concat();
    for (name, content) in [("a.secret", damaged), ("b.secret", sealed)] {
        sandbox.stage_raw("c", name, &content);
        // As 'unlock' and a checkout without the filter leave it.
        sandbox.write(format!("c/{name}"), &content);
    }
    sandbox.git("c", ["commit", "-qm", "damaged"]);
    assert_unchanged(&sandbox, "c");
    sandbox.sh("c", "printf x >> a.secret").expect(0);
    sandbox.try_git("c", ["add", "a.secret"]).expect(128).says("was changed");
    sandbox.sh("c", "git cat-file blob HEAD:a.secret > a.secret").expect(0);
    sandbox.git("c", ["rm", "-q", "a.secret"]);
}
