//! What somebody who can push, but holds no key, tries with `.shroud/`, and what a clone remembers against it.

use crate::common::{SECRETS, Sandbox, is_sealed};

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
    sandbox.run(add).expect(128).says("generation 1, but this clone has held generation 2");
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
    assert_ne!(id, current_id(&sandbox, "repo"), "with the key that this branch describes");
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["check", "--staged"]);
}

#[test]
fn a_damaged_description_is_explained() {
    let sandbox = team();
    let path = "repo/.shroud/default/key.toml";
    let good = String::from_utf8(sandbox.read(path)).unwrap();
    sandbox.write(path, good.replace("generation = 1", "generation = 2"));
    let carol = sandbox.age_identity("carol");
    for command in [["member", "add", &carol].as_slice(), &["key", "rotate"]] {
        sandbox.try_shroud("repo", command).expect(1).says("somebody without the key changed");
    }
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
        .write("clone/.shroud/default/key.toml", good.replace("generation = 1", "generation = 2"));
    sandbox.try_shroud("clone", ["unlock", "-i", "../bob.age"]).expect(1);
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
}

/// An attacker's own repository, whose key is at generation 3 and of whose members alice has generation 1.
fn attacker(sandbox: &Sandbox) {
    let alice = String::from_utf8(sandbox.read("alice.age")).unwrap();
    let alice = alice.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    sandbox.git(".", ["init", "-q", "-b", "main", "attacker"]);
    sandbox.shroud("attacker", ["init", "-q"]);
    sandbox.shroud("attacker", ["key", "rotate", "-q"]);
    sandbox.shroud("attacker", ["key", "rotate", "-q"]);
    sandbox.shroud("attacker", ["member", "add", alice, "--label", "zz", "-q"]);
}

fn sealed_with(sandbox: &Sandbox, dir: &str, name: &str) -> String {
    sandbox.blob(dir, name)[8..24].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_key_of_an_out_of_date_grant_never_seals() {
    let sandbox = team();
    let real = current_id(&sandbox, "repo");
    attacker(&sandbox);
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    sandbox.git(".", ["clone", "-q", "repo", "pushed"]);
    // A key.toml of a generation that there never was makes the attacker's grant look like an earlier one.
    sandbox.sh(
        "pushed",
        "cp ../attacker/.shroud/default/members/zz.toml .shroud/default/members/
         sed -i 's/^generation.*/generation = 50/; s/^key_id.*/key_id = \"00000000000000000000000000000001\"/' .shroud/default/key.toml
         git add .shroud; git commit -qm one
         git checkout -q HEAD~1 -- .shroud/default/key.toml; git commit -qm two
         cp ../attacker/.shroud/default/key.toml .shroud/default/; git add .shroud; git commit -qm three",
    );
    sandbox.git("clone", ["pull", "-q", "../pushed", "main"]);
    sandbox.git("clone", ["checkout", "-q", "HEAD~2"]);
    sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]).says("out of date");
    sandbox.git("clone", ["checkout", "-q", "HEAD~1"]);
    sandbox.git("clone", ["checkout", "-q", "main~1"]);
    sandbox.write("clone/secrets/new", "canary-new");
    sandbox.git("clone", ["add", "secrets/new"]);
    assert_eq!(sealed_with(&sandbox, "clone", ":secrets/new"), real);
    // Nor where the attacker describes that very key at last.
    sandbox.git("clone", ["rm", "-q", "-f", "secrets/new"]);
    sandbox.git("clone", ["checkout", "-q", "main"]);
    sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]);
    sandbox.write("clone/secrets/new", "canary-new");
    let added = sandbox.try_git("clone", ["add", "secrets/new"]);
    if added.status == 0 {
        assert_eq!(sealed_with(&sandbox, "clone", ":secrets/new"), real);
    }
}

#[test]
fn an_out_of_date_grant_opens_old_files_and_is_renewed() {
    let sandbox = team();
    sandbox.grant_beside_a_rotation("carol");
    sandbox.unlocked_clone("repo", "carols", "carol").expect(0).says("out of date");
    sandbox.shroud("repo", ["member", "renew", "carol", "--yes", "--commit"]);
    sandbox.git("carols", ["pull", "-q"]);
    sandbox.shroud("carols", ["unlock", "-i", "../carol.age"]).says("generation 2");
    assert_eq!(sandbox.read("carols/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert_eq!(sandbox.git("carols", ["status", "--porcelain"]).text(), "");
    assert_eq!(sandbox.shroud("carols", ["cat", "HEAD~2:secrets/db.env"]).text(), SECRETS[0].1);
    let json = sandbox.shroud("carols", ["key", "list", "--json"]).json();
    assert!(json["keys"].as_array().unwrap().iter().all(|key| key["name"] == "default"), "{json}");
}

#[test]
fn a_key_brings_no_earlier_keys_of_another_name() {
    use git_shroud::keyring::{Entry, Keyring};
    use git_shroud::store::shroud_dir::KeyInfo;

    let sandbox = team();
    let real = current_id(&sandbox, "repo");
    sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    let alice = String::from_utf8(sandbox.read("alice.age")).unwrap();
    let alice = alice.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    sandbox.git(".", ["init", "-q", "-b", "main", "attacker"]);
    sandbox.shroud("attacker", ["init", "-q", "--key", "evil"]);
    sandbox.shroud("attacker", ["key", "new", "default"]);
    sandbox.shroud("attacker", ["member", "add", alice, "--key", "evil", "--label", "zz", "-q"]);
    let text = sandbox.read("attacker/.git/git-shroud/keyring");
    let mut entries = Keyring::parse(&text).unwrap().into_entries();
    let (evil, mut other) = (entries.pop().unwrap(), entries.pop().unwrap());
    assert_eq!((evil.name.as_str(), other.name.as_str()), ("evil", "default"));
    other = Entry { generation: 99, ..other };
    KeyInfo::new(&evil, &[&other]).write(&sandbox.path("attacker")).unwrap();
    sandbox.git(".", ["clone", "-q", "repo", "pushed"]);
    sandbox.sh(
        "pushed",
        "cp -r ../attacker/.shroud/evil .shroud/; git add .shroud; git commit -qm evil",
    );
    sandbox.git("clone", ["pull", "-q", "../pushed", "main"]);
    sandbox
        .try_shroud("clone", ["unlock", "-i", "../alice.age", "--new-key", "evil"])
        .expect(1)
        .says("its retired keys contain 'default' generation 99, which is not an earlier one");
    sandbox.write("clone/secrets/new", "canary-new");
    sandbox.git("clone", ["add", "secrets/new"]);
    assert_eq!(sealed_with(&sandbox, "clone", ":secrets/new"), real);
}

#[test]
fn a_renewal_means_one_member() {
    let sandbox = team();
    // Whoever knew generation 1 can write a file that claims to be Bob's.
    let mallory = sandbox.age_identity("mallory");
    for (recipient, label) in [(&mallory, "bob2"), (&sandbox.age_identity("robert"), "robert")] {
        sandbox.write("key.txt", format!("{recipient}\n"));
        sandbox.shroud("repo", ["member", "add", "../key.txt", "--label", label, "-q"]);
    }
    sandbox.sh(
        "repo",
        "git commit -qm 'two more'; mkdir ../kept; cp .shroud/default/members/*.toml ../kept/",
    );
    forge_user_ids(&sandbox, "repo", &["bob2", "robert"], "Bob <bob@example.com>");
    sandbox.sh("repo", "cp .shroud/default/members/*.toml ../kept/");
    sandbox.shroud("repo", ["member", "remove", "bob2", "robert"]);
    sandbox.sh("repo", "cp ../kept/bob2.toml ../kept/robert.toml .shroud/default/members/");
    let done = sandbox.try_shroud("repo", ["member", "renew", "bob@example.com"]).expect(2);
    done.says("means several members of key 'default': bob2, robert");
    let listed = sandbox.try_shroud("repo", ["member", "list"]).expect(1).text();
    assert_eq!(listed.matches("out of date").count(), 2, "{listed}");
}

/// Writes user ids into members' files, as somebody who holds the key can.
fn forge_user_ids(sandbox: &Sandbox, dir: &str, stems: &[&str], user_id: &str) {
    use git_shroud::keyring::{KeyName, Keyring};
    use git_shroud::store::shroud_dir::Member;

    let keyring = Keyring::parse(&sandbox.read(format!("{dir}/.git/git-shroud/keyring"))).unwrap();
    let name = KeyName::default();
    for stem in stems {
        let path = format!("{dir}/.shroud/default/members/{stem}.toml");
        let mut member = Member::parse(&sandbox.read(&path), &name, stem).unwrap();
        member.user_id = Some(user_id.to_owned());
        let member = member.signed(&keyring.current(&name).unwrap().key);
        member.write(&sandbox.path(dir), &name).unwrap();
    }
}
