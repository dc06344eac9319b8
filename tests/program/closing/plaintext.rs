//! `lock` gives up no key while a tracked file holds plaintext, and says which does.

use crate::closing::{KEYRING, sealed};
use crate::common::{SECRETS, Sandbox, is_sealed};

/// A repository that holds `secrets/plain` in the clear, as a clone that was never set up would commit it.
fn with_plaintext() -> Sandbox {
    let sandbox = sealed();
    sandbox.write("repo/secrets/plain", "canary-plain\n");
    sandbox.stage_raw("repo", "secrets/plain", b"canary-plain\n");
    sandbox.git("repo", ["commit", "-q", "-m", "plain"]);
    sandbox
}

#[test]
fn lock_refuses_what_the_repository_holds_in_the_clear() {
    let sandbox = with_plaintext();
    for edit in [None, Some("canary-edited\n")] {
        if let Some(edit) = edit {
            sandbox.write("repo/secrets/plain", edit);
        }
        let before = sandbox.snapshot("repo");
        sandbox
            .try_shroud("repo", ["lock"])
            .expect(1)
            .says("secrets/plain; nothing was done")
            .says("git shroud status --fix");
        assert_eq!(sandbox.snapshot("repo"), before);
    }
    sandbox.shroud("repo", ["lock", "--force"]).says("removed 1 key");
    assert!(is_sealed(&sandbox.read("repo/secrets/plain")));
    sandbox.shroud("repo", ["unlock", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/plain"), b"canary-edited\n");
}

#[test]
fn plaintext_of_a_key_that_is_not_held_is_named_and_no_obstacle_for_force() {
    let sandbox = sealed();
    sandbox.second_key("repo");
    sandbox.write("repo/prod/db.env", "canary-prod\n");
    sandbox.stage_raw("repo", "prod/db.env", b"canary-prod\n");
    sandbox.git("repo", ["add", ".gitattributes", ".shroud"]);
    sandbox.git("repo", ["commit", "-q", "-m", "plain"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    // Another key's is nobody's concern where one is named.
    sandbox.shroud("clone", ["lock", "--key", "default"]).says("removed 1 key");
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    sandbox.try_shroud("clone", ["lock"]).expect(1).says("prod/db.env; nothing was done");
    assert!(sandbox.path("clone").join(KEYRING).exists());
    sandbox.try_shroud("clone", ["lock", "--force"]).expect(3).says("prod/db.env stays as it is");
    assert!(!sandbox.path("clone").join(KEYRING).exists());
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
}

#[test]
fn what_lost_its_attribute_is_closed_or_refused() {
    let sandbox = sealed();
    sandbox.shroud("repo", ["untrack", "-q", "secrets/**"]);
    sandbox.write("repo/secrets/db.env", "canary-changed");
    let before = sandbox.snapshot("repo");
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("secrets/db.env; nothing was done");
    assert_eq!(sandbox.snapshot("repo"), before);
    sandbox.write("repo/secrets/db.env", SECRETS[0].1);
    sandbox.shroud("repo", ["lock"]).says("removed 1 key");
    for (path, content) in SECRETS.iter().filter(|(_, content)| !content.is_empty()) {
        let found = sandbox.read(format!("repo/{path}"));
        assert!(is_sealed(&found), "{path}: {content}");
    }
}

#[test]
fn changes_are_dropped_only_when_asked_for() {
    let sandbox = sealed();
    sandbox.write("repo/secrets/db.env", "canary-changed");
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("--discard");
    sandbox.shroud("repo", ["lock", "--discard"]).says("removed 1 key");
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn ignored_and_unknown_files_are_named() {
    let sandbox = sealed();
    sandbox.write("repo/.git/info/exclude", "*.local\n");
    sandbox.write("repo/secrets/.env.local", "canary-ignored");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.write("repo/other.local", "no secret");
    sandbox.write("repo/secrets/sealed.local", sandbox.blob("repo", "HEAD:secrets/db.env"));
    let done = sandbox
        .shroud("repo", ["lock"])
        .says("secrets/.env.local is ignored by git and stays plaintext")
        .says("secrets/new is not tracked by git and stays plaintext");
    for quiet in ["other.local", "sealed.local"] {
        assert!(!done.stderr.contains(quiet), "{}", done.stderr);
    }
}

#[test]
fn keys_of_the_environment_are_not_said_to_be_given_up() {
    let sandbox = sealed();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    let given = ("GIT_SHROUD_KEYRING", "../team.key");
    let done = sandbox.try_shroud_with(given, "clone", &["lock"]).expect(0);
    let done = done
        .says("removed 1 key from this clone: default")
        .says("the environment still holds the key");
    assert!(done.stderr.contains("unset GIT_SHROUD_KEYRING"), "{}", done.stderr);
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
    let done = sandbox.try_shroud_with(given, "clone", &["lock"]).expect(0);
    assert!(!done.stderr.contains("from this clone"), "{}", done.stderr);
}

/// Also those that the environment does not name.
#[test]
fn every_local_key_is_given_up_whatever_the_environment_gives() {
    let sandbox = sealed();
    sandbox.second_key("repo");
    sandbox.write("repo/prod/db.env", "canary-prod");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../both.key"]);
    let given = ("GIT_SHROUD_KEYRING", "../team.key");
    sandbox.try_shroud_with(given, "repo", &["lock"]).expect(0).says("removed 2 keys");
    assert!(is_sealed(&sandbox.read("repo/prod/db.env")));
    assert!(!sandbox.path("repo").join(KEYRING).exists());
}
