//! Unlocking where many files, or hostile ones, are for oneself.

use std::fs;

use crate::member_attacks::{key, member_file, push, recipient, team};

/// Another file for each of these labels, for the same recipient, that opens to nothing.
fn decoys(sandbox: &crate::common::Sandbox, recipient: &str, count: usize) {
    for n in 0..count {
        let text = crate::member_attacks::with_user_id(
            &key(sandbox),
            &format!("a-{n:03}"),
            recipient,
            "x",
        );
        sandbox.write(member_file("default", &format!("a-{n:03}")), text);
    }
    push(sandbox);
}

#[test]
fn a_passphrase_is_asked_for_once_whatever_the_number_of_files() {
    let sandbox = team(&["alice"]);
    let mut keygen = sandbox.command("ssh-keygen", ".");
    keygen.args(["-q", "-t", "ed25519", "-N", "right one", "-C", "carol@host", "-f", "ssh"]);
    sandbox.run(keygen).expect(0);
    sandbox.shroud("repo", ["member", "add", "../ssh.pub", "--label", "zoe", "--commit"]);
    let line = String::from_utf8(sandbox.read("ssh.pub")).unwrap();
    let ssh = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    decoys(&sandbox, &ssh, 5);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let unlock = "git-shroud unlock -i ../ssh";
    let done = sandbox.on_terminal("clone", unlock, "right one\n");
    assert_eq!(done.status, 0, "{}", done.text());
    assert_eq!(done.text().matches("Passphrase of").count(), 1, "{}", done.text());
    sandbox.shroud("clone", ["lock"]);
    // Nor is a wrong one asked for once more for each file.
    let done = sandbox.on_terminal("clone", unlock, "one\ntwo\nthree\nfour\nfive\nsix\n");
    assert_ne!(done.status, 0);
    assert_eq!(done.text().matches("Passphrase of").count(), 3, "{}", done.text());
}

#[test]
fn an_identity_file_under_a_passphrase_is_opened_once() {
    let sandbox = team(&["alice", "zoe"]);
    decoys(&sandbox, &recipient(&sandbox, "zoe"), 3);
    let mut identity = sandbox.read("zoe.age");
    identity.push(b'\n');
    sandbox.write("plain", &identity);
    let locked =
        sandbox.on_terminal(".", "age -p -o locked.age plain", "pass word 1\npass word 1\n");
    assert_eq!(locked.status, 0, "{}", locked.text());
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let done = sandbox.on_terminal("clone", "git-shroud unlock -i ../locked.age", "pass word 1\n");
    assert_eq!(done.status, 0, "{}", done.text());
    assert_eq!(done.text().matches("Passphrase of").count(), 1, "{}", done.text());
}

/// A plugin that notes each of its runs and knows no file.
const PLUGIN: &str = r#"#!/bin/sh
echo run >>"$HOME/runs"
while read -r line; do [ "$line" = "-> done" ] && break; done
read -r _
printf -- '-> done\n\n'
"#;

#[test]
fn a_plugin_is_run_once_for_all_files() {
    let sandbox = team(&["alice", "bob", "carol"]);
    sandbox.write("plugins/age-plugin-fake", PLUGIN);
    sandbox.sh(".", "chmod 755 plugins/age-plugin-fake");
    let path = format!("{}:{}", sandbox.path("plugins").display(), std::env::var("PATH").unwrap());
    let identity = {
        use bech32::{Bech32, Hrp};
        let hrp = Hrp::parse("age-plugin-fake-").unwrap();
        bech32::encode_upper::<Bech32>(hrp, &[1, 2, 3]).unwrap()
    };
    sandbox.write("fake.age", format!("{identity}\n"));
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    let unlock = ["unlock", "-i", "../fake.age"];
    sandbox.try_shroud_with(("PATH", &path), "clone", &unlock).expect(2).says("stays locked");
    let runs = fs::read_to_string(sandbox.path("home/runs")).unwrap();
    assert_eq!(runs.lines().count(), 1);
}

#[test]
fn without_gpg_it_is_said_where_it_would_have_been_needed() {
    let sandbox = team(&["alice"]);
    let certificate = include_str!("../../fixtures/git-crypt/b-bob.public.asc");
    sandbox.write("bob.asc", certificate);
    sandbox.shroud("repo", ["member", "add", "../bob.asc", "--commit"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.git("clone", ["config", "gpg.program", "/nonexistent/gpg"]);
    sandbox.try_shroud("clone", ["unlock"]).expect(2).says("gpg is not installed");
    // Who opens it by other means hears nothing of it.
    let done = sandbox.shroud("clone", ["unlock", "-i", "../alice.age"]);
    assert!(!done.stderr.contains("gpg"), "{}", done.stderr);
}
