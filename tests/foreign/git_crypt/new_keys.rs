//! Keys that a clone has not held: given by hand, or in `.git-crypt/`, where whoever can push can put one.

use super::{MAGIC, fixture, git_crypt, shared};
use crate::common::{Sandbox, needs};

/// A key of the attacker's own, `evil.key`, and `evil.blob`, which it encrypted.
fn evil(sandbox: &Sandbox) {
    sandbox
        .sh(
            ".",
            "git init -q -b main evil; cd evil; git-crypt init; git-crypt export-key ../evil.key
             echo '*.x filter=git-crypt' > .gitattributes; echo mine > a.x
             git add .; git commit -qm evil; git cat-file blob HEAD:a.x > ../evil.blob",
        )
        .expect(0);
}

#[test]
fn a_key_file_has_to_open_every_file_of_its_name() {
    let sandbox = shared(&[("a.secret", "one\n"), ("b.secret", "two\n"), ("c.secret", "three\n")]);
    evil(&sandbox);
    sandbox.git(".", ["clone", "-q", "r", "pushed"]);
    sandbox.stage_raw("pushed", "0.secret", &sandbox.read("evil.blob"));
    sandbox.git("pushed", ["commit", "-qm", "one of their own"]);
    sandbox.git(".", ["clone", "-q", "pushed", "d"]);
    let refused = sandbox.try_shroud("d", ["unlock", "../evil.key"]).expect(1);
    refused
        .says("the git-crypt key 'default' (id ")
        .says("does not open a.secret, b.secret, c.secret, so it was not taken")
        .says("git shroud unlock --trust-key ");
    assert!(!sandbox.path("d/.git/git-crypt").exists());
    // The right key does not open what the attacker has added; with its id it is taken all the same.
    let refused = sandbox.try_shroud("d", ["unlock", "../key"]).expect(1);
    let refused = refused.says("does not open 0.secret,");
    let id = refused.stderr.split("--trust-key ").nth(1).unwrap()[..32].to_owned();
    sandbox.try_shroud("d", ["unlock", "../key", "--trust-key", &id]).expect(3).says("0.secret");
    assert_eq!(sandbox.read("d/a.secret"), b"one\n");
    assert!(sandbox.read("d/0.secret").starts_with(MAGIC));
    // What is held is held.
    sandbox.try_shroud("d", ["unlock", "../key"]).expect(3).says("is held already");
    // Of several files none is kept where one is refused.
    sandbox.git(".", ["clone", "-q", "r", "e"]);
    sandbox.try_shroud("e", ["unlock", "../key", "../evil.key"]).expect(2);
    assert!(!sandbox.path("e/.git/git-crypt").exists());
}

#[test]
fn another_key_under_a_name_that_was_held_is_not_taken_after_a_lock() {
    let sandbox = shared(&[("a.secret", "one\n")]);
    evil(&sandbox);
    sandbox.shroud("c", ["lock", "-q"]);
    // The attacker has replaced every file.
    sandbox.stage_raw("c", "a.secret", &sandbox.read("evil.blob"));
    sandbox.git("c", ["commit", "-qm", "all replaced"]);
    sandbox.git("c", ["checkout", "-q", "-f", "HEAD"]);
    let refused = sandbox.try_shroud("c", ["unlock", "../evil.key"]).expect(1);
    let refused = refused.says("differs from the one that this clone has held under that name");
    assert!(!sandbox.path("c/.git/git-crypt").exists());
    let id = refused.stderr.split("--trust-key ").nth(1).unwrap()[..32].to_owned();
    sandbox.shroud("c", ["unlock", "../evil.key", "--trust-key", &id]);
    assert_eq!(sandbox.read("c/a.secret"), b"mine\n");
    // Damage to the list is never taken for an empty one.
    sandbox.shroud("c", ["lock", "-q"]);
    sandbox.write("c/.git/git-shroud/seen-git-crypt", "rubbish\n");
    sandbox.try_shroud("c", ["unlock", "../evil.key"]).expect(2).says("it is damaged");
}

#[test]
fn a_key_of_a_new_name_is_taken_by_name() {
    needs("gpg", "gnupg");
    let sandbox = Sandbox::new();
    sandbox.git(".", ["clone", "-q", fixture("b-gpg.bundle").to_str().unwrap(), "c"]);
    let alice = fixture("b-alice-ed25519-cv25519.secret.asc");
    let alice = alice.to_str().unwrap();
    // A clone that has held one key only, as one from before the other was made.
    let default = fixture("b-default.key");
    sandbox.shroud("c", ["unlock", default.to_str().unwrap()]);
    for locked in [false, true] {
        if locked {
            sandbox.shroud("c", ["lock"]);
            sandbox.shroud("c", ["unlock", default.to_str().unwrap()]);
        }
        let done = sandbox.shroud("c", ["unlock", "--secret-key", alice]);
        done.says("the git-crypt key 'ops' (id ")
            .says("is new to this clone, so it was not taken")
            .says(".git-crypt/keys/ops: ")
            .says("git shroud unlock --new-key ops");
        assert!(!sandbox.path("c/.git/git-crypt/keys/ops").exists());
    }
    sandbox
        .try_shroud("c", ["unlock", "--secret-key", alice, "--new-key", "osp"])
        .expect(2)
        .says("no key 'osp'");
    sandbox.shroud("c", ["unlock", "--secret-key", alice, "--new-key", "ops"]);
    assert!(sandbox.path("c/.git/git-crypt/keys/ops").exists());
    // From now on it is known, also after a lock.
    sandbox.shroud("c", ["lock"]);
    let done = sandbox.shroud("c", ["unlock", "--secret-key", alice]);
    assert!(!done.stderr.contains("--new-key"), "{}", done.stderr);
    assert!(sandbox.path("c/.git/git-crypt/keys/ops").exists());
    // git-crypt's own unlocking is a clone that has held keys, too.
    sandbox.git(".", ["clone", "-q", fixture("b-gpg.bundle").to_str().unwrap(), "d"]);
    git_crypt(&sandbox, "d", &["unlock", default.to_str().unwrap()]);
    sandbox.shroud("d", ["unlock", "--secret-key", alice]).says("--new-key ops");
}
