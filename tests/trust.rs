//! What somebody who can push, but holds no key, tries with `.shroud/`, and what a clone remembers against it.

mod common;

use common::{SECRETS, Sandbox, is_sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

fn current_id(sandbox: &Sandbox, dir: &str) -> String {
    let json = sandbox.shroud(dir, ["key", "list", "--json"]).json();
    json["keys"][0]["id"].as_str().unwrap().to_owned()
}

/// A commit in `dir` that puts a key of the attacker's own in the place of the team's, wrapped to the same members.
fn swap_key(sandbox: &Sandbox, dir: &str) -> String {
    let members = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let recipients: Vec<String> = members["keys"][0]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["recipient"].as_str().unwrap().to_owned())
        .collect();
    sandbox.git(".", ["init", "-q", "-b", "main", "attacker"]);
    sandbox.shroud("attacker", ["init", "-q"]);
    for (recipient, label) in recipients.iter().zip(["alice", "bob"]) {
        sandbox.shroud("attacker", ["member", "add", recipient, "--label", label, "-q"]);
    }
    sandbox.sh(
        dir,
        "rm -r .shroud; cp -r ../attacker/.shroud .; git add -A .shroud; git commit -qm swap",
    );
    current_id(sandbox, "attacker")
}

#[test]
fn a_swapped_key_is_refused_by_who_has_held_the_other() {
    let sandbox = team();
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    let held = current_id(&sandbox, "clone");
    sandbox.git(".", ["clone", "-q", "repo", "pushed"]);
    let swapped = swap_key(&sandbox, "pushed");
    sandbox.git("clone", ["pull", "-q", "../pushed", "main"]);
    for locked in [false, true] {
        if locked {
            // The description of the old key is needed to know that it was granted.
            sandbox.git("clone", ["checkout", "-q", "HEAD~1"]);
            sandbox.shroud("clone", ["lock"]);
            sandbox.git("clone", ["checkout", "-q", "-"]);
        }
        let done = sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]).expect(1);
        done.says(&format!("(id {swapped}) does not descend from"))
            .says(&held)
            .says("somebody may have swapped it")
            .says("git log -p -- .shroud/default/key.toml");
        // Nothing new is sealed for the attacker.
        sandbox.write("clone/secrets/new", "canary-new");
        sandbox.try_git("clone", ["add", "secrets/new"]).expect(128);
        sandbox.sh("clone", "rm secrets/new");
    }
}

#[test]
fn a_swapped_key_is_refused_in_a_fresh_clone_by_the_history() {
    let sandbox = team();
    let real = current_id(&sandbox, "repo");
    sandbox.git(".", ["clone", "-q", "repo", "pushed"]);
    let swapped = swap_key(&sandbox, "pushed");
    sandbox
        .unlocked_clone("pushed", "clone", "bob")
        .expect(1)
        .says("an earlier one in the history of this branch")
        .says(&real);
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
    // Who has asked a colleague may take it.
    sandbox.shroud("clone", ["unlock", "-i", "../bob.age", "--trust-key", &swapped]);
    assert_eq!(current_id(&sandbox, "clone"), swapped);
}

#[test]
fn a_rotation_by_a_member_is_no_swap() {
    let sandbox = team();
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    for _ in 0..3 {
        sandbox.shroud("repo", ["key", "rotate"]);
        sandbox.git("repo", ["commit", "-qm", "rotate"]);
    }
    sandbox.git("clone", ["pull", "-q"]);
    sandbox.shroud("clone", ["unlock", "-i", "../alice.age"]).says("generation 4");
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "");
    sandbox.unlocked_clone("repo", "fresh", "bob").expect(0);
    assert_eq!(sandbox.read("fresh/secrets/db.env"), SECRETS[0].1.as_bytes());
}

#[test]
fn an_older_key_is_not_taken_back() {
    let sandbox = team();
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-qm", "rotate"]);
    let new = current_id(&sandbox, "repo");
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    sandbox.shroud("clone", ["lock"]);
    // Somebody pushes the old description again.
    sandbox.sh("clone", "git checkout -q HEAD~1 -- .shroud; git commit -qm back");
    let done = sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]).expect(1);
    done.says("describes generation 1").says("has held generation 2").says(&new);
    sandbox.try_shroud("clone", ["unlock", "../team.key"]).expect(1).says("has held generation 2");
    // From the environment it only opens what is old, and seals nothing.
    sandbox.write("clone/secrets/new", "canary-new");
    let mut add = sandbox.command("git", "clone");
    add.args(["add", "secrets/new"]).env("GIT_SHROUD_KEYRING", "../team.key");
    sandbox.run(add).expect(128).says("generation 1, but generation 2 was held here");
    sandbox.assert_no_object_holds("clone", b"canary-new");
}

#[test]
fn old_commits_and_branches_open_with_the_keys_that_are_held() {
    let sandbox = team();
    sandbox.git("repo", ["branch", "old"]);
    sandbox.shroud("repo", ["key", "rotate"]);
    sandbox.git("repo", ["commit", "-qm", "rotate"]);
    sandbox.git("repo", ["checkout", "-q", "old"]);
    sandbox.shroud("repo", ["unlock"]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox.write("repo/secrets/new", "x");
    sandbox.git("repo", ["add", "."]);
    let sealed = sandbox.blob("repo", ":secrets/new");
    assert!(is_sealed(&sealed));
    let id: String = sealed[8..24].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        id,
        current_id(&sandbox, "repo"),
        "with the newest key, whatever the branch describes"
    );
}

#[test]
fn a_damaged_description_is_explained() {
    let sandbox = team();
    let path = "repo/.shroud/default/key.toml";
    let good = String::from_utf8(sandbox.read(path)).unwrap();
    sandbox.write(path, good.replace("generation = 1", "generation = 2"));
    let carol = sandbox.age_identity("carol");
    for command in [["member", "add", &carol].as_slice(), &["key", "rotate"]] {
        sandbox
            .try_shroud("repo", command)
            .expect(1)
            .says("key.toml was changed by somebody who does not hold the key");
    }
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
        .write("clone/.shroud/default/key.toml", good.replace("generation = 1", "generation = 2"));
    sandbox.try_shroud("clone", ["unlock", "-i", "../bob.age"]).expect(1);
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
}
