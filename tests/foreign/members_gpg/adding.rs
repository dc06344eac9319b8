//! `member add`: by every name, in every form, and what it says before it grants.

use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::serialize::MarshalInto as _;

use crate::common::gpg::{home, now};
use crate::common::{Sandbox, contains};
use crate::members_gpg::user::{User, as_admin, assert_open, member_file, path_without_gpg, team};

#[test]
fn a_certificate_is_granted_by_every_name_and_each_user_opens_a_fresh_clone() {
    let home = home();
    let sandbox = team(&[]);
    sandbox.write("p521.asc", home.export("p521"));
    let binary = home.gpg(&["--export", &home.fingerprint("brainpool")], b"").expect().stdout;
    sandbox.write("brainpool.gpg", binary);
    let curve25519 = home.fingerprint("curve25519");
    let p256 = home.fingerprint("p256").split_off(24);
    let two = home.subkeys("two").remove(1);
    let recipients =
        ["rsa@example.com", &curve25519, &p256, "../p521.asc", "../brainpool.gpg", &two];
    let done =
        as_admin(&sandbox, &[&["member", "add", "--commit"][..], &recipients].concat()).expect(0);
    let users = ["rsa", "curve25519", "p256", "p521", "brainpool", "two"];
    for name in users {
        let fingerprint = home.fingerprint(name);
        assert!(done.stderr.contains(&format!("recipient openpgp:{fingerprint}")));
        assert!(done.stderr.contains(&format!("user id Test <{name}@example.com>")));
    }
    // The fingerprint and the user ids are shown before anything is granted.
    let granted = done.stderr.find("granted key").unwrap();
    assert!(done.stderr.rfind("user id").unwrap() < granted, "{}", done.stderr);
    for name in users {
        let user = User::with(&[name]);
        user.clone(&sandbox, name).expect(0).says(&format!("as member '{name}'"));
        assert_open(&sandbox, name);
    }
}

#[test]
fn an_ambiguous_address_is_listed_and_grants_nothing() {
    let home = home();
    let sandbox = team(&[]);
    let before = sandbox.snapshot("repo/.shroud");
    let mut done =
        as_admin(&sandbox, &["member", "add", "rsa@example.com", "twin@example.com"]).expect(2);
    let args = ["--with-colons", "--list-keys", "<twin@example.com>"];
    let listing = String::from_utf8(home.gpg(&args, b"").expect().stdout).unwrap();
    let mut primary = false;
    for line in listing.lines() {
        match line.split(':').next() {
            Some("pub") => primary = true,
            Some("fpr") if std::mem::take(&mut primary) => {
                done = done.says(line.split(':').nth(9).unwrap());
            }
            _ => {}
        }
    }
    done.says("several certificates match")
        .says("Test <twin@example.com>")
        .says("Test (other) <twin@example.com>")
        .says("give the whole fingerprint");
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}

#[test]
fn whom_gpg_does_not_know_is_told() {
    let sandbox = team(&[]);
    let before = sandbox.snapshot("repo/.shroud");
    for unknown in ["nobody@example.com", "0123456789ABCDEF", "--", "\u{1b}[31m"] {
        let done = as_admin(&sandbox, &["member", "add", "--", unknown]).expect(2);
        assert!(!done.stderr.contains('\u{1b}'));
        done.says("gpg does not know this certificate").says("gpg --import");
    }
    as_admin(&sandbox, &["member", "add", "0xDEADBEEF"]).expect(2).says("of eight digits");
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
}

#[test]
fn what_gpg_does_not_hold_to_be_valid_needs_ones_word() {
    let sandbox = team(&[]);
    let user = User::nobody();
    user.gpg(&["--import"], &home().export("curve25519"));
    let add = ["member", "add", "curve25519@example.com"];
    user.shroud(&sandbox, "repo", &add)
        .expect(1)
        .says("gpg does not consider this certificate valid (it says: unknown)")
        .says("gpg --lsign-key")
        .says("--trust");
    assert!(!sandbox.path(member_file("repo", "curve25519")).exists());
    user.shroud(&sandbox, "repo", &[&add[..], &["--trust", "--commit"]].concat())
        .expect(0)
        .says(&home().fingerprint("curve25519"));
    User::with(&["curve25519"]).clone(&sandbox, "clone").expect(0);
    assert_open(&sandbox, "clone");
}

/// A certificate in binary with these user ids.
fn with_user_ids(user_ids: &[&str]) -> Vec<u8> {
    let mut builder = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_creation_time(now() - std::time::Duration::from_secs(3600))
        .add_transport_encryption_subkey();
    for user_id in user_ids {
        builder = builder.add_userid(*user_id);
    }
    let (cert, _) = builder.generate().unwrap();
    cert.strip_secret_key_material().to_vec().unwrap()
}

#[test]
fn control_characters_in_user_ids_reach_no_terminal() {
    let sandbox = team(&[]);
    let hostile = ["Eve\u{1b}[2J\nrecipient x <eve@example.org>", "a\u{202e}b <e@x>"];
    sandbox.write("eve.gpg", with_user_ids(&hostile));
    let user = User::nobody();
    user.gpg(&["--import"], &sandbox.read("eve.gpg"));
    for recipient in ["../eve.gpg", "eve@example.org"] {
        let done = user.shroud(&sandbox, "repo", &["member", "add", "--trust", recipient]);
        let done = done.expect(0);
        assert!(!done.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", done.stderr);
        assert!(!done.stderr.contains("\nrecipient x"), "{:?}", done.stderr);
        done.says("Eve");
    }
    for args in [["member", "list"].as_slice(), &["member", "list", "--json"], &["doctor"]] {
        let done = sandbox.try_shroud("repo", args);
        for shown in [&done.stdout, done.stderr.as_bytes()] {
            assert!(!contains(shown, b"\x1b") && !contains(shown, "\u{202e}".as_bytes()));
        }
    }
}

#[test]
fn without_gpg_a_name_is_not_looked_up_and_a_file_is() {
    let home = home();
    let sandbox = team(&[]);
    sandbox.write("cert.asc", home.export("curve25519"));
    sandbox.write("brainpool.asc", home.export("brainpool"));
    let run = |recipient: &str| {
        let path = path_without_gpg(&sandbox);
        sandbox.try_shroud_with(("PATH", &path), "repo", &["member", "add", recipient])
    };
    run("curve25519@example.com").expect(2).says("gpg is not installed").says("certificate file");
    run("../brainpool.asc")
        .expect(2)
        .says("needs gpg, which is not installed")
        .says("install GnuPG");
    run("../cert.asc").expect(0).says(&home.fingerprint("curve25519"));
}

/// The program that git is configured to use is the one that is asked.
#[test]
fn the_configured_gpg_is_used() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["config", "gpg.program", "/nonexistent/gpg"]);
    as_admin(&sandbox, &["member", "add", "rsa@example.com"]).expect(2).says("not installed");
}
