//! The recipients of `tests/fixtures/age`, and what must be refused.

use ::age::DecryptError;
use ::age::secrecy::ExposeSecret as _;
use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bech32::{Bech32, Hrp};
use zeroize::Zeroizing;

use crate::recipient::Strength;
use crate::recipient::age::file::POST_QUANTUM as STANZA;
use crate::recipient::age::post_quantum::{
    IDENTITY_HRP, Identity, Long, ML_KEM_KEY_LEN, ML_KEM_SENT_LEN, POINT_LEN, RECIPIENT_HRP,
};
use crate::recipient::age::{
    AgeError, is_age_file, parse_recipient, read_identities, strength, wrap,
};

const IDENTITY: &str = include_str!("../../../../tests/fixtures/age/post-quantum-identity.txt");
const RECIPIENT: &str = include_str!("../../../../tests/fixtures/age/post-quantum-recipient.txt");
const FILE: &str = include_str!("../../../../tests/fixtures/age/post-quantum-file.age");

fn silent(_: &str) -> Option<Zeroizing<String>> {
    panic!("nothing is to be asked");
}

fn unwrap(identity: &str, wrapped: &str) -> Result<Zeroizing<Vec<u8>>, AgeError> {
    read_identities(identity.as_bytes(), "keys.txt")?.remove(0).unwrap(wrapped, &mut silent)
}

#[test]
fn what_another_implementation_made_is_read_and_opened() {
    let identity = read_identities(IDENTITY.as_bytes(), "keys.txt").unwrap().remove(0);
    assert_eq!(identity.recipient().as_deref(), Some(RECIPIENT.trim()));
    assert!(!identity.is_of_plugin() && !identity.needs_passphrase());
    assert_eq!(unwrap(IDENTITY, FILE).unwrap().as_slice(), b"from another implementation\n");
    assert_eq!(strength(FILE.as_bytes()), Strength::PostQuantum);
}

#[test]
fn what_is_wrapped_opens_with_its_identity_alone() {
    let (recipient, comment) = parse_recipient(&RECIPIENT.to_uppercase()).unwrap();
    assert_eq!((recipient.as_str(), comment), (RECIPIENT.trim(), None));
    let wrapped = wrap(&recipient, b"a key").unwrap();
    assert!(is_age_file(wrapped.as_bytes()));
    assert_eq!(strength(wrapped.as_bytes()), Strength::PostQuantum);
    assert_eq!(unwrap(IDENTITY, &wrapped).unwrap().as_slice(), b"a key");
    let hrp = Hrp::parse_unchecked(IDENTITY_HRP);
    let other = bech32::encode_upper::<Bech32>(hrp, &[7; 32]).unwrap();
    assert_eq!(unwrap(&other, &wrapped), Err(AgeError::NoMatch));
}

#[test]
fn what_is_none_is_refused() {
    let good = RECIPIENT.trim();
    let mut large = [0xff; ML_KEM_KEY_LEN + POINT_LEN];
    large[ML_KEM_KEY_LEN..].fill(9);
    let encode = |bytes: &[u8]| {
        bech32::encode_lower::<Long>(Hrp::parse_unchecked(RECIPIENT_HRP), bytes).unwrap()
    };
    for text in [
        &good[..good.len() - 1],
        &good.replace('9', "8"),
        &good.to_uppercase().replacen("AGE", "age", 1),
        "age1pq1",
        // A coefficient of ML-KEM's key is above its modulus (FIPS 203, 7.2).
        &encode(&large),
        &encode(&large[1..]),
        &encode(&[&large[..], &[0]].concat()),
    ] {
        assert_eq!(parse_recipient(text), Err(AgeError::NotARecipient), "{text}");
    }
    let identity = IDENTITY.trim();
    let short = bech32::encode_upper::<Bech32>(Hrp::parse_unchecked(IDENTITY_HRP), &[7; 31]);
    for text in [&identity.to_lowercase(), &identity.replace("PQ-10", "PQ-1Q"), &short.unwrap()] {
        assert!(Identity::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_changed_stanza_opens_nothing() {
    let identity = Identity::parse(IDENTITY.trim()).unwrap();
    let key = FileKey::init_with_mut(|key| key.fill(3));
    let (stanzas, labels) = ::age::Recipient::wrap_file_key(&identity.recipient(), &key).unwrap();
    assert!(labels.contains("postquantum"));
    let open = |stanza: &Stanza| ::age::Identity::unwrap_stanza(&identity, stanza);
    let good = || Stanza {
        tag: STANZA.to_owned(),
        args: stanzas[0].args.clone(),
        body: stanzas[0].body.clone(),
    };
    assert_eq!(open(&good()).unwrap().unwrap().expose_secret(), key.expose_secret());
    let sent = BASE64_STANDARD_NO_PAD.decode(&good().args[0]).unwrap();
    for at in [0, ML_KEM_SENT_LEN - 1, ML_KEM_SENT_LEN, sent.len() - 1] {
        let mut sent = sent.clone();
        sent[at] ^= 1;
        let args = vec![BASE64_STANDARD_NO_PAD.encode(&sent)];
        assert!(open(&Stanza { args, ..good() }).is_none(), "{at}");
    }
    let mut body = good().body;
    body[0] ^= 1;
    assert!(open(&Stanza { body, ..good() }).is_none());
    assert!(open(&Stanza { args: vec!["AA".to_owned()], ..good() }).is_none());
    assert!(open(&Stanza { args: vec!["*".to_owned()], ..good() }).is_none());
    assert!(open(&Stanza { tag: "X25519".to_owned(), ..good() }).is_none());
    for wrong in [
        Stanza { args: Vec::new(), ..good() },
        Stanza { args: [good().args, good().args].concat(), ..good() },
        Stanza { body: vec![0; 48], ..good() },
    ] {
        assert!(matches!(open(&wrong), Some(Err(DecryptError::InvalidHeader))));
    }
}
