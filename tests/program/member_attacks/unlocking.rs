//! Unlocking where many files, or hostile ones, are for oneself.

use std::fs;

use crate::common::setups::plugin;
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
    for name in ["prod", "staging"] {
        sandbox.shroud("repo", ["key", "new", "-q", name]);
        let bob = recipient(&sandbox, "bob");
        sandbox.shroud("repo", ["member", "add", &bob, "--key", name, "--label", "bob", "-q"]);
    }
    push(&sandbox);
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
fn the_real_file_is_found_behind_any_number_of_decoys() {
    let sandbox = team(&["alice", "zoe"]);
    decoys(&sandbox, &recipient(&sandbox, "zoe"), 120);
    sandbox.unlocked_clone("repo", "clone", "zoe").expect(0);
}

/// What such a plugin does to unwrap: it notes the run, and gives every file key back.
const CLEAR: &str = r#"    echo run >>"$HOME/runs"
    answers=
    while IFS= read -r line; do
        case $line in
        '-> recipient-stanza '*' clear')
            IFS= read -r key; number=${line#-> recipient-stanza }; number=${number% clear}
            case $answers in *" $number:"*) ;; *) answers="$answers $number:$key" ;; esac ;;
        '-> done') IFS= read -r _; break ;;
        esac
    done
    for answer in $answers; do
        printf -- '-> file-key %s\n%s\n' ${answer%%:*} ${answer#*:}; read -r _; read -r _
    done
"#;

#[test]
fn a_plugin_opens_all_keys_in_one_run_and_finds_the_real_file_in_two() {
    use bech32::{Bech32, Hrp};
    let sandbox = team(&["alice"]);
    sandbox.write("plugins/age-plugin-clear", plugin(CLEAR));
    sandbox.sh(".", "chmod 755 plugins/age-plugin-clear");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_git-shroud")).parent().unwrap();
    let path = format!(
        "{}:{}:{}",
        sandbox.path("plugins").display(),
        program.display(),
        std::env::var("PATH").unwrap()
    );
    let encode = |hrp: &str| bech32::encode::<Bech32>(Hrp::parse(hrp).unwrap(), &[7; 8]).unwrap();
    let recipient = encode("age1clear");
    sandbox.write("clear.age", encode("age-plugin-clear-").to_uppercase() + "\n");
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    for key in ["default", "prod"] {
        let add = ["member", "add", &recipient, "--key", key, "--label", "zoe"];
        sandbox.try_shroud_with(("PATH", &path), "repo", &add).expect(0);
    }
    push(&sandbox);
    let unlock = |clone: &str| {
        sandbox.git(".", ["clone", "-q", "repo", clone]);
        sandbox.write("home/runs", "");
        let done =
            sandbox.try_shroud_with(("PATH", &path), clone, &["unlock", "-i", "../clear.age"]);
        let runs = fs::read_to_string(sandbox.path("home/runs")).unwrap();
        done.expect(0).says("took key 'default'").says("took key 'prod'");
        runs.lines().count()
    };
    assert_eq!(unlock("clone"), 1);
    // A file of somebody else's making, for the same recipient, that is tried before the real one.
    for n in 0..60 {
        let label = format!("a-{n:03}");
        let real = String::from_utf8(sandbox.read(member_file("default", "zoe"))).unwrap();
        let decoy = real.replace("label = \"zoe\"", &format!("label = \"{label}\""));
        // What is wrapped in it is another key's.
        let other = String::from_utf8(sandbox.read(member_file("prod", "zoe"))).unwrap();
        let wrapped = |text: &str| {
            let begin = text.find("wrapped = ").unwrap();
            let end = text[begin..].find("mac = ").unwrap() + begin;
            text[begin..end].to_owned()
        };
        let decoy = decoy.replace(&wrapped(&decoy), &wrapped(&other));
        sandbox.write(member_file("default", &label), decoy);
    }
    push(&sandbox);
    assert_eq!(unlock("attacked"), 2);
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
