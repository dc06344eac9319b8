//! Certificates that are taken, and those that are refused, each in a sentence of its own.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use git_shroud::recipient::openpgp::{
    Certificate, CertificateError, Message, SecretKey, SecretKeyError, wrap,
};
use sequoia_openpgp::Profile;
use sequoia_openpgp::cert::{CertBuilder, CipherSuite};
use sequoia_openpgp::serialize::SerializeInto as _;

use crate::common::gpg::{SECRET, home, now, run};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn refused(name: &str) -> CertificateError {
    let error = home().certificate(name).check(now()).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error
}

/// A certificate of the library's making, with its secret key.
pub(crate) fn generated(user_ids: &[&str], profile: Profile) -> (Vec<u8>, Vec<u8>) {
    let mut builder = CertBuilder::new()
        .set_cipher_suite(CipherSuite::Cv25519)
        .set_profile(profile)
        .unwrap()
        .set_creation_time(now() - DAY)
        .set_validity_period(365 * DAY)
        .add_signing_subkey()
        .add_transport_encryption_subkey();
    for user_id in user_ids {
        builder = builder.add_userid(*user_id);
    }
    let (cert, _) = builder.generate().unwrap();
    let secret = cert.as_tsk().to_vec().unwrap();
    (cert.strip_secret_key_material().to_vec().unwrap(), secret)
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    let expired = refused("expired");
    assert!(matches!(expired, CertificateError::Expired(_)), "{expired}");
    assert_eq!(expired.to_string(), "the certificate expired on 2024-12-31");
    // Judged by gpg, as it is over a Brainpool curve.
    assert_eq!(refused("brainpool-expired"), expired);
    let stale = refused("stale");
    assert!(matches!(stale, CertificateError::EncryptionExpired(_)), "{stale}");
    for name in ["revoked", "brainpool-revoked"] {
        let revoked = refused(name);
        assert!(matches!(revoked, CertificateError::Revoked(_)), "{revoked}");
    }
    let sign = refused("sign");
    assert_eq!(sign, CertificateError::NoEncryption);
    for (name, word) in
        [("sha1", "SHA-1"), ("large-sha1", "SHA-1"), ("rsa1024", "1024"), ("elgamal", "DSA")]
    {
        let weak = refused(name);
        assert!(matches!(weak, CertificateError::Weak(_)), "{name}: {weak}");
        assert!(weak.to_string().contains(word), "{name}: {weak}");
    }
}

#[test]
fn time_decides() {
    let (certificate, _) = generated(&["Ann <ann@example.com>"], Profile::RFC4880);
    let certificate = Certificate::parse(&certificate).unwrap();
    let expires = certificate.expires(now()).unwrap();
    assert_eq!(certificate.check(expires - DAY), Ok(()));
    assert_eq!(certificate.check(expires + DAY), Err(CertificateError::Expired(expires)));
    let early = certificate.check(now() - 2 * DAY).unwrap_err();
    assert!(matches!(early, CertificateError::NotYetValid(_)), "{early}");
    assert_eq!(home().certificate("curve25519").expires(now()), None);
    assert_eq!(home().certificate("brainpool").expires(now()), None);
}

#[test]
fn a_certificate_says_whose_it_is() {
    for name in ["rsa", "brainpool"] {
        let certificate = home().certificate(name);
        assert_eq!(certificate.fingerprint(), home().fingerprint(name));
        let user_id = format!("Test <{name}@example.com>");
        assert_eq!(certificate.primary_user_id().as_ref(), Some(&user_id));
        assert_eq!(certificate.user_ids(), [user_id]);
        assert_eq!(certificate.emails(), [format!("{name}@example.com")]);
    }
    let (certificate, _) = generated(
        &["Eve\x1b[31m\n\u{202e}<eve@example.com>", "Eve <eve@example.org>"],
        Profile::RFC4880,
    );
    let user_ids = Certificate::parse(&certificate).unwrap().user_ids();
    assert_eq!(user_ids.len(), 2);
    assert!(user_ids.iter().all(|user_id| !user_id.contains(char::is_control)), "{user_ids:?}");
    assert!(user_ids.iter().any(|user_id| user_id.contains("\\u{1b}[31m\\n\\u{202e}")));
}

#[test]
fn a_certificate_is_made_small() {
    for name in ["rsa", "curve25519", "p521", "brainpool", "mixed", "two"] {
        let certificate = home().certificate(name);
        let small = certificate.to_armored();
        assert_eq!(small, certificate.to_armored());
        let again = Certificate::parse(small.as_bytes()).unwrap();
        assert_eq!(again.to_armored(), small, "{name}");
        assert_eq!(again.fingerprint(), certificate.fingerprint());
        assert_eq!(again.user_ids(), certificate.user_ids());
        assert_eq!(again.check(now()), Ok(()), "{name}");
        let named = |certificate| {
            let message = Message::parse(&wrap(certificate, SECRET, now()).unwrap()).unwrap();
            message.recipients().to_vec()
        };
        assert_eq!(named(&again).len(), named(&certificate).len(), "{name}");
        home().gpg(&["--dry-run", "--import"], small.as_bytes()).expect();
    }
}

#[test]
fn signatures_of_others_and_other_subkeys_are_left_out() {
    let home = home().copy();
    let (subject, _) = generated(&["Sue <sue@example.com>"], Profile::RFC4880);
    home.gpg(&["--import"], &subject).expect();
    let fingerprint = Certificate::parse(&subject).unwrap().fingerprint();
    let signer = home.fingerprint("curve25519");
    for _ in 0..2 {
        let args = ["--local-user", &signer, "--yes", "--quick-sign-key", &fingerprint];
        home.gpg(&args, b"").expect();
    }
    let signed = home.gpg(&["--export", &fingerprint], b"").expect().stdout;
    let small = Certificate::parse(&signed).unwrap().to_armored();
    assert_eq!(small, Certificate::parse(&subject).unwrap().to_armored());
    let packets = home.gpg(&["--list-packets"], small.as_bytes()).expect();
    let packets = String::from_utf8_lossy(&packets.stdout).into_owned();
    assert_eq!(packets.matches(":public sub key packet:").count(), 1, "{packets}");
    assert!(!packets.contains(&signer[24..]), "{packets}");
}

/// Run a second time, by itself and without a path, for the environment of a test cannot be changed.
#[test]
fn what_only_gpg_can_use_is_refused_where_there_is_none() {
    let file = "GIT_SHROUD_TEST_CERTIFICATE";
    if let Some(file) = std::env::var_os(file) {
        let certificate = Certificate::parse(&fs::read(file).unwrap()).unwrap();
        let error = certificate.check(now()).unwrap_err();
        assert!(matches!(error, CertificateError::GpgMissing(_)), "{error}");
        assert!(error.to_string().contains("rainpool"), "{error}");
        assert_eq!(certificate.primary_user_id(), None);
        assert!(Certificate::parse(certificate.to_armored().as_bytes()).is_ok());
        return;
    }
    let path = home().path("brainpool.asc");
    fs::write(&path, home().export("brainpool")).unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([
        "--exact",
        "openpgp::certificates::what_only_gpg_can_use_is_refused_where_there_is_none",
    ]);
    again.env("PATH", "/nonexistent").env(file, path);
    let done = run(again, b"").expect();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.contains("1 passed"), "{said}");
}

/// Certificates of version 4 may claim to take what gpg cannot read; those of version 6 are read by newer programs only.
#[test]
fn gpg_can_read_what_is_written_whatever_the_certificate_claims() {
    let protected = |profile| {
        let (certificate, secret) = generated(&["Ann <ann@example.com>"], profile);
        let certificate = Certificate::parse(&certificate).unwrap();
        let wrapped = wrap(&certificate, SECRET, now()).unwrap();
        let message = Message::parse(&wrapped).unwrap();
        let key = SecretKey::parse(&secret).unwrap();
        let opened = key.unwrap(&message, false, &mut |_: &str| None).unwrap();
        assert_eq!(opened.as_slice(), SECRET);
        (certificate.fingerprint().len(), message.bytes()[0] & 0x3f, message.bytes()[2])
    };
    assert_eq!(protected(Profile::RFC4880), (40, 1, 3));
    assert_eq!(protected(Profile::RFC9580), (64, 1, 6));
}

#[test]
fn what_is_no_certificate_is_named() {
    let home = home();
    let parse = |bytes: &[u8]| Certificate::parse(bytes).err().expect("it is refused");
    let secret = home.export_secret("curve25519");
    let armoured = ["--armor", "--export-secret-keys", &home.fingerprint("curve25519")];
    for secret in [secret, home.gpg(&armoured, b"").expect().stdout] {
        let error = parse(&secret);
        assert_eq!(error, CertificateError::SecretKey);
        assert_eq!(error.to_string(), "this is a secret key, not a certificate");
    }
    let two = [home.fingerprint("p256"), home.fingerprint("p521")];
    let args = ["--export", &two[0], &two[1]];
    let binary = home.gpg(&args, b"").expect().stdout;
    let armoured = [home.export("p256"), b"\n".to_vec(), home.export("p521")].concat();
    for several in [binary, armoured] {
        let error = parse(&several);
        assert!(matches!(error, CertificateError::Several(_)), "{error}");
        let text = error.to_string();
        for part in [&two[0], &two[1], "p256@example.com", "p521@example.com"] {
            assert!(text.contains(part), "{text}");
        }
    }
    let message = home.encrypt(&["-r", "p256@example.com"]);
    assert_eq!(parse(&message), CertificateError::OtherKind("an OpenPGP message"));
    let args = ["--armor", "--detach-sign", "--local-user", &two[0]];
    let signature = home.gpg(&args, SECRET).expect().stdout;
    assert_eq!(parse(&signature), CertificateError::OtherKind("an OpenPGP signature"));
    for version in [2, 3, 5] {
        assert_eq!(
            parse(&[0xc6, 4, version, 0, 0, 0]),
            CertificateError::UnsupportedVersion(version)
        );
    }
    assert_eq!(parse(b"ssh-ed25519 AAAA"), CertificateError::NotOpenPgp);
    assert_eq!(parse(&vec![0xc6; (1 << 20) + 1]), CertificateError::TooLarge);
}

#[test]
fn what_is_no_secret_key_is_named() {
    let home = home();
    let parse = |bytes: &[u8]| SecretKey::parse(bytes).err().expect("it is refused");
    assert_eq!(parse(&home.export("p256")), SecretKeyError::Public);
    let public = home.gpg(&["--export", &home.fingerprint("p256")], b"").expect().stdout;
    assert_eq!(parse(&public), SecretKeyError::Public);
    let two = [home.export_secret("p256"), home.export_secret("p521")].concat();
    assert_eq!(parse(&two), SecretKeyError::Several);
    assert_eq!(parse(b"AGE-SECRET-KEY-1"), SecretKeyError::NotOpenPgp);
    let args = ["--export-secret-subkeys", &home.fingerprint("sign")];
    assert_eq!(parse(&home.gpg(&args, b"").expect().stdout), SecretKeyError::Stub);
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert!(home.certificate("p256").check(far).is_ok());
}
