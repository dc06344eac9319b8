//! Messages that are written for every kind of certificate, and opened by gpg, sq and natively.

use std::fs;
use std::process::Command;

use git_shroud::recipient::openpgp::{
    CertificateError, GpgError, Message, SecretKey, UnwrapError, WrapError, wrap,
};
use zeroize::Zeroizing;

use crate::common::gpg::{PASSPHRASE, SECRET, home, message, now, run};

fn nobody(_: &str) -> Option<Zeroizing<String>> {
    panic!("a passphrase is asked for where there is none")
}

#[test]
fn every_kind_of_certificate_is_wrapped_to_and_opened() {
    let home = home();
    let gpg = home.program("");
    for name in ["rsa", "curve25519", "p256", "p521", "brainpool", "mixed", "two"] {
        let certificate = home.certificate(name);
        certificate.check(now()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let wrapped = wrap(&certificate, SECRET, now()).unwrap();
        assert!(wrapped.starts_with("-----BEGIN PGP MESSAGE-----\n"), "{wrapped}");
        assert!(wrapped.ends_with("-----END PGP MESSAGE-----\n"), "{wrapped}");

        // To the subkeys for encryption, by their names.
        let subkeys = home.subkeys(name);
        let subkeys = subkeys.iter().take(if name == "mixed" { 1 } else { 2 });
        let mut named: Vec<_> = subkeys.map(|subkey| Some(subkey[24..].to_owned())).collect();
        let message = Message::parse(&wrapped).unwrap();
        let mut recipients = message.recipients().to_vec();
        named.sort();
        recipients.sort();
        assert_eq!(recipients, named, "{name}");

        // As gpg reads it: nothing inside but the text, and it is protected.
        let opened = home.gpg(&["--status-fd", "2", "--decrypt"], wrapped.as_bytes()).expect();
        assert_eq!(opened.stdout, SECRET, "{name}");
        assert!(opened.stderr.contains("[GNUPG:] GOODMDC"), "{name}: {}", opened.stderr);
        assert!(opened.stderr.contains("DECRYPTION_INFO 2 9"), "{name}: {}", opened.stderr);
        let packets = home.gpg(&["--list-packets"], wrapped.as_bytes()).expect();
        let packets = String::from_utf8_lossy(&packets.stdout).into_owned();
        assert!(packets.contains("mdc_method: 2"), "{packets}");
        for absent in [":compressed packet", ":signature packet", ":onepass_sig packet", "aead"] {
            assert!(!packets.contains(absent), "{name}: {absent}: {packets}");
        }
        assert_eq!(packets.matches(":pubkey enc packet: version 3").count(), named.len());

        assert_eq!(gpg.decrypt(&message).unwrap().as_slice(), SECRET, "{name}");

        let native = home.secret_key(name);
        assert_eq!(native.fingerprint(), certificate.fingerprint());
        let opened = native.unwrap(&message, false, &mut nobody);
        match name {
            "rsa" => {
                let error = opened.unwrap_err();
                assert_eq!(error, UnwrapError::Rsa);
                assert!(error.to_string().contains("RUSTSEC-2023-0071"));
                assert!(error.hint().unwrap().contains("--allow-rsa"));
                let opened = native.unwrap(&message, true, &mut nobody).unwrap();
                assert_eq!(opened.as_slice(), SECRET);
            }
            "brainpool" | "mixed" => {
                let error = opened.unwrap_err();
                assert!(matches!(error, UnwrapError::Unsupported(_)), "{error}");
                assert!(error.to_string().contains("rainpool"), "{error}");
            }
            _ => assert_eq!(opened.unwrap().as_slice(), SECRET, "{name}"),
        }
    }
}

#[test]
fn each_subkey_alone_opens_it() {
    let home = home();
    let wrapped = wrap(&home.certificate("two"), SECRET, now()).unwrap();
    for subkey in home.subkeys("two") {
        let args = ["--export-secret-subkeys", &format!("{subkey}!")];
        let secret = home.gpg(&args, b"").expect().stdout;
        let key = SecretKey::parse(&secret).unwrap();
        assert_eq!(key.key_ids(), [&subkey[24..]]);
        let opened = key.unwrap(&message(wrapped.as_bytes()), false, &mut nobody).unwrap();
        assert_eq!(opened.as_slice(), SECRET);
    }
}

#[test]
fn sq_opens_it() {
    let home = home();
    for name in ["rsa", "curve25519", "p521"] {
        let file = home.path(&format!("{name}.secret"));
        fs::write(&file, home.export_secret(name)).unwrap();
        let wrapped = wrap(&home.certificate(name), SECRET, now()).unwrap();
        let mut sq = Command::new("sq");
        sq.args(["decrypt", "--recipient-key"]).arg(file);
        assert_eq!(run(sq, wrapped.as_bytes()).expect().stdout, SECRET, "{name}");
    }
}

#[test]
fn what_sq_and_gpg_write_is_opened() {
    let home = home();
    let file = home.path("curve25519.asc");
    fs::write(&file, home.export("curve25519")).unwrap();
    let mut sq = Command::new("sq");
    sq.args(["encrypt", "--compression", "none", "--recipient-cert"]).arg(file);
    let by_sq = run(sq, SECRET).expect().stdout;
    let by_gpg = home.encrypt(&["-r", "curve25519@example.com", "-z", "0"]);
    let (gpg, key) = (home.program(""), home.secret_key("curve25519"));
    for written in [by_sq, by_gpg] {
        let message = message(&written);
        assert_eq!(gpg.decrypt(&message).unwrap().as_slice(), SECRET);
        assert_eq!(key.unwrap(&message, false, &mut nobody).unwrap().as_slice(), SECRET);
    }
}

#[test]
fn a_passphrase_is_asked_for_and_may_be_wrong() {
    let home = home();
    let message = message(wrap(&home.certificate("locked"), SECRET, now()).unwrap().as_bytes());
    let file = |name| format!("--pinentry-mode loopback --passphrase-file {name}");
    let wrong = home.program(&file("wrong")).decrypt(&message);
    assert!(matches!(wrong, Err(GpgError::BadPassphrase)), "{wrong:?}");
    let cancelled = home.program("--pinentry-mode cancel").decrypt(&message);
    assert!(matches!(cancelled, Err(GpgError::Cancelled)), "{cancelled:?}");
    let unasked = home.program("--pinentry-mode error").decrypt(&message);
    assert!(matches!(unasked, Err(GpgError::NoPinentry { .. })), "{unasked:?}");
    let right = home.program(&file("passphrase")).decrypt(&message).unwrap();
    assert_eq!(right.as_slice(), SECRET);

    let key = home.secret_key("locked");
    let mut questions = Vec::new();
    let mut answers = vec![PASSPHRASE, "wrong", "no"];
    let opened = key.unwrap(&message, false, &mut |question: &str| {
        questions.push(question.to_owned());
        answers.pop().map(|answer| Zeroizing::new(answer.to_owned()))
    });
    assert_eq!(opened.unwrap().as_slice(), SECRET);
    assert_eq!(questions.len(), 3);
    assert!(questions[0].contains(&key.fingerprint()), "{}", questions[0]);

    let mut count = 0;
    let refused = key.unwrap(&message, false, &mut |_: &str| {
        count += 1;
        Some(Zeroizing::new("wrong".to_owned()))
    });
    assert_eq!((refused.unwrap_err(), count), (UnwrapError::Passphrase, 3));
    let refused = key.unwrap(&message, false, &mut |_: &str| None);
    assert_eq!(refused.unwrap_err(), UnwrapError::NoPassphrase);
}

#[test]
fn a_hidden_recipient_is_found() {
    let home = home();
    let gpg = home.program("--pinentry-mode loopback --passphrase-file passphrase");
    let hidden = message(&home.encrypt(&["-R", "p256@example.com", "-z", "0"]));
    assert_eq!(hidden.recipients(), [None]);
    assert_eq!(gpg.decrypt(&hidden).unwrap().as_slice(), SECRET);
    let opened = home.secret_key("p256").unwrap(&hidden, false, &mut nobody).unwrap();
    assert_eq!(opened.as_slice(), SECRET);
    let other = home.secret_key("p521").unwrap(&hidden, false, &mut nobody);
    assert_eq!(other.unwrap_err(), UnwrapError::NoMatchingKey);
}

#[test]
fn a_message_for_others_is_not_opened() {
    let home = home();
    let message = message(wrap(&home.certificate("curve25519"), SECRET, now()).unwrap().as_bytes());
    let opened = home.secret_key("two").unwrap(&message, false, &mut nobody);
    assert_eq!(opened.unwrap_err(), UnwrapError::NoMatchingKey);
    let empty = home.path("empty");
    fs::create_dir(&empty).unwrap();
    let gpg = home.program("--no-permission-warning --homedir empty");
    let opened = gpg.decrypt(&message);
    let ended =
        Command::new("gpgconf").arg("--homedir").arg(empty).args(["--kill", "all"]).status();
    assert!(ended.unwrap().success());
    assert!(matches!(opened, Err(GpgError::NoSecretKey)), "{opened:?}");
}

#[test]
fn nothing_is_wrapped_to_a_certificate_that_is_no_good() {
    let home = home();
    let error = wrap(&home.certificate("expired"), SECRET, now()).unwrap_err();
    assert!(matches!(error, WrapError::Certificate(CertificateError::Expired(_))), "{error}");
    let error = wrap(&home.certificate("two"), &[0; 40 << 10], now()).unwrap_err();
    assert!(matches!(error, WrapError::TooLarge), "{error}");
}
