//! Certificates with post-quantum subkeys (RFC 9980), and what is said of grants to them.

use std::time::Duration;

use git_shroud::recipient::Strength;
use git_shroud::recipient::openpgp::{Certificate, Message, SecretKey, wrap};
use sequoia_openpgp::packet::key::{Key4, Key6};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::{Key, key};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::SerializeInto as _;
use sequoia_openpgp::types::{KeyFlags, SignatureType};
use sequoia_openpgp::{Cert, Packet, Profile};
use zeroize::Zeroizing;

use super::certificates::generated;
use crate::common::Sandbox;
use crate::common::gpg::{SECRET, home, message, now};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type Subkey = Key<key::SecretParts, key::SubordinateRole>;

fn nobody(_: &str) -> Option<Zeroizing<String>> {
    panic!("a passphrase is asked for where there is none")
}

/// A certificate with a classical subkey and these: public, and with its secret key.
fn with_subkeys(profile: Profile, subkeys: Vec<(Subkey, Duration)>) -> (Vec<u8>, Vec<u8>) {
    let (_, secret) = generated(&["Quentin <quentin@example.com>"], profile);
    let mut cert = Cert::from_bytes(&secret).unwrap();
    let primary = cert.primary_key().key().clone().parts_into_secret().unwrap();
    let mut signer = primary.into_keypair().unwrap();
    for (subkey, validity) in subkeys {
        let binding = SignatureBuilder::new(SignatureType::SubkeyBinding)
            .set_signature_creation_time(now() - DAY / 2)
            .unwrap()
            .set_key_flags(KeyFlags::empty().set_transport_encryption().set_storage_encryption())
            .unwrap()
            .set_key_validity_period(validity)
            .unwrap();
        let binding = subkey.bind(&mut signer, &cert, binding).unwrap();
        cert = cert.insert_packets([Packet::from(subkey), Packet::from(binding)]).unwrap().0;
    }
    let secret = cert.as_tsk().to_vec().unwrap();
    (cert.strip_secret_key_material().to_vec().unwrap(), secret)
}

fn ml_kem(profile: Profile) -> Subkey {
    let mut subkey: Subkey = match profile {
        Profile::RFC9580 => Key6::generate_mlkem768_x25519().unwrap().into(),
        _ => Key4::generate_mlkem768_x25519().unwrap().into(),
    };
    subkey.set_creation_time(now() - DAY).unwrap();
    subkey
}

#[test]
fn only_post_quantum_subkeys_are_wrapped_to_and_they_open() {
    for (profile, version) in [(Profile::RFC4880, 3), (Profile::RFC9580, 6)] {
        let subkey = ml_kem(profile);
        let key_id = subkey.keyid().to_hex();
        let (public, secret) = with_subkeys(profile, vec![(subkey, 300 * DAY)]);
        let certificate = Certificate::parse(&public).unwrap();
        certificate.check(now()).unwrap();
        let wrapped = wrap(&certificate, SECRET, now()).unwrap();
        let message = Message::parse(&wrapped).unwrap();
        assert_eq!(message.recipients(), [Some(key_id.clone())], "version {version}");
        assert_eq!(message.strength(), Strength::PostQuantum);
        // What it is encrypted with stands at the front: a PKESK, and the protected packet of the same generation.
        let versions: Vec<u8> = packets(message.bytes()).iter().map(|body| body[0]).collect();
        assert_eq!(versions, [version, if version == 6 { 2 } else { 1 }]);
        let native = SecretKey::parse(&secret).unwrap();
        assert_eq!(native.unwrap(&message, false, &mut nobody).unwrap().as_slice(), SECRET);
        // The stored certificate keeps what it is wrapped to.
        let stored = Certificate::parse(certificate.to_armored().as_bytes()).unwrap();
        let again = Message::parse(&wrap(&stored, SECRET, now()).unwrap()).unwrap();
        assert_eq!(again.recipients(), [Some(key_id)]);
    }
}

#[test]
fn one_that_has_expired_leaves_the_classical_one() {
    let (public, secret) =
        with_subkeys(Profile::RFC4880, vec![(ml_kem(Profile::RFC4880), DAY / 4)]);
    let wrapped = wrap(&Certificate::parse(&public).unwrap(), SECRET, now()).unwrap();
    let message = Message::parse(&wrapped).unwrap();
    assert_eq!(message.strength(), Strength::Classical);
    let native = SecretKey::parse(&secret).unwrap();
    assert_eq!(native.unwrap(&message, false, &mut nobody).unwrap().as_slice(), SECRET);
}

#[test]
fn a_changed_message_is_refused() {
    let (public, secret) =
        with_subkeys(Profile::RFC4880, vec![(ml_kem(Profile::RFC4880), 300 * DAY)]);
    let wrapped = wrap(&Certificate::parse(&public).unwrap(), SECRET, now()).unwrap();
    let whole = Message::parse(&wrapped).unwrap().bytes().to_vec();
    let native = SecretKey::parse(&secret).unwrap();
    // Each part of the PKESK, and of what it protects.
    for at in [16, 60, 600, 1100, whole.len() - 30, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let Ok(changed) = Message::parse(&bytes) else { continue };
        assert!(native.unwrap(&changed, false, &mut nobody).is_err(), "{at}");
    }
    assert!(native.unwrap(&message(&whole), false, &mut nobody).is_ok());
}

#[test]
fn a_member_is_granted_a_key_listed_and_opens_it() {
    let (public, secret) =
        with_subkeys(Profile::RFC4880, vec![(ml_kem(Profile::RFC4880), 300 * DAY)]);
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    sandbox.write("quentin.pgp", public);
    sandbox.write("quentin.secret", secret);
    sandbox.shroud("repo", ["member", "add", "../quentin.pgp", "--commit"]);
    let listed = sandbox.shroud("repo", ["member", "list"]).text();
    let line = |name: &str| listed.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("quentin").contains("current, post-quantum"), "{listed}");
    assert!(line("ann").ends_with("current, classical"), "{listed}");
    let classical = sandbox.shroud("repo", ["member", "list", "--classical"]).text();
    assert!(classical.contains("ann") && !classical.contains("quentin"), "{classical}");
    let doctor = sandbox.try_shroud("repo", ["doctor"]).text();
    assert!(doctor.contains("grants: 1 post-quantum, 1 classical"), "{doctor}");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox.shroud("clone", ["unlock", "../quentin.secret"]).says("as member 'quentin'");
    // gpg knows no such keys.
    sandbox.git(".", ["clone", "-q", "repo", "by-gpg"]);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "by-gpg");
    command.env("GNUPGHOME", home().path("")).args(["unlock", "-v"]);
    sandbox.run(command).expect(2).says("stays locked; members: ann");
    sandbox.shroud("repo", ["key", "rotate"]);
    let listed = sandbox.shroud("repo", ["member", "list", "--json"]).json();
    let members = listed["keys"][0]["members"].as_array().unwrap();
    let strengths: Vec<_> = members.iter().map(|of| of["strength"].as_str().unwrap()).collect();
    assert_eq!(strengths, ["classical", "post-quantum"]);
}

/// The bodies of packets with lengths of the current format.
fn packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let [_, first, rest @ ..] = bytes {
        let (len, rest) = match (*first, rest) {
            (len @ 0..192, rest) => (usize::from(len), rest),
            (high @ 192..224, [low, rest @ ..]) => {
                ((usize::from(high) - 192) * 256 + usize::from(*low) + 192, rest)
            }
            (255, [a, b, c, d, rest @ ..]) => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            (other, _) => panic!("a length of {other}"),
        };
        let (body, rest) = rest.split_at(len);
        bodies.push(body.to_vec());
        bytes = rest;
    }
    bodies
}
