//! Messages and certificates that are damaged, cut, or of a dangerous shape.

use git_shroud::recipient::openpgp::{
    Certificate, GpgError, Message, MessageError, SecretKey, UnwrapError, wrap,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::common::gpg::{SECRET, home, message, now};

fn nobody(_: &str) -> Option<Zeroizing<String>> {
    None
}

/// A message in binary, and where its protected packet begins.
fn wrapped(name: &str) -> (Vec<u8>, usize) {
    let armoured = wrap(&home().certificate(name), SECRET, now()).unwrap();
    let bytes = message(armoured.as_bytes()).bytes().to_vec();
    assert!(bytes[1] < 192, "a short PKESK");
    let at = 2 + usize::from(bytes[1]);
    assert_eq!(bytes[at], 0xd2);
    (bytes, at)
}

#[test]
fn a_changed_message_gives_nothing() {
    let home = home();
    // Also where the user's configuration makes gpg take it: it exits with 0 then.
    let programs = [home.program(""), home.program("--ignore-mdc-error")];
    let key = home.secret_key("curve25519");
    let (bytes, protected) = wrapped("curve25519");
    for at in [protected + 4, protected + 30, bytes.len() - 30, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed = message(&changed);
        for gpg in &programs {
            let opened = gpg.decrypt(&changed);
            let refused = matches!(opened, Err(GpgError::Tampered | GpgError::NoIntegrity));
            assert!(refused, "{at}: {opened:?}");
        }
        let opened = key.unwrap(&changed, false, &mut nobody).unwrap_err();
        // A changed byte makes a block of noise, in which a packet may seem to begin.
        let refused = matches!(opened, UnwrapError::Tampered | UnwrapError::Structure);
        assert!(refused, "{at}: {opened:?}");
    }
    let mut changed = bytes.clone();
    changed[protected - 2] ^= 1;
    let opened = key.unwrap(&message(&changed), false, &mut nobody);
    assert_eq!(opened.unwrap_err(), UnwrapError::Tampered);
    assert!(programs[0].decrypt(&message(&changed)).is_err());
}

#[test]
fn a_message_without_integrity_protection_is_never_given_to_anybody() {
    let (mut bytes, protected) = wrapped("curve25519");
    // The old packet: the same without its version, and without what checks it.
    bytes[protected] = 0xc9;
    bytes[protected + 1] -= 1;
    bytes.remove(protected + 2);
    assert_eq!(Message::parse(&bytes).err(), Some(MessageError::NoIntegrity));
    let symmetric = ["--symmetric", "--pinentry-mode", "loopback", "--passphrase", "x"];
    let passphrase = home().gpg(&symmetric, SECRET).expect().stdout;
    assert_eq!(Message::parse(&passphrase).err(), Some(MessageError::Passphrase));
    let both = home().encrypt(&[&symmetric[..], &["-r", "p256@example.com"]].concat());
    assert_eq!(Message::parse(&both).err(), Some(MessageError::Passphrase));
    let stored = home().gpg(&["--store"], SECRET).expect().stdout;
    assert_eq!(Message::parse(&stored).err(), Some(MessageError::NotEncrypted));
    let clear = home().gpg(&["--clear-sign", "-u", "p256@example.com"], SECRET).expect().stdout;
    assert_eq!(Message::parse(&clear).err(), Some(MessageError::OtherArmour));
}

/// gpg compresses unless told not to, and git-crypt's files are made so: gpg opens them, and only gpg.
#[test]
fn compressed_and_signed_messages_are_opened_by_gpg_alone() {
    let home = home();
    let to = ["-r", "p256@example.com"];
    let zeros = vec![0; 60 << 10];
    let compressed = ["--armor", "--trust-model", "always", "--encrypt"];
    let compressed = home.gpg(&[&to[..], &compressed].concat(), &zeros).expect().stdout;
    let signed = home.encrypt(&["--sign", "-u", to[1], "-z", "0", to[0], to[1]]);
    for (written, plaintext) in [(compressed, zeros.as_slice()), (signed, SECRET)] {
        let message = message(&written);
        let opened = home.secret_key("p256").unwrap(&message, false, &mut nobody);
        assert_eq!(opened.unwrap_err(), UnwrapError::Structure);
        assert_eq!(home.program("").decrypt(&message).unwrap().as_slice(), plaintext);
    }
    let bomb = ["--armor", "--trust-model", "always", "--encrypt", to[0], to[1]];
    let bomb = home.gpg(&bomb, &vec![0; 4 << 20]).expect().stdout;
    let opened = home.program("").decrypt(&message(&bomb));
    assert!(matches!(opened, Err(GpgError::TooLarge)), "{opened:?}");
}

#[test]
fn every_cut_is_refused() {
    let home = home();
    let armoured = home.export("curve25519");
    let binary = home.gpg(&["--export", &home.fingerprint("curve25519")], b"").expect().stdout;
    let secret = home.export_secret("curve25519");
    let (message, _) = wrapped("curve25519");
    for cut in 0..message.len() {
        assert!(Message::parse(&message[..cut]).is_err(), "{cut}");
    }
    for cut in 0..armoured.len() - b"-----END PGP PUBLIC KEY BLOCK-----\n".len() {
        assert!(Certificate::parse(&armoured[..cut]).is_err(), "{cut}");
    }
    for cut in 0..binary.len() {
        // Between two packets nothing tells that one is missing; then it cannot be used.
        if let Ok(certificate) = Certificate::parse(&binary[..cut]) {
            assert!(certificate.check(now()).is_err(), "{cut}");
            assert!(!certificate.to_armored().is_empty());
        }
    }
    for cut in 0..secret.len() {
        if let Ok(key) = SecretKey::parse(&secret[..cut]) {
            assert_eq!(key.fingerprint(), home.fingerprint("curve25519"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Message::parse(&bytes);
        let _ = Certificate::parse(&bytes).map(|certificate| certificate.check(now()));
        let _ = SecretKey::parse(&bytes);
    }

    #[test]
    fn no_change_makes_it_panic(changes in proptest::collection::vec(any::<(u16, u8)>(), 1..6)) {
        static WHOLE: std::sync::OnceLock<[Vec<u8>; 4]> = std::sync::OnceLock::new();
        let whole = WHOLE.get_or_init(|| {
            let home = home();
            let binary = ["--export", &home.fingerprint("two")];
            [
                home.export("curve25519"),
                home.gpg(&binary, b"").expect().stdout,
                home.export_secret("curve25519"),
                wrapped("curve25519").0,
            ]
        });
        let key = home().secret_key_once("curve25519");
        for bytes in whole {
            let mut bytes = bytes.clone();
            for (at, byte) in &changes {
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *byte;
            }
            if let Ok(certificate) = Certificate::parse(&bytes) {
                let _ = certificate.check(now());
                let _ = certificate.user_ids();
                let _ = certificate.expires(now());
                prop_assert!(certificate.to_armored().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK"));
            }
            let _ = SecretKey::parse(&bytes).map(|key| key.key_ids());
            if let Ok(message) = Message::parse(&bytes)
                && let Ok(opened) = key.unwrap(&message, false, &mut nobody)
            {
                prop_assert_eq!(opened.as_slice(), SECRET);
            }
        }
    }
}
