//! `unlock` through the user's gpg: how often it is asked, and what happens when it fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::gpg::{PASSPHRASE, home};
use crate::common::{Sandbox, needs};
use crate::members_gpg::user::{
    User, as_admin, assert_open, block, member_file, replace_wrapped, team,
};

/// Makes git use a gpg that notes how often it decrypts.
fn count_decryptions(sandbox: &Sandbox) {
    let script = sandbox.path("counting-gpg");
    let counts = sandbox.path("decryptions");
    let text = format!(
        "#!/bin/sh\nfor one; do case $one in --decrypt) echo x >>'{}';; esac; done\nexec gpg \"$@\"\n",
        counts.display()
    );
    fs::write(sandbox.path("draft"), text).unwrap();
    fs::set_permissions(sandbox.path("draft"), fs::Permissions::from_mode(0o700)).unwrap();
    // A file that another thread's child may hold open for writing cannot be run; a copy can.
    sandbox.sh(".", "cp -p draft counting-gpg");
    sandbox.git(".", ["config", "--global", "gpg.program", script.to_str().unwrap()]);
}

fn decryptions(sandbox: &Sandbox) -> usize {
    let counts = sandbox.path("decryptions");
    let count = fs::read(&counts).map(|text| text.len() / 2).unwrap_or_default();
    drop(fs::remove_file(counts));
    count
}

#[test]
fn the_agent_is_asked_once_for_each_key_name() {
    let members = ["rsa", "curve25519", "p256", "p521", "two", "brainpool"];
    let sandbox = team(&members);
    sandbox.shroud("repo", ["key", "new", "prod", "-q"]);
    let mut add = vec!["member", "add", "--commit", "--key", "prod"];
    add.extend(["p521@example.com", "two@example.com", "rsa@example.com"]);
    as_admin(&sandbox, &add).expect(0);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    count_decryptions(&sandbox);
    // With two secret keys, each a member; the other members' keys are only known.
    let user = User::with(&["p521", "two"]);
    let everybody = members.map(|name| home().export(name)).concat();
    user.gpg(&["--import"], &everybody);
    user.clone(&sandbox, "clone").expect(0).says("key 'default'").says("key 'prod'");
    assert_open(&sandbox, "clone");
    assert_eq!(decryptions(&sandbox), 2);
    user.shroud(&sandbox, "clone", &["unlock"]).expect(0);
    assert_eq!(decryptions(&sandbox), 0, "both are held");
    // Of one key only, which is the last of the labels.
    User::with(&["two"]).clone(&sandbox, "other").expect(0);
    assert_eq!(decryptions(&sandbox), 2);
    // Of no key at all: nobody is asked for nothing.
    User::with(&["mixed"]).clone(&sandbox, "none").expect(2).says("members: brainpool (openpgp:");
    assert_eq!(decryptions(&sandbox), 0);
}

/// A message to a hidden recipient may be anybody's, so those that name the user's key come first.
#[test]
fn a_hidden_recipient_is_tried_last_and_opens() {
    let sandbox = team(&["curve25519", "p256"]);
    let file = String::from_utf8(sandbox.read(member_file("repo", "curve25519"))).unwrap();
    let text = home().gpg(&["--decrypt"], block(&file, "wrapped").as_bytes()).expect().stdout;
    let hide = [
        "--armor",
        "--compress-algo",
        "none",
        "--throw-keyids",
        "--trust-model",
        "always",
        "--encrypt",
        "-r",
    ];
    let hidden = home().gpg(&[&hide[..], &["curve25519@example.com"]].concat(), &text);
    replace_wrapped(&sandbox, "repo", "curve25519", &hidden.expect().stdout);
    sandbox.git("repo", ["commit", "-qam", "hide"]);
    count_decryptions(&sandbox);
    User::with(&["p256", "mixed"]).clone(&sandbox, "named").expect(0).says("as member 'p256'");
    assert_eq!(decryptions(&sandbox), 1);
    // With several secret keys gpg tries one after the other, and then reports a failure that is none.
    let user = User::with(&["mixed", "curve25519", "rsa"]);
    user.clone(&sandbox, "hidden").expect(0).says("as member 'curve25519'");
    assert_open(&sandbox, "hidden");
    // Without gpg.
    sandbox.write("secret.gpg", home().export_secret("curve25519"));
    sandbox.git(".", ["clone", "-q", "repo", "native"]);
    sandbox.shroud("native", ["unlock", "--secret-key", "../secret.gpg"]);
    assert_open(&sandbox, "native");
}

#[test]
fn a_passphrase_is_asked_for_and_a_wrong_one_leads_to_the_next_key() {
    let sandbox = team(&["locked"]);
    let user = User::with(&["locked"]);
    user.clone(&sandbox, "clone").expect(0).says("opened by gpg");
    assert_open(&sandbox, "clone");

    user.passphrase("wrong");
    let done = user.clone(&sandbox, "refused").expect(2);
    done.says("key 'default', member 'locked', gpg: the passphrase is wrong")
        .says("key 'default' stays locked; members: locked (openpgp:")
        .says("tried 'locked' by gpg: the passphrase is wrong");

    as_admin(&sandbox, &["member", "add", "--commit", "two@example.com"]).expect(0);
    user.gpg(&["--import", "--pinentry-mode", "loopback"], &home().export_secret("two"));
    let done = user.clone(&sandbox, "next").expect(0);
    let lines = done.stderr.lines().filter(|line| line.contains("the passphrase is wrong"));
    assert_eq!(lines.count(), 1, "{}", done.stderr);
    done.says("member 'locked', gpg: the passphrase is wrong").says("member 'two': opened by gpg");
    assert_open(&sandbox, "next");
    // Without '-v' there is no word of what failed on the way.
    sandbox.git(".", ["clone", "-q", "repo", "quiet"]);
    let done = user.shroud(&sandbox, "quiet", &["unlock"]).expect(0);
    assert!(!done.stderr.contains("wrong"), "{}", done.stderr);
}

#[test]
fn a_pinentry_that_is_cancelled_is_reported_and_an_age_identity_goes_on() {
    needs("age-keygen", "age");
    let sandbox = team(&["locked"]);
    let user = User::with(&["locked"]);
    let pinentry = format!("{}/pinentry", user.dir());
    let script = "#!/bin/sh\necho OK\nwhile read -r line; do case $line in GETPIN*) echo 'ERR 83886179 cancelled';; BYE) echo OK; exit;; *) echo OK;; esac; done\n";
    fs::write(format!("{pinentry}.draft"), script).unwrap();
    fs::set_permissions(format!("{pinentry}.draft"), fs::Permissions::from_mode(0o700)).unwrap();
    sandbox.sh(".", &format!("cp -p '{pinentry}.draft' '{pinentry}'"));
    fs::write(
        format!("{}/gpg-agent.conf", user.dir()),
        format!("pinentry-program {pinentry}\ndefault-cache-ttl 0\nmax-cache-ttl 0\n"),
    )
    .unwrap();
    fs::write(format!("{}/gpg.conf", user.dir()), "").unwrap();
    sandbox.sh(".", &format!("gpgconf --homedir '{}' --kill all", user.dir()));
    let done = user.clone(&sandbox, "clone").expect(2);
    done.says("tried 'locked' by gpg: the passphrase was not given").says("stays locked");

    let me = sandbox.age_identity("me");
    sandbox.shroud("repo", ["member", "add", &me, "--label", "me", "--commit"]);
    sandbox.git("clone", ["pull", "-q"]);
    let done = user.shroud(&sandbox, "clone", &["unlock", "-v", "-i", "../me.age"]).expect(0);
    done.says("member 'me': opened by the identity");
    assert_open(&sandbox, "clone");
}

/// More files for the same recipient, before the one that opens.
fn decoys(sandbox: &Sandbox, label: &str) {
    let text = String::from_utf8(sandbox.read(member_file("clone", label))).unwrap();
    for n in 0..4 {
        let decoy = text.replace(&format!("label = \"{label}\""), &format!("label = \"a{n}\""));
        sandbox.write(member_file("clone", &format!("a{n}")), decoy);
    }
}

#[test]
fn a_passphrase_of_openpgp_is_asked_for_once_whatever_the_number_of_files() {
    let sandbox = team(&["locked"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    decoys(&sandbox, "locked");
    // By gpg: each question of the agent that is not answered is one line of its own.
    let user = User::with(&["locked"]);
    user.passphrase("wrong");
    let done = user.shroud(&sandbox, "clone", &["unlock"]).expect(2);
    assert_eq!(done.stderr.matches("by gpg").count(), 1, "{}", done.stderr);
    // And without it.
    sandbox.write("secret.asc", home().export_secret("locked"));
    let unlock = "git-shroud unlock --secret-key ../secret.asc";
    let typed = "one\ntwo\nthree\nfour\nfive\nsix\n";
    let done = sandbox.on_terminal("clone", unlock, typed);
    assert_ne!(done.status, 0);
    assert_eq!(done.text().matches("Passphrase of").count(), 3, "{}", done.text());
    let done = sandbox.on_terminal("clone", unlock, &format!("{PASSPHRASE}\n"));
    assert_eq!(done.status, 0, "{}", done.text());
    assert_eq!(done.text().matches("Passphrase of").count(), 1, "{}", done.text());
}
