//! Certificates that the OpenPGP library cannot use and gpg can: with Brainpool curves, or RSA of more than 4096 bits.
//!
//! gpg judges them, and encrypts to them, in an empty home of its own that holds nothing but the certificate: the
//! user's keyring and configuration play no part. The plaintext goes through a pipe.

use std::ffi::OsStr;
use std::time::SystemTime;

use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::types::{HashAlgorithm, SignatureType};
use sequoia_openpgp::{Cert, KeyHandle, Packet, PacketPile};

use super::gpg::colons::{Listed, Part};
use super::{CertificateError, Gpg, GpgError, MAX_MESSAGE, judge, line};
use crate::fs::scratch_folder::ScratchFolder;

/// Whether only gpg can use the certificate: for its primary key, or as the library can encrypt to none of its keys.
pub(super) fn is_needed(cert: &Cert, now: SystemTime) -> bool {
    let encrypts = |valid| !judge::encryption_keys(&valid).is_empty();
    judge::is_foreign(cert.primary_key().key())
        || cert.keys().subkeys().any(|key| judge::is_foreign(key.key()))
            && !cert.with_policy(&judge::policy(now), now).is_ok_and(encrypts)
}

/// A certificate in gpg's hands.
pub(super) struct Rescued {
    gpg: Gpg,
    listed: Listed,
    /// Where gpg holds it; removed with this.
    _home: ScratchFolder,
}

impl Rescued {
    /// Gives the certificate to gpg.
    pub(super) fn new(cert: &Cert, binary: &[u8]) -> Result<Self, CertificateError> {
        if is_weakly_bound(cert, binary) {
            let weak = "one of its self-signatures uses SHA-1 or older";
            return Err(CertificateError::Weak(weak.to_owned()));
        }
        let key = cert.keys().find(|key| judge::is_foreign(key.key()));
        let gpg = Gpg::find(None).ok_or_else(|| {
            CertificateError::GpgMissing(
                key.map(|key| judge::describe(key.key())).unwrap_or_default(),
            )
        })?;
        let failed = |error: GpgError| CertificateError::Gpg(error.to_string());
        let home = ScratchFolder::new()
            .map_err(|error| CertificateError::Gpg(line(&error.to_string())))?;
        let gpg = gpg.at_home(home.path());
        let import = ["--batch", "--no-tty", "--import"].map(OsStr::new);
        gpg.run(&import, binary, MAX_MESSAGE).map_err(failed)?;
        let listed = gpg.list(&format!("0x{}", cert.fingerprint().to_hex())).map_err(failed)?;
        // What gpg takes no part of has no valid self-signature.
        let listed = listed.into_iter().next().ok_or(CertificateError::NotBound)?;
        Ok(Self { gpg, listed, _home: home })
    }

    /// As [`super::Certificate::check`].
    pub(super) fn check(&self, now: SystemTime) -> Result<(), CertificateError> {
        let Listed { primary, subkeys, .. } = &self.listed;
        match (primary.validity, primary.expires) {
            ('r', _) => return Err(CertificateError::Revoked(None)),
            ('i', _) => return Err(CertificateError::NotBound),
            (_, Some(on)) if on <= now => return Err(CertificateError::Expired(on)),
            _ => {}
        }
        if self.encryption_keys(now).next().is_some() {
            return Ok(());
        }
        let encrypting = || subkeys.iter().filter(|key| key.encrypts());
        let expired = encrypting().filter(|key| key.validity != 'r').filter_map(|key| key.expires);
        Err(match expired.max() {
            Some(on) => CertificateError::EncryptionExpired(on),
            None if encrypting().any(|key| key.validity == 'r') => {
                CertificateError::EncryptionRevoked
            }
            None => CertificateError::NoEncryption,
        })
    }

    fn encryption_keys(&self, now: SystemTime) -> impl Iterator<Item = &Part> {
        let all = self.listed.subkeys.iter().chain([&self.listed.primary]);
        all.filter(move |key| {
            key.encrypts() && !key.is_dead() && key.expires.is_none_or(|on| on > now)
        })
    }

    /// As [`super::Certificate::expires`].
    pub(super) fn expires(&self, now: SystemTime) -> Option<SystemTime> {
        let subkeys = self.encryption_keys(now).map(|key| key.expires);
        let last = subkeys.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)));
        [self.listed.primary.expires, last.flatten()].into_iter().flatten().min()
    }

    /// The user ids with a valid self-signature, safe for a terminal, the primary one first.
    pub(super) fn user_ids(&self) -> Vec<String> {
        let valid = self.listed.user_ids.iter().filter(|user_id| user_id.validity != 'r');
        valid.map(|user_id| line(&user_id.text)).collect()
    }

    /// The certificate in binary, without signatures of others and without pictures.
    pub(super) fn minimised(&self) -> Result<Vec<u8>, GpgError> {
        self.gpg.export(&self.listed.primary.fingerprint)
    }

    /// An armoured message to all its encryption subkeys, of the shape that [`super::wrap`] writes.
    pub(super) fn encrypt(&self, plaintext: &[u8], now: SystemTime) -> Result<Vec<u8>, GpgError> {
        // '!' takes this very subkey, where gpg would take the newest.
        let recipients = self.encryption_keys(now).map(|key| format!("{}!", key.fingerprint));
        let recipients: Vec<String> = recipients.collect();
        let args = ["--batch", "--no-tty", "--trust-model", "always", "--armor", "--rfc4880"];
        let format = ["--force-mdc", "--cipher-algo", "AES256", "--compress-algo", "none"];
        let output = ["--no-emit-version", "--no-comments", "--output", "-"];
        let mut args: Vec<&OsStr> =
            args.iter().chain(&format).chain(&output).map(OsStr::new).collect();
        for recipient in &recipients {
            args.extend([OsStr::new("--recipient"), OsStr::new(recipient)]);
        }
        args.push(OsStr::new("--encrypt"));
        let output = self.gpg.run(&args, plaintext, MAX_MESSAGE)?;
        if output.success { Ok(output.stdout.to_vec()) } else { Err(output.failure()) }
    }
}

/// Whether the newest self-signature on any part is of a broken hash; gpg 2.2 takes SHA-1 in these.
fn is_weakly_bound(cert: &Cert, binary: &[u8]) -> bool {
    let Ok(pile) = PacketPile::from_bytes(binary) else { return false };
    let primary = KeyHandle::from(cert.fingerprint());
    let mut newest = None;
    let mut weak = false;
    let is_weak =
        |hash| matches!(hash, HashAlgorithm::SHA1 | HashAlgorithm::MD5 | HashAlgorithm::RipeMD);
    for packet in pile.into_children() {
        let Packet::Signature(signature) = packet else {
            weak |= newest.take().is_some_and(|(_, hash)| is_weak(hash));
            continue;
        };
        let binds = matches!(
            signature.typ(),
            SignatureType::GenericCertification
                | SignatureType::PersonaCertification
                | SignatureType::CasualCertification
                | SignatureType::PositiveCertification
                | SignatureType::SubkeyBinding
                | SignatureType::DirectKey
        );
        let own = signature.get_issuers().iter().any(|issuer| issuer.aliases(&primary));
        let made = signature.signature_creation_time();
        if binds && own && newest.as_ref().is_none_or(|(newest, _)| made >= *newest) {
            newest = Some((made, signature.hash_algo()));
        }
    }
    weak || newest.is_some_and(|(_, hash)| is_weak(hash))
}
