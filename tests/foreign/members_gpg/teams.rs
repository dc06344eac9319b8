//! Teams of OpenPGP, age and SSH, with several keys: what stays open, and what a removal takes away.

use crate::common::gpg::home;
use crate::common::{SECRETS, Sandbox, is_sealed, needs};
use crate::members_gpg::user::{User, as_admin, assert_open, team};

const ED25519: &str = "carol.ssh";

/// `two` and `p256` by OpenPGP, `me` by age, `carol` by SSH have `default`; the first and the last two have `prod`.
fn mixed_team() -> Sandbox {
    needs("ssh-keygen", "openssh-client");
    let sandbox = team(&["two", "p256"]);
    sandbox.shroud("repo", ["key", "new", "prod", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.write("repo/prod/db", "canary-prod");
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "carol@host", "-f", ED25519]);
    sandbox.run(keygen).expect(0);
    let me = sandbox.age_identity("me");
    let keys = ["--key", "default", "--key", "prod"];
    sandbox.shroud("repo", [&["member", "add", &me, "--label", "me"][..], &keys].concat());
    let carol = format!("../{ED25519}.pub");
    sandbox.shroud("repo", [&["member", "add", &carol][..], &keys].concat());
    as_admin(&sandbox, &["member", "add", "two@example.com", "--key", "prod"]).expect(0);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox
}

/// Every blob of every commit opens to what it was.
#[track_caller]
fn assert_opens_all(sandbox: &Sandbox, dir: &str) {
    for (rev, path, content) in [
        ("HEAD~2", "secrets/db.env", SECRETS[0].1),
        ("HEAD~2", "prod/db", "canary-prod"),
        ("HEAD~1", "secrets/db.env", SECRETS[0].1),
        ("HEAD~1", "prod/db", "canary-prod"),
        ("HEAD", "prod/db", "canary-prod"),
        ("HEAD", "secrets/new", "after two left\n"),
    ] {
        let opened = sandbox.shroud(dir, ["cat", &format!("{rev}:{path}")]).text();
        assert_eq!(opened, content, "{rev}:{path}");
    }
    assert_open(sandbox, dir);
}

#[test]
fn who_is_removed_opens_nothing_new_and_all_others_open_everything() {
    let sandbox = mixed_team();
    let removed = User::with(&["two"]);
    removed.clone(&sandbox, "before").expect(0).says("key 'prod'");
    assert_eq!(sandbox.read("before/prod/db"), b"canary-prod");
    let worktree: Vec<_> =
        SECRETS.iter().map(|(path, _)| sandbox.read(format!("repo/{path}"))).collect();

    as_admin(&sandbox, &["member", "remove", &home().fingerprint("two")])
        .expect(0)
        .says("removed from key 'default': two")
        .says("removed from key 'prod': two");
    for ((path, _), content) in SECRETS.iter().zip(worktree) {
        assert_eq!(sandbox.read(format!("repo/{path}")), content);
    }
    sandbox.git("repo", ["commit", "-q", "-m", "two leaves"]);
    sandbox.write("repo/secrets/new", "after two left\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "new"]);
    sandbox.shroud("repo", ["status"]);
    sandbox.shroud("repo", ["member", "list"]);

    // A fresh clone by the removed member, and the clone that holds the keys of before.
    removed.clone(&sandbox, "after").expect(2).says("key 'default' stays locked");
    sandbox.git("before", ["pull", "-q"]);
    removed.shroud(&sandbox, "before", &["unlock"]);
    for dir in ["after", "before"] {
        for path in ["secrets/db.env", "secrets/new", "prod/db"] {
            assert!(is_sealed(&sandbox.blob(dir, &format!("HEAD:{path}"))), "{path}");
            sandbox.try_shroud(dir, ["cat", &format!("HEAD:{path}")]).expect(1);
            assert!(is_sealed(&sandbox.read(format!("{dir}/{path}"))), "{dir}/{path}");
        }
    }

    User::with(&["p256"]).clone(&sandbox, "p256").expect(0).says("key 'prod' stays locked");
    assert_open(&sandbox, "p256");
    let old = sandbox.shroud("p256", ["cat", "HEAD~2:secrets/db.env"]).text();
    assert_eq!(old, SECRETS[0].1);
    assert!(is_sealed(&sandbox.read("p256/prod/db")));
    sandbox.git(".", ["clone", "-q", "repo", "ssh"]);
    sandbox.shroud("ssh", ["unlock", "-i", &format!("../{ED25519}")]).says("as member 'carol'");
    assert_opens_all(&sandbox, "ssh");
    sandbox.unlocked_clone("repo", "age", "me").expect(0);
    assert_opens_all(&sandbox, "age");

    // And once more, by a rotation alone.
    sandbox.shroud("age", ["key", "rotate"]);
    sandbox.git("age", ["commit", "-q", "-m", "rotate"]);
    sandbox.git("age", ["push", "-q", "origin", "HEAD:next"]);
    sandbox.git(".", ["clone", "-q", "-b", "next", "repo", "next"]);
    User::with(&["p256"]).shroud(&sandbox, "next", &["unlock"]).expect(0).says("generation 3");
    let first = sandbox.shroud("next", ["cat", "HEAD~4:secrets/db.env"]).text();
    assert_eq!(first, SECRETS[0].1);
    assert_open(&sandbox, "next");
}

#[test]
fn a_member_is_meant_by_label_fingerprint_or_address() {
    let sandbox = team(&["rsa", "p256", "two"]);
    for meant in ["rsa", &home().fingerprint("p256").to_lowercase(), "two@example.com"] {
        sandbox.shroud("repo", ["member", "remove", meant, "--no-rotate"]);
        sandbox.git("repo", ["commit", "-q", "-m", "remove"]);
    }
    let listed = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    assert_eq!(listed["keys"][0]["members"].as_array().unwrap().len(), 0);
    sandbox.try_shroud("repo", ["member", "remove", "rsa"]).expect(2).says("no member 'rsa'");
    let sandbox = team(&["rsa", "p256"]);
    sandbox
        .try_shroud("repo", ["member", "remove", "@example.com"])
        .expect(2)
        .says("means several members")
        .says("p256, rsa");
}

#[test]
fn the_list_says_who_how_and_until_when() {
    let sandbox = mixed_team();
    let json = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let keys = json["keys"].as_array().unwrap();
    assert_eq!((&keys[0]["name"], &keys[1]["name"]), (&"default".into(), &"prod".into()));
    assert_eq!(keys[1]["members"].as_array().unwrap().len(), 3);
    let fingerprint = home().fingerprint("two");
    let two = keys[0]["members"].as_array().unwrap().iter().find(|one| one["label"] == "two");
    let two = two.unwrap();
    assert_eq!(two["method"], "openpgp");
    assert_eq!(two["fingerprint"], fingerprint.as_str());
    assert_eq!(two["recipient"], format!("openpgp:{fingerprint}"));
    assert_eq!(two["user_id"], "Test <two@example.com>");
    assert_eq!(two["standing"], "current");
    assert_eq!(two["generation"], 1);
    assert_eq!(two["expires_soon"], false);
    assert_eq!(two.get("expires"), None, "it does not expire");
    let methods: Vec<_> = keys[1]["members"].as_array().unwrap().iter().collect();
    let methods: Vec<_> = methods.iter().map(|one| one["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["ssh", "age", "openpgp"]);
    let text = sandbox.shroud("repo", ["member", "list"]).text();
    assert!(text.contains(&format!("two  openpgp:{fingerprint}  Test <two@example.com>  current")));
}
