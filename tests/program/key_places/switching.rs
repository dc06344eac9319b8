//! Another word in `shroud.keyring`: what lies where is told, and nothing is lost or left behind.

use super::{Ends, KEYRING, assert_no_key_on_disk, assert_refuses, assert_works, repository};
use crate::common::Sandbox;

#[test]
fn keys_that_lie_elsewhere_are_told_and_moved_by_unlock() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    let told = "keys of this clone are in the key file, but shroud.keyring says 'agent'";
    assert_refuses(&sandbox, "repo", told);
    for command in
        [&["status"][..], &["cat", "secrets/db.env"], &["key", "list"], &["key", "rotate"]]
    {
        let done = sandbox.try_shroud("repo", command).expect(2);
        done.says(told).says("git shroud unlock").says("git config shroud.keyring file");
    }
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains(told) && doctor.contains("'git shroud unlock' moves them"), "{doctor}");
    assert!(sandbox.path("repo").join(KEYRING).exists(), "nothing is lost");
    sandbox.shroud("repo", ["unlock"]).says("moved the keys from the key file to the agent");
    assert_works(&sandbox, "repo");
    assert_no_key_on_disk(&sandbox, "repo");
    // And back.
    sandbox.git("repo", ["config", "shroud.keyring", "file"]);
    let told = "keys of this clone are in the agent, but shroud.keyring says 'file'";
    assert_refuses(&sandbox, "repo", told);
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains(told), "{doctor}");
    sandbox.shroud("repo", ["unlock"]).says("moved the keys from the agent to the key file");
    assert_works(&sandbox, "repo");
    assert_eq!(sandbox.mode(&format!("repo/{KEYRING}")), 0o600);
    sandbox.shroud(".", ["agent", "--list"]).says("holds no keys");
    assert!(!sandbox.path("repo/.git/git-shroud/place").exists());
    sandbox.shroud("repo", ["unlock"]);
}

#[test]
fn lock_forgets_keys_wherever_they_are() {
    let sandbox = repository("agent");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../again.key"]);
    sandbox.git("repo", ["config", "shroud.keyring", "file"]);
    sandbox.shroud("repo", ["lock"]).says("removed 1 key");
    sandbox.shroud(".", ["agent", "--list"]).says("holds no keys");
    assert_no_key_on_disk(&sandbox, "repo");
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    sandbox.shroud("repo", ["lock"]).says("removed 1 key");
    assert_no_key_on_disk(&sandbox, "repo");
    assert_refuses(&sandbox, "repo", "the key 'default' is not held here");
}

#[test]
fn one_key_of_several_is_locked_where_it_lies() {
    let sandbox = repository("file");
    let _ends = Ends(&sandbox);
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../both.key"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    sandbox.shroud("repo", ["unlock", "-q"]);
    sandbox.shroud("repo", ["lock", "--key", "prod"]).says("removed 1 key");
    assert_works(&sandbox, "repo");
    let held = sandbox.shroud("repo", ["key", "list"]).text();
    assert!(held.contains("default"), "{held}");
    sandbox.shroud("repo", ["unlock", "../both.key"]).says("took key 'prod'");
    assert_no_key_on_disk(&sandbox, "repo");
}

#[test]
fn a_word_that_names_no_place_stops_everything() {
    let sandbox = repository("agnet");
    let told =
        "shroud.keyring is 'agnet' in your git configuration; it must be file, keychain or agent";
    assert_refuses(&sandbox, "repo", told);
    for command in [&["status"][..], &["unlock"], &["key", "rotate"]] {
        let done = sandbox.try_shroud("repo", command).expect(2);
        done.says(told).says("git config shroud.keyring file");
    }
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1).text();
    assert!(doctor.contains(told), "{doctor}");
    assert!(sandbox.path("repo").join(KEYRING).exists());
    sandbox.git("repo", ["config", "shroud.keyring", "FILE"]);
    assert_works(&sandbox, "repo");
    // Keys can be given up whatever it says.
    sandbox.git("repo", ["config", "shroud.keyring", "agnet"]);
    sandbox.shroud("repo", ["lock"]).says("removed 1 key");
    assert_no_key_on_disk(&sandbox, "repo");
}

#[test]
fn the_setting_is_the_users_or_the_clones_own() {
    let sandbox = repository("file");
    sandbox.git("repo", ["config", "--unset", "shroud.keyring"]);
    sandbox.git("repo", ["config", "--global", "shroud.keyring", "agent"]);
    assert_refuses(&sandbox, "repo", "but shroud.keyring says 'agent'");
    sandbox.git("repo", ["config", "shroud.keyring", "file"]);
    assert_works(&sandbox, "repo");
    sandbox.git("repo", ["config", "--unset", "shroud.keyring"]);
    sandbox.write("home/more", "[shroud]\n\tkeyring = file\n");
    sandbox.git("repo", ["config", "--global", "include.path", "more"]);
    assert_works(&sandbox, "repo");
    sandbox.git("repo", ["config", "--global", "--unset", "include.path"]);
    sandbox.git("repo", ["config", "--global", "--unset", "shroud.keyring"]);
    // What somebody pushes does not count, even if this clone includes it.
    sandbox.write("repo/.gitconfig", "[shroud]\n\tkeyring = agent\n");
    sandbox.git("repo", ["config", "include.path", "../.gitconfig"]);
    sandbox.git("repo", ["add", ".gitconfig"]);
    sandbox.git("repo", ["commit", "-q", "-m", "pushed"]);
    assert_works(&sandbox, "repo");
    // Nor does that of one worktree, which shares the keys of all.
    sandbox.git("repo", ["config", "extensions.worktreeConfig", "true"]);
    sandbox.git("repo", ["config", "--worktree", "shroud.keyring", "agent"]);
    assert_works(&sandbox, "repo");
    // A setting for one command would leave keys where the next one does not look.
    let done = sandbox.try_git("repo", ["-c", "shroud.keyring=agent", "shroud", "status"]);
    done.expect(2).says("given on the command line, where it does not count");
    let with = |value| {
        let mut command = sandbox.command("git", "repo");
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "shroud.keyring");
        command.env("GIT_CONFIG_VALUE_0", value).args(["shroud", "status"]);
        sandbox.run(command)
    };
    with("file").expect(0);
    with("agent").expect(2).says("but shroud.keyring says 'agent'");
}

#[test]
fn the_demonstration_leaves_the_users_place_alone() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["config", "--global", "shroud.keyring", "agent"]);
    sandbox.shroud(".", ["demo", "-q"]);
    assert!(!sandbox.path("run/git-shroud").exists());
}

#[test]
fn a_key_that_is_nowhere_else_does_not_go_into_an_agent() {
    let sandbox = Sandbox::new();
    let _ends = Ends(&sandbox);
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    let told = "the key 'default' would be in the memory of the agent alone";
    let refused = sandbox.try_shroud("repo", ["init"]).expect(1);
    refused.says(told).says("git config shroud.keyring file").says("git shroud key export -o FILE");
    assert!(!sandbox.path("repo/.shroud").exists(), "nothing is half done");
    sandbox.git("repo", ["config", "shroud.keyring", "file"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    sandbox.try_shroud("repo", ["unlock"]).expect(1).says(told);
    assert!(sandbox.path("repo").join(KEYRING).exists(), "the key stays where it is");
    // A member can bring it back.
    sandbox.git("repo", ["config", "shroud.keyring", "file"]);
    let recipient = sandbox.age_identity("ann");
    sandbox.shroud("repo", ["member", "add", "-q", &recipient, "--label", "ann"]);
    sandbox.git("repo", ["config", "shroud.keyring", "agent"]);
    sandbox.shroud("repo", ["unlock"]).says("moved the keys");
    sandbox.shroud(".", ["agent", "--stop"]);
    sandbox.shroud("repo", ["unlock", "-i", "../ann.age"]).says("took key 'default'");
    // Another key has no copy yet.
    let told = "the key 'prod' would be in the memory of the agent alone";
    sandbox.try_shroud("repo", ["key", "new", "prod"]).expect(1).says(told);
    assert!(!sandbox.path("repo/.shroud/prod").exists());
    assert_no_key_on_disk(&sandbox, "repo");
}
