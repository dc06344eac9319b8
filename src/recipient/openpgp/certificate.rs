//! OpenPGP certificates: reading one, judging it, and making it small.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::SystemTime;

use sequoia_openpgp::armor::{Kind, Writer};
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::packet::{Signature, UserID};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::serialize::Serialize as _;
use sequoia_openpgp::types::HashAlgorithm;
use sequoia_openpgp::{Cert, Packet};

use super::packets::{armour_label, dearmour, packets, tag};
use super::rescue::{self, Rescued};
use super::{CertificateError, MAX_CERTIFICATE, judge, line};

/// One OpenPGP certificate: a public key with its subkeys and user ids.
pub struct Certificate {
    cert: Cert,
    binary: Vec<u8>,
    rescued: OnceLock<Result<Rescued, CertificateError>>,
}

impl Certificate {
    /// Reads exactly one certificate of at most 1 MiB, armoured or binary.
    ///
    /// # Errors
    /// What the bytes are instead. Whether it can be used is for [`Self::check`] to say.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(CertificateError::TooLarge);
        }
        match armour_label(bytes) {
            Some(b"PRIVATE KEY BLOCK") => return Err(CertificateError::SecretKey),
            Some(label) if label.ends_with(b"MESSAGE") => {
                return Err(CertificateError::OtherKind("an OpenPGP message"));
            }
            Some(b"SIGNATURE") => return Err(CertificateError::OtherKind("an OpenPGP signature")),
            _ => {}
        }
        let binary = dearmour(bytes)?;
        let packets = packets(&binary)?;
        if packets.iter().any(|one| matches!(one.tag, tag::SECRET_KEY | tag::SECRET_SUBKEY)) {
            return Err(CertificateError::SecretKey);
        }
        match packets.first().map(|first| (first.tag, first.body.first())) {
            Some((tag::PUBLIC_KEY, Some(4 | 6))) => {}
            Some((tag::PUBLIC_KEY, Some(&version))) => {
                return Err(CertificateError::UnsupportedVersion(version));
            }
            Some((tag::SIGNATURE, _)) => {
                return Err(CertificateError::OtherKind("an OpenPGP signature"));
            }
            Some((
                tag::PKESK | tag::SKESK | tag::COMPRESSED | tag::LITERAL | tag::PROTECTED,
                _,
            )) => {
                return Err(CertificateError::OtherKind("an OpenPGP message"));
            }
            _ => return Err(CertificateError::Malformed),
        }
        if packets.iter().filter(|one| one.tag == tag::PUBLIC_KEY).count() > 1 {
            return Err(CertificateError::Several(names(&binary)));
        }
        let cert = Cert::from_bytes(&binary).map_err(|error| match error.downcast_ref() {
            Some(sequoia_openpgp::Error::UnsupportedCert(..)) => {
                CertificateError::Unsupported("that of its primary key".to_owned())
            }
            _ => CertificateError::Malformed,
        })?;
        Ok(Self { cert, binary, rescued: OnceLock::new() })
    }

    /// Whether a key can be wrapped to it at that moment.
    ///
    /// Certificates over Brainpool curves, or with RSA keys of more than 4096 bits, are judged by the `gpg` on the path.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        if rescue::is_needed(&self.cert, now) {
            self.rescued()?.check(now)
        } else {
            judge::check(&self.cert, now)
        }
    }

    /// In upper-case hexadecimal digits: 40 for version 4, 64 for version 6.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// The user ids that it binds to itself and has not revoked, safe for a terminal, the primary one first.
    pub fn user_ids(&self) -> Vec<String> {
        if judge::is_foreign(self.cert.primary_key().key()) {
            return self.rescued().map(Rescued::user_ids).unwrap_or_default();
        }
        user_ids(&self.cert)
            .iter()
            .map(|(one, _)| line(&String::from_utf8_lossy(one.value())))
            .collect()
    }

    /// The first of [`Self::user_ids`].
    pub fn primary_user_id(&self) -> Option<String> {
        self.user_ids().into_iter().next()
    }

    /// The e-mail addresses in the user ids, in their order, each once.
    pub fn emails(&self) -> Vec<String> {
        let mut emails = Vec::new();
        for user_id in self.user_ids() {
            let email = UserID::from(user_id).email().ok().flatten().map(str::to_owned);
            emails.extend(email.filter(|email| !emails.contains(email)));
        }
        emails
    }

    /// The first moment from which nothing could be wrapped to it: when it expires, or its last encryption subkey does.
    pub fn expires(&self, now: SystemTime) -> Option<SystemTime> {
        if rescue::is_needed(&self.cert, now) {
            self.rescued().ok()?.expires(now)
        } else {
            judge::expires(&self.cert, now)
        }
    }

    /// The armoured certificate, as small as others need it: its own newest signatures, user ids and encryption subkeys.
    ///
    /// Without signatures of others, pictures, revoked user ids and subkeys, and subkeys for other purposes. The same for
    /// the same certificate, always.
    pub fn to_armored(&self) -> String {
        let binary = if judge::is_foreign(self.cert.primary_key().key()) {
            self.rescued().ok().and_then(|rescued| rescued.minimised().ok())
        } else {
            minimised(&self.cert).ok()
        };
        let mut writer = Writer::new(Vec::new(), Kind::PublicKey).expect("memory takes all");
        writer.write_all(binary.as_ref().unwrap_or(&self.binary)).expect("memory takes all");
        let armoured = writer.finalize().expect("memory takes all");
        String::from_utf8(armoured).expect("armour is ASCII")
    }

    /// The same certificate once more.
    #[must_use]
    pub fn copy(&self) -> Self {
        let (cert, binary) = (self.cert.clone(), self.binary.clone());
        Self { cert, binary, rescued: OnceLock::new() }
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.cert
    }

    /// The certificate in gpg's hands.
    pub(super) fn rescued(&self) -> Result<&Rescued, CertificateError> {
        let rescued = self.rescued.get_or_init(|| Rescued::new(&self.cert, &self.binary));
        rescued.as_ref().map_err(Clone::clone)
    }
}

/// Fingerprint and user ids of each certificate: the first 20.
fn names(binary: &[u8]) -> Vec<String> {
    let certs = CertParser::from_bytes(binary).into_iter().flatten().flatten().take(20);
    certs
        .map(|cert| {
            let user_ids = cert.userids().take(5);
            let user_ids: Vec<String> = user_ids
                .map(|user_id| line(&String::from_utf8_lossy(user_id.userid().value())))
                .collect();
            format!("{} {}", cert.fingerprint(), user_ids.join(", "))
        })
        .collect()
}

/// The newest signature, before that one of a hash that is not broken.
fn newest<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Option<&'a Signature> {
    signatures.max_by_key(|signature| {
        let broken = matches!(
            signature.hash_algo(),
            HashAlgorithm::SHA1 | HashAlgorithm::MD5 | HashAlgorithm::RipeMD
        );
        (!broken, signature.signature_creation_time(), signature.digest_prefix())
    })
}

/// The user ids with their newest self-signature, where that is not revoked; the primary one first.
fn user_ids(cert: &Cert) -> Vec<(&UserID, &Signature)> {
    let mut user_ids: Vec<_> = cert
        .userids()
        .filter_map(|user_id| {
            let signature = newest(user_id.self_signatures())?;
            let made = signature.signature_creation_time();
            let revoked = user_id
                .self_revocations()
                .any(|revocation| revocation.signature_creation_time() >= made);
            (!revoked).then_some((user_id.userid(), signature))
        })
        .collect();
    user_ids.sort_by_key(|(user_id, signature)| {
        let primary = signature.primary_userid().unwrap_or(false);
        let made = signature.signature_creation_time();
        (std::cmp::Reverse((primary, made)), user_id.value())
    });
    user_ids
}

fn minimised(cert: &Cert) -> sequoia_openpgp::Result<Vec<u8>> {
    let primary = cert.primary_key();
    let mut packets = vec![Packet::from(primary.key().clone())];
    let mut add = |signature: &Signature| packets.push(Packet::from(signature.clone()));
    primary.self_revocations().for_each(&mut add);
    newest(primary.self_signatures()).into_iter().for_each(&mut add);
    for (user_id, signature) in user_ids(cert) {
        packets.extend([Packet::from(user_id.clone()), Packet::from(signature.clone())]);
    }
    for subkey in cert.keys().subkeys() {
        let Some(signature) = newest(subkey.self_signatures()) else { continue };
        let encrypts = signature
            .key_flags()
            .is_none_or(|flags| flags.for_transport_encryption() || flags.for_storage_encryption());
        if encrypts && subkey.self_revocations().next().is_none() {
            packets.extend([Packet::from(subkey.key().clone()), Packet::from(signature.clone())]);
        }
    }
    let mut binary = Vec::new();
    packets.iter().try_for_each(|packet| packet.serialize(&mut binary))?;
    Ok(binary)
}
