//! Members: granting keys, opening what was granted, and what merges, strangers and mistakes make of it.

use std::fs;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

fn team() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["alice", "bob"]);
    sandbox
}

fn member_file(label: &str) -> String {
    format!("repo/.shroud/default/members/{label}.toml")
}

#[track_caller]
fn assert_open(sandbox: &Sandbox, dir: &str) {
    for (path, content) in SECRETS {
        assert_eq!(sandbox.read(format!("{dir}/{path}")), content.as_bytes());
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_member_clones_and_unlocks() {
    let sandbox = team();
    let done = sandbox.unlocked_clone("repo", "clone", "alice").expect(0);
    let id = sandbox.shroud("repo", ["key", "list", "--json"]).json()["keys"][0]["id"].clone();
    done.says("took key 'default' generation 1")
        .says(id.as_str().unwrap())
        .says("as member 'alice'")
        .says("members/alice.toml: Ann <ann@example.com>");
    assert_open(&sandbox, "clone");
    sandbox.write("clone/secrets/new", "from alice\n");
    sandbox.git("clone", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("clone", ":secrets/new")));
}

#[test]
fn who_is_no_member_is_told_who_could_help() {
    let sandbox = team();
    sandbox.age_identity("mallory");
    let done = sandbox.unlocked_clone("repo", "clone", "mallory").expect(2);
    done.says("key 'default' stays locked; members: alice (age1")
        .says("bob (age1")
        .says("member add");
    assert!(is_sealed(&sandbox.read("clone/secrets/db.env")));
}

#[test]
fn ssh_keys_are_found_where_they_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    fs::create_dir(sandbox.path("home/.ssh")).unwrap();
    for (kind, name) in [("ed25519", "id_ed25519"), ("rsa", "work")] {
        let mut keygen = sandbox.command("ssh-keygen", "home/.ssh");
        keygen.args(["-q", "-t", kind, "-N", "", "-C", "carol@host", "-f", name]);
        sandbox.run(keygen).expect(0);
        let public = format!("../home/.ssh/{name}.pub");
        sandbox.shroud("repo", ["member", "add", &public, "--commit", "-q"]);
        let label = if kind == "rsa" { "carol-2" } else { "carol" };
        assert!(sandbox.path(member_file(label)).exists());
        sandbox.git(".", ["clone", "-q", "repo", kind]);
        sandbox.shroud(kind, ["unlock", "-v"]).says(&format!(".ssh/{name}"));
        assert_open(&sandbox, kind);
        fs::remove_file(sandbox.path("home/.ssh").join(name)).unwrap();
    }
    sandbox.git(".", ["clone", "-q", "repo", "nobody"]);
    sandbox.try_shroud("nobody", ["unlock"]).expect(2).says("stays locked");
}

#[test]
fn identities_come_from_the_environment_and_from_ages_own_place() {
    let sandbox = team();
    sandbox.git(".", ["clone", "-q", "repo", "one"]);
    sandbox.try_shroud_with(("GIT_SHROUD_IDENTITY", "../bob.age"), "one", &["unlock"]).expect(0);
    assert_open(&sandbox, "one");
    fs::create_dir_all(sandbox.path("home/.config/age")).unwrap();
    fs::copy(sandbox.path("bob.age"), sandbox.path("home/.config/age/keys.txt")).unwrap();
    sandbox.git(".", ["clone", "-q", "repo", "two"]);
    sandbox.shroud("two", ["unlock"]).says("as member 'bob'");
    assert_open(&sandbox, "two");
}

#[test]
fn who_is_a_member_already_is_not_granted_twice() {
    let sandbox = team();
    let before = sandbox.read(member_file("alice"));
    let recipient = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let recipient = recipient["keys"][0]["members"][0]["recipient"].as_str().unwrap().to_owned();
    sandbox
        .shroud("repo", ["member", "add", &recipient])
        .says("'alice' is a member of key 'default' already");
    assert_eq!(sandbox.read(member_file("alice")), before);
    let other = ["member", "add", &recipient, "--label", "alicia"];
    sandbox.try_shroud("repo", other).expect(2).says("called 'alice'");
}

#[test]
fn labels_are_chosen_checked_and_unique() {
    let sandbox = team();
    let (first, second) = (sandbox.age_identity("x"), sandbox.age_identity("y"));
    let add = |recipient: &str, label: &str| {
        sandbox.try_shroud("repo", ["member", "add", recipient, "--label", label])
    };
    add(&first, "alice").expect(2).says("another member is called 'alice'");
    for bad in ["Alice", "", "../x", "a b", "x.lock"] {
        add(&first, bad).expect(2).says("cannot be the label of a member");
    }
    sandbox.shroud("repo", ["member", "add", &first, &second]);
    let listed = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let labels: Vec<_> = listed["keys"][0]["members"].as_array().unwrap().iter().collect();
    assert_eq!(labels.len(), 4);
    assert!(labels.iter().any(|one| one["label"].as_str().unwrap().starts_with("age-")));
}

#[test]
fn nothing_is_granted_to_what_is_no_recipient() {
    let sandbox = team();
    let identity = String::from_utf8(sandbox.read("alice.age")).unwrap();
    let secret = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    sandbox.write("garbage.asc", [0u8, 1, 2, 255].repeat(50));
    sandbox.write("empty.asc", "");
    sandbox.write(
        "two.txt",
        format!("{}\n{}\n", sandbox.age_identity("a"), sandbox.age_identity("b")),
    );
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ecdsa", "-N", "", "-f", "ecdsa"]);
    sandbox.run(keygen).expect(0);
    let before = sandbox.snapshot("repo/.shroud");
    for (recipient, expected) in [
        (secret, "a secret was passed as an argument"),
        ("../alice.age", "private key"),
        ("../ecdsa", "private key"),
        ("../ecdsa.pub", "ecdsa"),
        ("../garbage.asc", "garbage.asc"),
        ("../empty.asc", "empty.asc"),
        ("../none.asc", "none.asc"),
        ("../two.txt", "2 recipients"),
        ("age1qqqq", "recipient"),
        ("ssh-ed25519 AAAA", "recipient"),
    ] {
        let done = sandbox.try_shroud("repo", ["member", "add", recipient]);
        assert!(done.status == 1 || done.status == 2, "{recipient}: {}", done.status);
        assert!(!done.stderr.contains(&secret[20..]), "a secret is shown");
        done.says(expected);
    }
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}

#[test]
fn two_branches_that_each_add_a_member_merge() {
    let sandbox = team();
    let (carol, dave) = (sandbox.age_identity("carol"), sandbox.age_identity("dave"));
    sandbox.git("repo", ["checkout", "-q", "-b", "other"]);
    sandbox.shroud("repo", ["member", "add", &carol, "--label", "carol", "--commit"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.shroud("repo", ["member", "add", &dave, "--label", "dave", "--commit"]);
    sandbox.git("repo", ["merge", "-q", "-m", "both", "other"]);
    sandbox.shroud("repo", ["member", "list"]);
    for member in ["carol", "dave"] {
        sandbox.unlocked_clone("repo", member, member).expect(0);
        assert_open(&sandbox, member);
    }
}

#[test]
fn an_add_and_a_rotation_meet_and_are_healed_by_one_command() {
    let sandbox = team();
    sandbox.grant_beside_a_rotation("carol");

    let remedy = "git shroud member renew carol --key default";
    for command in [["member", "list"].as_slice(), &["status"]] {
        let done = sandbox.try_shroud("repo", command).expect(1);
        done.says("member 'carol' of key 'default': out of date (last changed by Ann").says(remedy);
    }
    let listed = sandbox.try_shroud("repo", ["member", "list", "--json"]).expect(1).json();
    let of_carol = &listed["keys"][0]["members"][2];
    assert_eq!(
        (&of_carol["standing"], &of_carol["generation"]),
        (&"out-of-date".into(), &1.into())
    );
    let doctor = sandbox.try_shroud("repo", ["doctor"]).expect(1);
    assert!(doctor.text().contains(remedy), "{}", doctor.text());
    // Until then: no rotation wraps for it, and carol reads what is old.
    sandbox.try_shroud("repo", ["key", "rotate"]).expect(1).says("out of date").says(remedy);
    let early = sandbox.unlocked_clone("repo", "early", "carol").expect(0);
    early.says("your grant for key 'default' is out of date").says("member renew carol");
    assert_eq!(sandbox.shroud("early", ["cat", "HEAD~2:secrets/db.env"]).text(), SECRETS[0].1);
    sandbox.write("early/secrets/new", "x");
    sandbox.try_git("early", ["add", "."]).expect(128);

    sandbox.shroud("repo", ["member", "renew", "carol", "--yes", "--commit"]).says("added by Ann");
    sandbox.shroud("repo", ["member", "list"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.unlocked_clone("repo", "late", "carol").expect(0);
    assert_open(&sandbox, "late");
    sandbox.git("early", ["pull", "-q"]);
    sandbox.shroud("early", ["unlock", "-i", "../carol.age"]);
    assert_eq!(sandbox.read("early/secrets/db.env"), SECRETS[0].1.as_bytes());
}

#[test]
fn different_members_have_different_keys() {
    let sandbox = team();
    let dev = sandbox.age_identity("dev");
    sandbox.shroud("repo", ["key", "new", "prod"]);
    sandbox.shroud("repo", ["track", "--key", "prod", "prod/**"]);
    sandbox.write("repo/prod/db", "canary-prod");
    sandbox.git("repo", ["add", "."]);
    sandbox.shroud("repo", ["member", "add", &dev, "--label", "dev", "--key", "default"]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    let done = sandbox.unlocked_clone("repo", "clone", "dev").expect(0);
    done.says("key 'prod' stays locked").says("left 1 file sealed with key 'prod'");
    assert_eq!(sandbox.read("clone/secrets/db.env"), SECRETS[0].1.as_bytes());
    assert!(is_sealed(&sandbox.read("clone/prod/db")));
    sandbox.write("clone/prod/new", "canary-new");
    sandbox.try_git("clone", ["add", "."]).expect(128).says("the key 'prod' is not held");
    sandbox.assert_no_object_holds("clone", b"canary-new");
    fs::remove_file(sandbox.path("clone/prod/new")).unwrap();
    sandbox.write("clone/secrets/db.env", "changed by dev\n");
    sandbox.git("clone", ["commit", "-qam", "dev's work"]);
    assert!(is_sealed(&sandbox.blob("clone", "HEAD:secrets/db.env")));
    sandbox
        .try_shroud("clone", ["member", "add", &dev, "--key", "prod"])
        .expect(1)
        .says("not held");
    let why = sandbox.shroud("repo", ["why", "prod/db"]).text();
    assert!(why.contains("members      none"), "{why}");
}

#[test]
fn a_file_that_a_stranger_wrote_gets_no_key() {
    let sandbox = team();
    let mallory = sandbox.age_identity("mallory");
    // A stranger has another repository, and copies the member's file, with the id of the key that is wanted.
    sandbox.git(".", ["init", "-q", "-b", "main", "theirs"]);
    sandbox.shroud("theirs", ["init", "-q"]);
    sandbox.shroud("theirs", ["member", "add", &mallory, "--label", "mallory"]);
    let forged = sandbox.read("theirs/.shroud/default/members/mallory.toml");
    let key = |dir| sandbox.shroud(dir, ["key", "list", "--json"]).json()["keys"][0]["id"].clone();
    let forged = String::from_utf8(forged).unwrap();
    let forged = forged.replace(key("theirs").as_str().unwrap(), key("repo").as_str().unwrap());
    sandbox.write(member_file("mallory"), forged);
    let carol = sandbox.age_identity("carol");
    for command in
        [["member", "add", &carol].as_slice(), &["key", "rotate"], &["member", "remove", "bob"]]
    {
        sandbox
            .try_shroud("repo", command)
            .expect(1)
            .says("members/mallory.toml: its mac fails")
            .says("nothing was changed")
            .says("member remove mallory --key default --no-rotate");
    }
    let listed = sandbox.try_shroud("repo", ["member", "list"]).expect(1);
    assert!(listed.text().contains("mac fails"));
    sandbox.try_shroud("repo", ["status"]).expect(1).says("mac fails");
    sandbox.shroud("repo", ["member", "remove", "mallory", "--no-rotate"]);
    assert!(!sandbox.path(member_file("mallory")).exists());
    sandbox.shroud("repo", ["key", "rotate"]);
}

#[test]
fn a_file_edited_by_hand_is_noticed_and_restored() {
    let sandbox = team();
    let good = String::from_utf8(sandbox.read(member_file("alice"))).unwrap();
    type Edit<'e> = &'e dyn Fn(&str) -> String;
    let edits: [(&str, Edit<'_>); 6] = [
        ("mac fails", &|text| text.replace("added = \"2", "added = \"3")),
        ("malformed", &|text| text.replace("version = 1", "version = 0")),
        ("malformed", &|text| text.replace("label = \"alice\"", "label = \"bob\"")),
        ("malformed", &|text| text[..text.len() / 2].to_owned()),
        ("malformed", &|text| format!("{text}extra = 1\n")),
        ("malformed", &|_| "\u{1b}[31m".to_owned()),
    ];
    for (expected, edit) in edits {
        sandbox.write(member_file("alice"), edit(&good));
        let done = sandbox.try_shroud("repo", ["member", "list"]).expect(1);
        assert!(done.text().contains(expected), "{}", done.text());
        assert!(!contains(&done.stdout, b"\x1b") && !done.stderr.contains('\x1b'));
        sandbox.try_shroud("repo", ["key", "rotate"]).expect(1).says("nothing was changed");
    }
    sandbox.git("repo", ["checkout", "--", ".shroud"]);
    sandbox.shroud("repo", ["member", "list"]);
}

#[test]
fn two_labels_that_differ_in_case_are_no_two_members() {
    let sandbox = team();
    fs::copy(sandbox.path(member_file("alice")), sandbox.path(member_file("Alice"))).unwrap();
    let done = sandbox.try_shroud("repo", ["member", "list"]).expect(1);
    assert!(done.text().contains("its label is not the name of the file"), "{}", done.text());
    let carol = sandbox.age_identity("carol");
    sandbox.try_shroud("repo", ["member", "add", &carol]).expect(1).says("Alice.toml");
}

#[test]
fn a_file_that_holds_another_key_opens_nothing() {
    let sandbox = team();
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "theirs"]);
    sandbox.shroud("theirs", ["init", "-q"]);
    let alice = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let alice = alice["keys"][0]["members"][0]["recipient"].as_str().unwrap().to_owned();
    sandbox.shroud("theirs", ["member", "add", &alice, "--label", "alice"]);
    let wrapped = |file: &str| {
        let text = String::from_utf8(sandbox.read(file)).unwrap();
        let at = text.find("wrapped = ").unwrap();
        let end = text.find("mac = ").unwrap();
        (text[..at].to_owned(), text[at..end].to_owned(), text[end..].to_owned())
    };
    let (before, _, after) = wrapped("clone/.shroud/default/members/alice.toml");
    let (_, foreign, _) = wrapped("theirs/.shroud/default/members/alice.toml");
    sandbox.write("clone/.shroud/default/members/alice.toml", format!("{before}{foreign}{after}"));
    let done = sandbox.try_shroud("clone", ["unlock", "-i", "../alice.age"]).expect(2);
    done.says("it holds a different key than it says");
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists());
}

#[test]
fn the_list_is_by_key_or_by_member() {
    let sandbox = team();
    let by_key = sandbox.shroud("repo", ["member", "list"]).text();
    assert!(by_key.starts_with("default  generation 1, id "), "{by_key}");
    assert!(
        by_key.contains("\n  alice  age1") && by_key.contains("  current, classical\n"),
        "{by_key}"
    );
    let by_member = sandbox.shroud("repo", ["member", "list", "--by", "member"]).text();
    assert!(
        by_member.starts_with("alice  age1")
            && by_member.contains("\n  default  current, classical\n")
    );
    let json = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let alice = &json["keys"][0]["members"][0];
    assert_eq!(alice["method"], "age");
    assert_eq!(alice["standing"], "current");
    assert_eq!(alice["expires_soon"], false);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_is_not_followed() {
    let sandbox = team();
    sandbox.write("outside/keep", "x");
    fs::remove_dir_all(sandbox.path("repo/.shroud/default/members")).unwrap();
    std::os::unix::fs::symlink(
        sandbox.path("outside"),
        sandbox.path("repo/.shroud/default/members"),
    )
    .unwrap();
    let carol = sandbox.age_identity("carol");
    sandbox.try_shroud("repo", ["member", "add", &carol]).expect(2).says("symbolic link");
    assert_eq!(sandbox.snapshot("outside").len(), 1);
}

#[test]
fn lock_gives_up_a_key_that_was_granted() {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.try_shroud("repo", ["lock"]).expect(1).says("granted to nobody");
    let me = sandbox.age_identity("me");
    sandbox.shroud("repo", ["member", "add", &me, "--label", "me"]);
    sandbox.git("repo", ["commit", "-q", "-m", "me"]);
    sandbox.shroud("repo", ["lock"]);
    sandbox.shroud("repo", ["unlock", "-i", "../me.age"]);
}

#[test]
fn an_ssh_key_of_any_name_is_found_without_its_public_half() {
    let sandbox = crate::common::sealed();
    sandbox
        .sh(".", "mkdir -p home/.ssh && ssh-keygen -q -t ed25519 -N '' -C work -f home/.ssh/work");
    sandbox.shroud("repo", ["member", "add", "../home/.ssh/work.pub", "--label", "me", "--commit"]);
    fs::remove_file(sandbox.path("home/.ssh/work.pub")).unwrap();
    // What is no key of a member does no harm.
    sandbox.sh(".", "ssh-keygen -q -t ed25519 -N '' -f home/.ssh/other && rm home/.ssh/other.pub");
    sandbox.sh(".", "ssh-keygen -q -t ecdsa -N '' -f home/.ssh/third && rm home/.ssh/third.pub");
    sandbox.write("home/.ssh/known_hosts", "example.com\n");
    sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
    sandbox.shroud("fresh", ["unlock", "-v"]).says("looked at").says(".ssh/work");
    assert_eq!(sandbox.read("fresh/secrets/db.env"), b"PASSWORD=canary-db\n");
}
