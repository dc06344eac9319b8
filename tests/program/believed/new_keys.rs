//! A key name that a clone with keys has never seen: a proposal, until somebody says that it is the team's.

use crate::common::attacker::RawKey;
use crate::common::{Sandbox, is_sealed};

/// Ann's repository with a second key, which Bob's clone has not seen yet.
fn team() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann", "bob"]);
    sandbox.unlocked_clone("repo", "bobs", "bob").expect(0);
    let bob = String::from_utf8(sandbox.read("bob.age")).unwrap();
    let bob = bob.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
    (sandbox, bob)
}

fn names(sandbox: &Sandbox, dir: &str) -> Vec<String> {
    let text = String::from_utf8(sandbox.read(format!("{dir}/.git/git-shroud/keyring"))).unwrap();
    let names = text.lines().skip(1).filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn a_second_key_is_taken_by_name() {
    let (sandbox, bob) = team();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.shroud("repo", ["member", "add", &bob, "--label", "bob", "--key", "prod", "-q"]);
    sandbox.write("repo/prod/a", "canary");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.git("bobs", ["pull", "-q"]);
    for locked in [false, true] {
        if locked {
            sandbox.shroud("bobs", ["lock"]);
        }
        let done = sandbox.shroud("bobs", ["unlock", "-i", "../bob.age"]);
        done.says("the key 'prod' (id")
            .says("new to this clone, so it was not taken")
            .says("git shroud unlock --new-key prod");
        assert_eq!(names(&sandbox, "bobs"), ["default"]);
        assert!(is_sealed(&sandbox.read("bobs/prod/a")));
    }
    sandbox.try_shroud("bobs", ["unlock", "--new-key", "prdo"]).expect(2).says("no key 'prdo'");
    sandbox.shroud("bobs", ["unlock", "-i", "../bob.age", "--new-key", "prod"]);
    assert_eq!(sandbox.read("bobs/prod/a"), b"canary");
    // From now on it is known, also after a lock and a rotation.
    sandbox.shroud("bobs", ["lock"]);
    sandbox.shroud("repo", ["key", "rotate", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("bobs", ["pull", "-q"]);
    sandbox.shroud("bobs", ["unlock", "-i", "../bob.age"]).says("took key 'prod' generation 2");
    // A fresh clone takes all that is granted, and the maker's own is known.
    sandbox.unlocked_clone("repo", "fresh", "bob").expect(0);
    assert_eq!(sandbox.read("fresh/prod/a"), b"canary");
    sandbox.shroud("repo", ["lock", "--force"]);
    let done = sandbox.try_shroud("repo", ["unlock", "-i", "../bob.age"]).expect(0);
    assert!(!done.stderr.contains("--new-key"), "{}", done.stderr);
}

#[test]
fn a_key_that_somebody_brings_is_not_taken_on_the_way() {
    let (sandbox, bob) = team();
    let mallory = RawKey([9; 32]);
    sandbox.git(".", ["clone", "-q", "repo", "pushed"]);
    sandbox.write("pushed/.shroud/prod-eu/key.toml", mallory.key_toml("prod-eu", 1, &[]));
    sandbox.write(
        "pushed/.shroud/prod-eu/members/bob.toml",
        mallory.age_member("prod-eu", 1, "bob", &bob),
    );
    // A grant that looks out of date is one too.
    sandbox.write("pushed/.shroud/old/key.toml", RawKey([8; 32]).key_toml("old", 2, &[]));
    sandbox.write("pushed/.shroud/old/members/bob.toml", mallory.age_member("old", 1, "bob", &bob));
    sandbox.sh("pushed", "sed -i 's/^secrets.*/& shroud-key=prod-eu/' .gitattributes; git add .gitattributes .shroud && git commit -qm eu")
        .expect(0);
    sandbox.git("bobs", ["pull", "-q", "../pushed", "main"]);
    sandbox.try_shroud("bobs", ["unlock", "-i", "../bob.age"]).says("new to this clone");
    assert_eq!(names(&sandbox, "bobs"), ["default"]);
    sandbox.write("bobs/secrets/new", "canary-new");
    sandbox.try_git("bobs", ["add", "secrets/new"]).expect(128);
    sandbox.assert_no_object_holds("bobs", b"canary-new");
}

#[test]
fn keys_that_are_given_need_no_word_more() {
    let (sandbox, _) = team();
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../all.key"]);
    sandbox.git("bobs", ["pull", "-q"]);
    let mut unlock = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "bobs");
    unlock.arg("unlock").env("GIT_SHROUD_KEYRING", "../all.key");
    sandbox.run(unlock).expect(0);
    assert_eq!(names(&sandbox, "bobs"), ["default", "prod"]);
}
