//! What comes from members: certificates, messages, identities, and what gpg prints of them.

use std::time::{Duration, SystemTime};

use bech32::{Bech32, Hrp};
use git_shroud::recipient::age::{is_age_file, parse_recipient, read_identities};
use git_shroud::recipient::openpgp::gpg::fuzzed;
use git_shroud::recipient::openpgp::{Certificate, Message, SecretKey};

/// 2026-06-01.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_272_000)
}

/// A certificate.
pub(super) fn openpgp_certificate(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::parse(bytes) {
        certificate.primary_user_id();
        let again = Certificate::parse(certificate.to_armored().as_bytes());
        assert_eq!(again.expect("it is read").fingerprint(), certificate.fingerprint());
        // Asks gpg about what only gpg can use; none is there to ask.
        let _ = certificate.check(now());
    }
}

/// An encrypted message.
pub(super) fn openpgp_message(bytes: &[u8]) {
    if let Ok(message) = Message::parse(bytes) {
        let again = Message::parse(message.bytes()).expect("it is read");
        assert_eq!(again.recipients(), message.recipients());
    }
}

/// A secret key.
pub(super) fn openpgp_secret_key(bytes: &[u8]) {
    let _ = SecretKey::parse(bytes);
}

/// What `gpg --with-colons` prints, and its messages.
pub(super) fn gpg_listing(bytes: &[u8]) {
    fuzzed::listing(bytes);
}

/// An age file: its armour and its header.
pub(super) fn age_file(bytes: &[u8]) {
    is_age_file(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let hrp = Hrp::parse("age-secret-key-").expect("it is one");
    let identity = bech32::encode_upper::<Bech32>(hrp, &[7; 32]).expect("it is short");
    for identity in read_identities(identity.as_bytes(), "identity").expect("it is one") {
        let _ = identity.unwrap(text, &mut |_| None);
    }
}

/// A file with identities: of age, or a private key of SSH.
pub(super) fn age_identity(bytes: &[u8]) {
    for identity in read_identities(bytes, "a file").unwrap_or_default() {
        identity.recipient();
        identity.needs_passphrase();
    }
}

/// A recipient of age or SSH.
pub(super) fn recipient(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok((recipient, _)) = parse_recipient(text) {
        let (again, comment) = parse_recipient(recipient.as_str()).expect("it is read");
        assert_eq!((again.as_str(), comment), (recipient.as_str(), None));
    }
}
