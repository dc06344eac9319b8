//! What is asked of the user's gpg: which certificate, how valid, and which secret keys.

use git_shroud::recipient::openpgp::{Certificate, Gpg, GpgError, Validity};
use sequoia_openpgp::Profile;

use crate::common::gpg::home;
use crate::openpgp::certificates::generated;

#[test]
fn a_certificate_is_found_by_every_name() {
    let home = home();
    let gpg = home.program("");
    let fingerprint = home.fingerprint("p256");
    let spaced = format!("{} {}", &fingerprint[..20], fingerprint[20..].to_lowercase());
    for query in [
        fingerprint.as_str(),
        &spaced,
        &format!("0x{fingerprint}"),
        &fingerprint[24..],
        &home.subkeys("p256")[0],
        "p256@example.com",
        "P256@Example.COM",
        "<p256@example.com>",
        "test <p256@",
    ] {
        let found = gpg.certificate(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(found.fingerprint, fingerprint, "{query}");
        assert_eq!(found.validity, Validity::Ultimate, "{query}");
        assert!(found.validity.is_valid());
        assert_eq!(found.user_ids, ["Test <p256@example.com>"]);
        let certificate = Certificate::parse(&found.certificate).unwrap();
        assert_eq!(certificate.fingerprint(), fingerprint);
    }
}

#[test]
fn several_matches_are_listed_and_none_is_said() {
    let home = home();
    let gpg = home.program("");
    let error = gpg.certificate("twin@example.com").unwrap_err();
    let GpgError::Ambiguous(rivals) = &error else { panic!("{error}") };
    assert_eq!(rivals.len(), 2);
    let text = error.to_string();
    for rival in rivals {
        assert!(text.contains(&rival.fingerprint), "{text}");
        assert!(gpg.certificate(&rival.fingerprint).is_ok());
    }
    assert!(text.contains("Test (other) <twin@example.com>"), "{text}");
    let error = gpg.certificate("example.com").unwrap_err();
    assert!(matches!(error, GpgError::Ambiguous(_)), "{error}");
    for unknown in [
        "nobody@example.com",
        "example@example.com",
        "--version",
        "*",
        "0123456789ABCDEF",
        "256@example.com",
        "",
    ] {
        let error = gpg.certificate(unknown).err();
        assert!(matches!(error, Some(GpgError::NoMatch)), "{unknown:?}: {error:?}");
    }
    assert!(matches!(gpg.certificate("0xDEADBEEF"), Err(GpgError::ShortKeyId)));
}

#[test]
fn a_keyring_that_is_being_exchanged_is_asked_again() {
    let gpg = home().program_without_a_keyring_at_first();
    assert_eq!(
        gpg.certificate("p256@example.com").unwrap().fingerprint,
        home().fingerprint("p256")
    );
}

#[test]
fn validity_is_gpgs() {
    let home = home().copy();
    let gpg = home.program("");
    for (name, validity) in [("expired", Validity::Expired), ("revoked", Validity::Revoked)] {
        let found = gpg.certificate(&format!("{name}@example.com")).unwrap();
        assert_eq!(found.validity, validity);
        assert!(!found.validity.is_valid());
        assert_eq!(gpg.validity_of(&found.fingerprint).unwrap(), Some(validity));
    }
    let (stranger, _) = generated(
        &["Stranger <stranger@example.com>", "Eve\x1b[31m\n: <stranger@example.org>"],
        Profile::RFC4880,
    );
    home.gpg(&["--import"], &stranger).expect();
    let found = gpg.certificate("stranger@example.com").unwrap();
    assert_eq!(found.validity, Validity::Unknown);
    assert_eq!(found.validity.name(), "unknown");
    assert_eq!(found.user_ids.len(), 2);
    for user_id in &found.user_ids {
        assert!(!user_id.contains(char::is_control), "{user_id:?}");
    }
    let absent = "0123456789ABCDEF0123456789ABCDEF01234567";
    assert_eq!(gpg.validity_of(absent).unwrap(), None);
}

/// Somebody who has revoked a key and made a new one is found by the address.
#[test]
fn a_revoked_certificate_is_no_rival() {
    let home = home().copy();
    let gpg = home.program("");
    let (new, _) = generated(&["New <expired@example.net>"], Profile::RFC4880);
    home.gpg(&["--import"], &new).expect();
    let expired = home.fingerprint("expired");
    let past = ["--faked-system-time", "20240201T000000", "--quick-add-uid"];
    home.gpg(&[&past[..], &[&expired, "Old <expired@example.net>"]].concat(), b"").expect();
    let found = gpg.certificate("expired@example.net").unwrap();
    assert_eq!(found.fingerprint, Certificate::parse(&new).unwrap().fingerprint());
}

#[test]
fn secret_keys_are_listed() {
    let home = home();
    let ids = home.program("").secret_key_ids().unwrap();
    for name in ["rsa", "two", "brainpool", "locked"] {
        assert!(ids.contains(&home.fingerprint(name)[24..]), "{name}");
        for subkey in home.subkeys(name) {
            assert!(ids.contains(&subkey[24..]), "{name}");
        }
    }
    assert!(Gpg::find(Some("/nonexistent/gpg".as_ref())).is_none());
    assert!(Gpg::find(None).is_some(), "gpg is missing: install it with 'apt-get install gnupg'");
}
