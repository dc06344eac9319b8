//! Both programs on one branch: neither sees a change that nobody made.

use super::{MAGIC, assert_unchanged, fixture, git_crypt, shared};
use crate::common::Sandbox;

#[test]
fn commits_alternate_and_neither_program_sees_a_change() {
    let sandbox = shared(&[("a.secret", "one\n"), ("plain.txt", "plain\n")]);
    for round in 0..3 {
        sandbox.write("c/a.secret", format!("git-shroud's {round}\n"));
        sandbox.write(format!("c/new{round}.secret"), format!("new {round}\n"));
        sandbox.git("c", ["add", "."]);
        sandbox.git("c", ["commit", "-qm", "git-shroud's"]);
        assert!(sandbox.blob("c", "HEAD:a.secret").starts_with(MAGIC));
        sandbox.git("r", ["pull", "-q", "../c", "main"]);
        assert_unchanged(&sandbox, "r");
        assert_unchanged(&sandbox, "c");
        assert_eq!(sandbox.read("r/a.secret"), format!("git-shroud's {round}\n").as_bytes());
        let status = git_crypt(&sandbox, "r", &["status"]).text();
        assert!(!status.contains("WARNING") && status.contains("encrypted: a.secret"), "{status}");

        sandbox.write("r/a.secret", format!("git-crypt's {round}\n"));
        sandbox.git("r", ["commit", "-qam", "git-crypt's"]);
        sandbox.git("c", ["pull", "-q", "../r", "main"]);
        assert_unchanged(&sandbox, "c");
        assert_eq!(sandbox.read("c/a.secret"), format!("git-crypt's {round}\n").as_bytes());
        git_crypt(&sandbox, "c", &["status"]);
    }
    // The same plaintext is the same blob, whoever adds it.
    sandbox.write("c/same.secret", "the same\n");
    sandbox.write("r/same.secret", "the same\n");
    for dir in ["c", "r"] {
        sandbox.git(dir, ["add", "same.secret"]);
    }
    assert_eq!(sandbox.blob("c", ":same.secret"), sandbox.blob("r", ":same.secret"));
}

#[test]
fn both_programs_unlock_what_the_other_has_locked() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.shroud("c", ["lock"]);
    assert!(sandbox.read("c/a.secret").starts_with(MAGIC));
    assert!(!sandbox.path("c/.git/git-crypt").exists());
    git_crypt(&sandbox, "c", &["unlock", "../key"]);
    assert_eq!(sandbox.read("c/a.secret"), b"one\n");
    assert_unchanged(&sandbox, "c");
    git_crypt(&sandbox, "c", &["lock"]);
    assert!(sandbox.read("c/a.secret").starts_with(MAGIC));
    sandbox.shroud("c", ["unlock", "../key"]);
    assert_eq!(sandbox.read("c/a.secret"), b"one\n");
    assert_unchanged(&sandbox, "c");
}

#[test]
fn a_clone_that_git_crypt_has_unlocked_is_taken_over_without_a_key_file() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.shroud("r", ["unlock"]);
    let process = sandbox.git("r", ["config", "filter.git-crypt.process"]).text();
    assert!(process.contains("git-shroud"), "{process}");
    assert_unchanged(&sandbox, "r");
    // git-crypt made this key, and no copy of it is known until one was read.
    sandbox.try_shroud("r", ["lock"]).expect(1).says("no copy of the git-crypt key");
    sandbox.shroud("r", ["unlock", "../key"]);
    sandbox.shroud("r", ["lock"]);
}

#[test]
fn every_file_of_the_fixture_opens_and_stays_unchanged() {
    let sandbox = Sandbox::new();
    let bundle = fixture("a-symmetric.bundle");
    sandbox.git(".", ["clone", "-q", bundle.to_str().unwrap(), "c"]);
    let key = fixture("a-default.key");
    sandbox.shroud("c", ["unlock", key.to_str().unwrap()]).says("'ops_team-1', which is not held");
    assert!(sandbox.read("c/ops/db.yml").starts_with(MAGIC));
    assert_unchanged(&sandbox, "c");
    // The driver of the key that is not held refuses too.
    sandbox.write("c/ops/new.yml", "plaintext\n");
    sandbox.try_git("c", ["add", "ops/new.yml"]).expect(128).says("'ops_team-1' is not held");
    sandbox.sh("c", "rm ops/new.yml").expect(0);
    let key = fixture("a-ops_team-1.key");
    sandbox.shroud("c", ["unlock", key.to_str().unwrap()]);
    assert!(!sandbox.read("c/ops/db.yml").starts_with(MAGIC));
    assert_eq!(sandbox.read("c/empty.secret"), b"");
    assert_eq!(sandbox.read("c/magiconly.secret"), MAGIC);
    assert_unchanged(&sandbox, "c");
    for branch in ["feature", "main", "v1"] {
        sandbox.git("c", ["checkout", "-q", branch]);
        assert_eq!(sandbox.git("c", ["status", "--porcelain"]).text(), "");
    }
    sandbox.git("c", ["checkout", "-q", "main"]);
    sandbox.shroud("c", ["status"]);
    sandbox.shroud("c", ["check", "--all"]);
}
