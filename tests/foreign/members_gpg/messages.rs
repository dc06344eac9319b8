//! The messages in member files: read by other programs, and refused where they are not as they were written.

use sequoia_openpgp::armor::{Kind, Reader, ReaderMode, Writer};
use std::io::{Read as _, Write as _};
use std::process::Command;

use crate::common::gpg::{home, run};
use crate::members_gpg::user::{User, block, member_file, replace_wrapped, team};

#[test]
fn gpg_and_sq_open_what_is_written() {
    let home = home();
    let sandbox = team(&["rsa", "curve25519", "p256", "p521", "brainpool", "two"]);
    let exported = String::from_utf8(sandbox.read("team.key")).unwrap();
    let token = exported.split_whitespace().find(|word| word.starts_with("GIT-SHROUD-KEY-"));
    for name in ["rsa", "curve25519", "p256", "p521", "brainpool", "two"] {
        let file = String::from_utf8(sandbox.read(member_file("repo", name))).unwrap();
        let wrapped = block(&file, "wrapped");
        let by_gpg = home.gpg(&["--status-fd", "2", "--decrypt"], wrapped.as_bytes()).expect();
        assert!(by_gpg.stderr.contains("GOODMDC"), "{}", by_gpg.stderr);
        let text = String::from_utf8(by_gpg.stdout).unwrap();
        assert!(text.contains(token.unwrap()), "{name}");
        let listed = home.gpg(&["--list-packets"], wrapped.as_bytes()).expect();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let keys = if name == "two" { 2 } else { 1 };
        assert_eq!(listed.matches(":pubkey enc packet: version 3").count(), keys, "{listed}");
        assert!(listed.contains("mdc_method: 2"), "{listed}");
        assert!(!listed.contains("compressed") && !listed.contains("signature"), "{listed}");
        if name == "brainpool" {
            // What Debian's sq is built on has no such curve.
            continue;
        }
        sandbox.write(format!("{name}.gpg"), home.export_secret(name));
        let mut sq = Command::new("sq");
        sq.args(["decrypt", "--recipient-key"]).arg(sandbox.path(format!("{name}.gpg")));
        assert_eq!(run(sq, wrapped.as_bytes()).expect().stdout, text.as_bytes(), "{name}");
    }
}

fn armoured(binary: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Kind::Message).unwrap();
    writer.write_all(binary).unwrap();
    writer.finalize().unwrap()
}

fn binary(armoured: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mode = ReaderMode::Tolerant(Some(Kind::Message));
    Reader::from_bytes(armoured.as_bytes(), mode).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_message_that_was_changed_or_can_be_gives_no_key() {
    let sandbox = team(&["curve25519"]);
    sandbox.write("secret.gpg", home().export_secret("curve25519"));
    let user = User::with(&["curve25519"]);
    // As an attacker would like it: gpg reports success then.
    let careless = "pinentry-mode loopback\nignore-mdc-error\n";
    std::fs::write(format!("{}/gpg.conf", user.dir()), careless).unwrap();
    let file = String::from_utf8(sandbox.read(member_file("repo", "curve25519"))).unwrap();
    let good = binary(&block(&file, "wrapped"));
    let protected = 2 + usize::from(good[1]);
    assert_eq!(good[protected], 0xd2);
    let mut tampered = good.clone();
    *tampered.last_mut().unwrap() ^= 1;
    // The packet of old, which has no version and nothing that checks it.
    let mut stripped = good.clone();
    stripped[protected] = 0xc9;
    stripped[protected + 1] -= 1;
    stripped.remove(protected + 2);
    let twice = [&good[..], &good[..]].concat();
    let foreign = home().encrypt(&["--recipient", "curve25519@example.com"]);
    let signed = ["--local-user", "p256@example.com", "--sign", "--recipient"];
    let signed = home().encrypt(&[&signed[..], &["curve25519@example.com"]].concat());
    for (number, (message, sentences)) in [
        (armoured(&tampered), ["the message is damaged or was changed", "did not confirm"]),
        (armoured(&stripped), ["has no integrity protection", "has no integrity protection"]),
        (armoured(&twice), ["more than one OpenPGP message", "more than one OpenPGP message"]),
        (armoured(&good[..good.len() - 9]), ["is cut short", "is malformed"]),
        (foreign, ["what it holds", "compressed or signed"]),
        (signed, ["signed inside", "what it holds"]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("clone-{number}");
        sandbox.git(".", ["clone", "-q", "repo", &name]);
        replace_wrapped(&sandbox, &name, "curve25519", &message);
        let by_gpg = user.shroud(&sandbox, &name, &["unlock"]).expect(2);
        let native = ["unlock", "--secret-key", "../secret.gpg"];
        let native = sandbox.try_shroud(&name, native).expect(2);
        for done in [by_gpg, native] {
            assert!(
                sentences.iter().any(|sentence| done.stderr.contains(sentence)),
                "{number}: {}",
                done.stderr
            );
            assert!(!done.stderr.contains("canary"), "what was decrypted is shown");
        }
        assert!(!sandbox.path(format!("{name}/.git/git-shroud/keyring")).exists());
    }
}
