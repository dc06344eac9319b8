//! What the own gpg has learnt since a member was granted a key: revocations, new subkeys, later ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use git_shroud::recipient::openpgp::Message;

use crate::common::Sandbox;
use crate::common::gpg::home;
use crate::members_gpg::user::{User, assert_open, block, member_file, team};

/// Somebody who has the keys of `two`, and knows all others by sight.
fn knowing(names: &[&str]) -> User {
    let user = User::with(&["two"]);
    user.passphrase("");
    for name in names {
        user.gpg(&["--import"], &home().export(name));
    }
    user
}

/// Revokes the certificate of `two` in the gpg of this user.
fn revoke(user: &User) {
    let answers = "y\n0\n\ny\n";
    let args = ["--no-batch", "--command-fd", "0", "--pinentry-mode", "loopback", "--yes"];
    let two = home().fingerprint("two");
    let revocation =
        user.gpg(&[&args[..], &["--armor", "--gen-revoke", &two]].concat(), answers.as_bytes());
    user.gpg(&["--import"], &revocation);
}

/// Revokes one subkey of `two` there, by its place.
fn revoke_subkey(user: &User, place: usize) {
    let script = format!("key {place}\nrevkey\ny\n0\n\ny\nsave\n");
    let args = ["--no-batch", "--command-fd", "0", "--pinentry-mode", "loopback", "--yes"];
    let two = home().fingerprint("two");
    user.gpg(&[&args[..], &["--edit-key", &two]].concat(), script.as_bytes());
}

fn wrapped_to(sandbox: &Sandbox) -> Vec<String> {
    let text = String::from_utf8(sandbox.read(member_file("repo", "two"))).unwrap();
    let message = Message::parse(block(&text, "wrapped").as_bytes()).unwrap();
    message.recipients().iter().flatten().cloned().collect()
}

#[test]
fn a_rotation_wraps_to_no_certificate_that_was_revoked_since() {
    let sandbox = team(&["rsa", "two"]);
    let user = knowing(&["rsa"]);
    revoke(&user);
    let before = sandbox.snapshot("repo/.shroud");
    for args in [["key", "rotate"].as_slice(), &["member", "remove", "rsa"]] {
        let done = user.shroud(&sandbox, "repo", args);
        assert_ne!(done.status, 0);
        done.says("'two'").says("revoked").says("nothing was changed").says("--without two");
    }
    assert_eq!(sandbox.snapshot("repo/.shroud"), before);
    user.shroud(&sandbox, "repo", &["key", "rotate", "--without", "two"])
        .expect(0)
        .says("skipped 'two'")
        .says("granted to 1 member");
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    User::with(&["rsa"]).clone(&sandbox, "rsa").expect(0);
    assert_open(&sandbox, "rsa");
    // Later nothing is granted to them by a renewal either.
    let done = user.shroud(&sandbox, "repo", &["member", "renew", "two"]);
    assert_ne!(done.status, 0);
    done.says("revoked");
}

#[test]
fn an_encrypted_remote_gets_no_key_for_a_certificate_that_was_revoked_since() {
    let sandbox = team(&["rsa", "two"]);
    let user = knowing(&["rsa"]);
    sandbox.git(".", ["init", "-q", "--bare", "host.git"]);
    let (rsa, two) = (home().fingerprint("rsa"), home().fingerprint("two"));
    let init =
        ["remote", "init", "vault", "../host.git", "--trust", "--member", &rsa, "--member", &two];
    user.shroud(&sandbox, "repo", &init).expect(0);
    let listed = user.shroud(&sandbox, "repo", &["member", "list", "--remote", "vault", "--json"]);
    let listed = listed.expect(0).json();
    let members = listed["members"].as_array().unwrap();
    let of_rsa = |member: &&serde_json::Value| member["recipient"].as_str().unwrap().contains(&rsa);
    let label = members.iter().find(of_rsa).unwrap()["label"].as_str().unwrap().to_owned();
    revoke(&user);
    let before = sandbox.git("host.git", ["for-each-ref"]).text();
    let remove = ["member", "remove", "--remote", "vault", &label];
    let done = user.shroud(&sandbox, "repo", &remove);
    assert_ne!(done.status, 0);
    done.says("'two'").says("revoked");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), before);
}

#[test]
fn a_removal_passes_over_another_whose_certificate_is_revoked() {
    let sandbox = team(&["rsa", "p256", "two"]);
    let user = knowing(&["rsa", "p256"]);
    revoke(&user);
    let remove = ["member", "remove", "rsa", "--without", "two"];
    user.shroud(&sandbox, "repo", &remove).expect(0).says("granted to 1 member");
    assert!(!sandbox.path(member_file("repo", "rsa")).exists());
    assert!(sandbox.path(member_file("repo", "two")).exists());
}

#[test]
fn nothing_is_wrapped_to_a_subkey_that_was_revoked_since() {
    let sandbox = team(&["rsa", "two"]);
    assert_eq!(wrapped_to(&sandbox).len(), 2);
    let user = knowing(&["rsa"]);
    revoke_subkey(&user, 1);
    user.shroud(&sandbox, "repo", &["key", "rotate"]).expect(0).says("newer certificate of 'two'");
    let revoked = &home().subkeys("two")[0];
    let wrapped = wrapped_to(&sandbox);
    assert_eq!(wrapped.len(), 1, "{wrapped:?}");
    assert!(!revoked.ends_with(&wrapped[0]), "{wrapped:?} {revoked}");
    // The next rotation needs no gpg to leave it out: the newer certificate stands in the file.
    let path = crate::members_gpg::user::path_without_gpg(&sandbox);
    sandbox.try_shroud_with(("PATH", &path), "repo", &["key", "rotate"]).expect(0);
    assert_eq!(wrapped_to(&sandbox), wrapped);
}

#[test]
fn a_file_that_is_older_than_what_gpg_knows_is_no_way_around_it() {
    let sandbox = team(&["rsa"]);
    sandbox.write("old.asc", home().export("two"));
    let user = knowing(&["rsa"]);
    revoke_subkey(&user, 1);
    user.shroud(&sandbox, "repo", &["member", "add", "../old.asc"]).expect(0);
    assert_eq!(wrapped_to(&sandbox).len(), 1);
    let user = knowing(&[]);
    revoke(&user);
    let done = user.shroud(&sandbox, "repo", &["member", "add", "../old.asc", "--trust"]);
    assert_ne!(done.status, 0);
    done.says("revoked");
}

#[test]
fn gpg_is_asked_once_for_all_members() {
    let sandbox = team(&["rsa", "p256", "curve25519", "two"]);
    let user = knowing(&["rsa", "p256", "curve25519"]);
    let script = format!("#!/bin/sh\necho \"$*\" >>'{0}/calls'\nexec gpg \"$@\"\n", user.dir());
    sandbox.write("counted-gpg", script);
    let program = sandbox.path("counted-gpg");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.git("repo", ["config", "gpg.program", program.to_str().unwrap()]);
    user.shroud(&sandbox, "repo", &["key", "rotate"]).expect(0);
    let calls = fs::read_to_string(format!("{}/calls", user.dir())).unwrap();
    let of = |what: &str| calls.lines().filter(|line| line.contains(what)).count();
    assert_eq!((of("--list-keys"), of("--export ")), (1, 1), "{calls}");
    assert!(calls.lines().count() <= 3, "{calls}");
}

#[test]
fn a_gpg_that_fails_is_said_and_stops_nothing() {
    let sandbox = team(&["rsa", "two"]);
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho 'gpg: no keybox' >&2\nexit 2\n";
    sandbox.write("broken-gpg", script);
    let program = sandbox.path("broken-gpg");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.git("repo", ["config", "gpg.program", program.to_str().unwrap()]);
    sandbox.shroud("repo", ["key", "rotate"]).says("revoked meanwhile: gpg failed: no keybox");
}

/// A certificate of one's own, with its secret key, and one that has adopted the encryption subkey of the first.
fn adopting() -> [Vec<u8>; 2] {
    use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
    use sequoia_openpgp::packet::signature::SignatureBuilder;
    use sequoia_openpgp::serialize::MarshalInto as _;
    use sequoia_openpgp::types::{KeyFlags, SignatureType};
    let made = crate::common::gpg::now() - std::time::Duration::from_secs(3600);
    let new = |user_id: &str| {
        let builder = CertBuilder::new().set_cipher_suite(CipherSuite::Cv25519);
        let builder = builder.set_creation_time(made).add_userid(user_id);
        builder.add_transport_encryption_subkey().generate().unwrap().0
    };
    let (bob, other) = (new("Bob <bob@example.org>"), new("CI <ci@example.org>"));
    let subkey = bob.keys().subkeys().next().unwrap().key().clone().take_secret().0;
    let mut signer =
        other.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap();
    let flags = KeyFlags::empty().set_transport_encryption();
    let binding = SignatureBuilder::new(SignatureType::SubkeyBinding).set_key_flags(flags).unwrap();
    let binding = subkey
        .bind(&mut signer, &other, binding.set_signature_creation_time(made).unwrap())
        .unwrap();
    let packets = [sequoia_openpgp::Packet::from(subkey), binding.into()];
    let adopting = other.insert_packets(packets).unwrap().0;
    [bob, adopting].map(|cert| cert.strip_secret_key_material().to_vec().unwrap())
}

#[test]
fn an_encryption_subkey_that_another_certificate_has_adopted_is_found() {
    let sandbox = team(&["rsa"]);
    let [bob, ci] = adopting();
    sandbox.write("bob.gpg", bob);
    sandbox.write("ci.gpg", ci);
    sandbox.shroud("repo", ["member", "add", "../bob.gpg", "../ci.gpg", "--commit"]);
    let done = sandbox.try_shroud("repo", ["member", "remove", "bob"]).expect(1);
    done.says("'bob' and 'ci' share an encryption key").says("nothing was changed");
    sandbox.shroud("repo", ["member", "remove", "bob", "ci"]).says("granted to 1 member");
}

#[test]
fn a_part_of_a_name_that_fits_several_is_ambiguous_whoever_is_usable() {
    let sandbox = team(&[]);
    let user = User::nobody();
    user.gpg(&["--import"], &home().export("revoked"));
    user.gpg(&["--import"], &home().export("curve25519"));
    let add = ["member", "add", "example.com", "--trust"];
    user.shroud(&sandbox, "repo", &add)
        .expect(2)
        .says("several certificates match")
        .says(&home().fingerprint("revoked"))
        .says(&home().fingerprint("curve25519"));
}

/// Compressed a thousand times and more: what gpg makes of it is more than it can write here in a minute.
#[test]
fn gpg_is_stopped_where_a_message_is_a_bomb() {
    let sandbox = team(&["rsa"]);
    let bomb = vec![0u8; 40 << 20];
    sandbox.write("bomb", &bomb);
    let file = sandbox.path("bomb");
    let rsa = home().fingerprint("rsa");
    let args = ["--armor", "--trust-model", "always", "--compress-algo", "bzip2", "-z", "9"];
    let to = ["--recipient", &rsa, "--output", "-", "--encrypt", file.to_str().unwrap()];
    let message = home().gpg(&[&args[..], &to].concat(), b"").expect().stdout;
    assert!(message.len() < 64 << 10, "{}", message.len());
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    crate::members_gpg::user::replace_wrapped(&sandbox, "clone", "rsa", &message);
    let user = User::with(&["rsa"]);
    let done = user.shroud(&sandbox, "clone", &["unlock"]).expect(2);
    done.says("gpg printed too much");
}
