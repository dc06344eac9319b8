//! Taking keys, refusing wrong ones, linked worktrees, and what a locked clone does.

use super::{MAGIC, assert_unchanged, fixture, git_crypt, shared};

#[test]
fn a_wrong_key_a_damaged_one_and_a_changed_file_are_told_apart() {
    let sandbox = shared(&[("a.secret", "one\n"), ("b.secret", "two\n")]);
    sandbox.git(".", ["clone", "-q", "r", "d"]);
    let other = fixture("b-default.key");
    let wrong = sandbox.try_shroud("d", ["unlock", other.to_str().unwrap()]).expect(2);
    wrong.says("opens no file here").says("nothing was changed");
    assert!(!sandbox.path("d/.git/git-crypt").exists());
    let mut long = sandbox.read("key");
    long.push(0);
    sandbox.write("long", long);
    sandbox.try_shroud("d", ["unlock", "../long"]).expect(2).says("extra bytes after its last key");

    let mut blob = sandbox.blob("d", "HEAD:a.secret");
    *blob.last_mut().unwrap() ^= 1;
    sandbox.stage_raw("d", "a.secret", &blob);
    sandbox.git("d", ["commit", "-qm", "tampered"]);
    sandbox.git("d", ["checkout", "-q", "-f", "HEAD"]);
    // Damage and a swapped key look the same: all files of the key's name have to open, or its id is compared.
    let refused = sandbox.try_shroud("d", ["unlock", "../key"]).expect(1);
    let refused = refused.says("does not open a.secret, so it was not taken");
    let id = refused.stderr.split("--trust-key ").nth(1).unwrap()[..32].to_owned();
    let done = sandbox.try_shroud("d", ["unlock", "../key", "--trust-key", &id]).expect(3);
    done.says("a.secret: it does not open");
    assert_eq!(sandbox.read("d/a.secret"), blob);
    assert_eq!(sandbox.read("d/b.secret"), b"two\n");
    let status = sandbox.try_shroud("d", ["status"]).expect(1).text();
    assert!(status.contains("damaged    a.secret  (git-crypt key default opens other"), "{status}");
}

#[test]
fn the_wrong_key_in_place_is_named_as_such() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.git(".", ["clone", "-q", "r", "d"]);
    std::fs::create_dir_all(sandbox.path("d/.git/git-crypt/keys")).unwrap();
    std::fs::copy(fixture("b-default.key"), sandbox.path("d/.git/git-crypt/keys/default")).unwrap();
    let status = sandbox.try_shroud("d", ["status", "--json"]).expect(1).json();
    assert_eq!(status["files"][0]["state"], "unknown-key");
    let doctor = sandbox.try_shroud("d", ["doctor"]).expect(1).text();
    assert!(doctor.contains("it is the wrong key"), "{doctor}");
}

#[test]
fn a_locked_clone_refuses_plaintext_and_works_otherwise() {
    let sandbox = shared(&[("a.secret", "one\n"), ("plain.txt", "plain\n")]);
    sandbox.shroud("c", ["lock"]);
    assert_unchanged(&sandbox, "c");
    sandbox.write("c/new.secret", "PASSWORD=hunter2\n");
    sandbox.try_git("c", ["add", "new.secret"]).expect(128).says("refusing to store plaintext");
    sandbox.assert_no_object_holds("c", b"hunter2");
    sandbox.sh("c", "rm new.secret").expect(0);
    sandbox.git("c", ["checkout", "-q", "-b", "other"]);
    sandbox.write("c/plain.txt", "changed\n");
    sandbox.git("c", ["commit", "-qam", "plain"]);
    sandbox.git("c", ["checkout", "-q", "main"]);
    let shown = sandbox.git("c", ["show", "HEAD"]).text();
    assert!(shown.contains("encrypted by git-crypt, version"), "{shown}");
    sandbox.try_shroud("c", ["cat", "HEAD:a.secret"]).expect(1).says("no git-crypt key is held");
}

#[test]
fn lock_refuses_changes_and_force_keeps_them() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.write("c/a.secret", "edited\n");
    sandbox.try_shroud("c", ["lock"]).expect(1).says("with unstaged changes: a.secret");
    assert_eq!(sandbox.read("c/a.secret"), b"edited\n");
    sandbox.shroud("c", ["lock", "--force"]);
    assert!(sandbox.read("c/a.secret").starts_with(MAGIC));
    sandbox.shroud("c", ["unlock", "../key"]);
    assert_eq!(sandbox.read("c/a.secret"), b"edited\n");
    assert_eq!(sandbox.git("c", ["status", "--porcelain"]).text(), " M a.secret\n");
}

#[test]
fn linked_worktrees_share_the_keys() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.git("c", ["worktree", "add", "-q", "../linked"]);
    assert_eq!(sandbox.read("linked/a.secret"), b"one\n");
    assert_unchanged(&sandbox, "linked");
    sandbox.write("linked/b.secret", "two\n");
    sandbox.git("linked", ["add", "b.secret"]);
    assert!(sandbox.blob("linked", ":b.secret").starts_with(MAGIC));
    sandbox.git("linked", ["commit", "-qm", "from the linked worktree"]);
    sandbox.shroud("linked", ["lock"]);
    for file in ["c/a.secret", "linked/a.secret", "linked/b.secret"] {
        assert!(sandbox.read(file).starts_with(MAGIC), "{file}");
    }
    // git-crypt keeps the key of a linked worktree in that one's own folder; from there it serves all.
    git_crypt(&sandbox, "linked", &["unlock", "../key"]);
    assert!(sandbox.path("c/.git/worktrees/linked/git-crypt/keys/default").exists());
    sandbox.shroud("linked", ["unlock"]);
    assert_eq!(sandbox.read("c/a.secret"), b"one\n");
    assert_unchanged(&sandbox, "c");
    sandbox.shroud("c", ["unlock", "../key"]);
    sandbox.shroud("c", ["lock"]);
    assert!(!sandbox.path("c/.git/worktrees/linked/git-crypt").exists());
}

#[test]
fn a_repository_holds_files_of_both() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox.shroud("c", ["init"]).says("git-crypt encrypts files here");
    sandbox.shroud("c", ["track", "own/**"]);
    sandbox.write("c/own/file", "own\n");
    sandbox.git("c", ["add", "."]);
    sandbox.git("c", ["commit", "-qm", "both"]);
    assert!(sandbox.blob("c", "HEAD:own/file").starts_with(b"\0SHROUD"));
    assert!(sandbox.blob("c", "HEAD:a.secret").starts_with(MAGIC));
    assert_unchanged(&sandbox, "c");
    sandbox.shroud("c", ["status"]);
    sandbox.shroud("c", ["key", "export", "-o", "../own.key"]);
    sandbox.shroud("c", ["lock"]);
    assert!(sandbox.read("c/own/file").starts_with(b"\0SHROUD"));
    assert!(sandbox.read("c/a.secret").starts_with(MAGIC));
    sandbox.shroud("c", ["unlock", "../own.key", "../key"]);
    assert_eq!(sandbox.read("c/own/file"), b"own\n");
    assert_eq!(sandbox.read("c/a.secret"), b"one\n");
}

#[test]
fn commands_for_own_keys_say_what_git_shroud_does_here() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    sandbox
        .try_shroud("c", ["key", "export", "-o", "../out"])
        .expect(2)
        .says("this repository uses git-crypt");
    let member = sandbox.try_shroud("c", ["member", "add", "someone@example.com"]).expect(2);
    member.says("git shroud migrate git-crypt");
}
