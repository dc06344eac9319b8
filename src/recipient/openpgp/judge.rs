//! Whether a certificate can be used, by sequoia's standard policy; a laxer one only finds the word for why not.

use std::time::SystemTime;

use sequoia_openpgp::cert::ValidCert;
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation as _;
use sequoia_openpgp::cert::amalgamation::key::ValidErasedKeyAmalgamation;
use sequoia_openpgp::crypto::mpi;
use sequoia_openpgp::packet::key::{Key, KeyParts, KeyRole, PublicParts};
use sequoia_openpgp::policy::{AsymmetricAlgorithm, StandardPolicy};
use sequoia_openpgp::types::{Curve, HashAlgorithm, PublicKeyAlgorithm, RevocationStatus};
use sequoia_openpgp::{Cert, Error};

use super::{CertificateError, line};

/// The largest RSA key that the library takes, in bits.
const MAX_RSA: usize = 4096;

/// What counts as secure at that moment.
pub(super) fn policy(now: SystemTime) -> StandardPolicy<'static> {
    StandardPolicy::at(now)
}

/// Whether gpg can use the key and the library cannot.
pub(super) fn is_foreign<P: KeyParts, R: KeyRole>(key: &Key<P, R>) -> bool {
    match key.mpis() {
        mpi::PublicKey::ECDH { curve, .. } | mpi::PublicKey::ECDSA { curve, .. } => {
            matches!(curve, Curve::BrainpoolP256 | Curve::BrainpoolP384 | Curve::BrainpoolP512)
        }
        mpi::PublicKey::RSA { n, .. } => n.bits() > MAX_RSA,
        _ => false,
    }
}

/// Whether a quantum computer is not expected to open what is encrypted to a key of this algorithm (RFC 9980).
pub(super) fn is_post_quantum(algorithm: PublicKeyAlgorithm) -> bool {
    matches!(algorithm, PublicKeyAlgorithm::MLKEM768_X25519 | PublicKeyAlgorithm::MLKEM1024_X448)
}

/// The keys that are encrypted to: for transport or storage, alive, not revoked, and supported by the library.
///
/// Where one of them is post-quantum, only such ones: whoever breaks a classical key beside it opens the message too.
pub(super) fn encryption_keys<'a>(
    valid: &ValidCert<'a>,
) -> Vec<ValidErasedKeyAmalgamation<'a, PublicParts>> {
    let keys = valid.keys().supported().alive().revoked(false);
    let keys = keys.for_transport_encryption().for_storage_encryption();
    let mut keys: Vec<_> = keys.filter(|key| !is_foreign(key.key())).collect();
    if keys.iter().any(|key| is_post_quantum(key.key().pk_algo())) {
        keys.retain(|key| is_post_quantum(key.key().pk_algo()));
    }
    keys
}

/// Whether something can be encrypted to the certificate at that moment; if not, why.
pub(super) fn check(cert: &Cert, now: SystemTime) -> Result<(), CertificateError> {
    let primary = cert.primary_key().key();
    if !is_known(primary) && !is_obsolete(primary.pk_algo()) {
        return Err(CertificateError::Unsupported(describe(primary)));
    }
    if primary.creation_time() > now {
        return Err(CertificateError::NotYetValid(primary.creation_time()));
    }
    let policy = policy(now);
    let valid = cert.with_policy(&policy, now).map_err(|_| unbound(cert, now))?;
    alive(&valid)?;
    match encryption_keys(&valid).is_empty() {
        false => Ok(()),
        true => Err(no_encryption(cert, now)),
    }
}

/// The first moment from which nothing can be encrypted to it; `None` if it does not expire, or is of no use now.
pub(super) fn expires(cert: &Cert, now: SystemTime) -> Option<SystemTime> {
    let policy = policy(now);
    let valid = cert.with_policy(&policy, now).ok()?;
    let primary = valid.primary_key().key_expiration_time();
    let keys = encryption_keys(&valid).into_iter();
    let subkeys = keys.map(|key| key.key_expiration_time());
    // One that does not expire outlives all others.
    let last = subkeys.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)));
    [primary, last.flatten()].into_iter().flatten().min()
}

fn alive(valid: &ValidCert<'_>) -> Result<(), CertificateError> {
    if let RevocationStatus::Revoked(signatures) = valid.revocation_status() {
        let reason = signatures.first().and_then(|signature| signature.reason_for_revocation());
        let reason = reason.map(|(code, _)| line(&code.to_string()));
        return Err(CertificateError::Revoked(reason));
    }
    valid.alive().map_err(|error| match error.downcast_ref() {
        Some(&Error::Expired(on)) => CertificateError::Expired(on),
        Some(&Error::NotYetLive(from)) => CertificateError::NotYetValid(from),
        _ => CertificateError::NotBound,
    })
}

/// Why the standard policy finds no valid self-signature.
fn unbound(cert: &Cert, now: SystemTime) -> CertificateError {
    let lax = any_hash(any_key(policy(now)));
    let Ok(valid) = cert.with_policy(&lax, now) else {
        return CertificateError::NotBound;
    };
    let weakness = if cert.with_policy(&any_hash(policy(now)), now).is_ok() {
        "its self-signatures use SHA-1 or older".to_owned()
    } else {
        format!("its primary key is {}", describe(cert.primary_key().key()))
    };
    alive(&valid).err().unwrap_or(CertificateError::Weak(weakness))
}

/// Why a valid certificate has no key to encrypt to.
fn no_encryption(cert: &Cert, now: SystemTime) -> CertificateError {
    let lax = any_hash(any_key(policy(now)));
    let Ok(valid) = cert.with_policy(&lax, now) else {
        return CertificateError::NotBound;
    };
    let (mut unsupported, mut expired, mut revoked) = (None, None, false);
    let keys = valid.keys().for_transport_encryption().for_storage_encryption();
    for key in keys {
        match key.alive().map_err(sequoia_openpgp::anyhow::Error::downcast) {
            _ if matches!(key.revocation_status(), RevocationStatus::Revoked(_)) => revoked = true,
            Err(Ok(Error::Expired(on))) => expired = expired.max(Some(on)),
            Err(_) => {}
            Ok(()) if is_supported(key.key()) => {
                return CertificateError::Weak(weakness(
                    key.key(),
                    key.binding_signature().hash_algo(),
                ));
            }
            Ok(()) => unsupported = Some(key.key().clone()),
        }
    }
    match (unsupported, expired) {
        (Some(key), _) if is_obsolete(key.pk_algo()) => {
            CertificateError::Weak(format!("its encryption key is {}", describe(&key)))
        }
        (Some(key), _) => CertificateError::Unsupported(describe(&key)),
        (None, Some(on)) => CertificateError::EncryptionExpired(on),
        (None, None) if revoked => CertificateError::EncryptionRevoked,
        (None, None) => CertificateError::NoEncryption,
    }
}

fn weakness(key: &Key<PublicParts, impl KeyRole>, hash: HashAlgorithm) -> String {
    match hash {
        HashAlgorithm::SHA1 | HashAlgorithm::MD5 | HashAlgorithm::RipeMD => {
            format!("its encryption key is bound by {hash}")
        }
        _ => format!("its encryption key is {}", describe(key)),
    }
}

fn is_supported(key: &Key<PublicParts, impl KeyRole>) -> bool {
    is_known(key) && !is_foreign(key)
}

/// Whether the library knows the algorithm and the curve.
pub(super) fn is_known<P: KeyParts, R: KeyRole>(key: &Key<P, R>) -> bool {
    use sequoia_openpgp::crypto::mpi::PublicKey::{ECDH, ECDSA, EdDSA};
    let curve = match key.mpis() {
        ECDH { curve, .. } | ECDSA { curve, .. } | EdDSA { curve, .. } => Some(curve),
        _ => None,
    };
    key.pk_algo().is_supported() && curve.is_none_or(Curve::is_supported)
}

#[allow(deprecated, reason = "obsolete algorithms are named to refuse them")]
fn is_obsolete(algorithm: PublicKeyAlgorithm) -> bool {
    use PublicKeyAlgorithm::{DSA, ElGamalEncrypt, ElGamalEncryptSign};
    matches!(algorithm, DSA | ElGamalEncrypt | ElGamalEncryptSign)
}

/// The algorithm and size of a key, for people.
pub(super) fn describe<P: KeyParts, R: KeyRole>(key: &Key<P, R>) -> String {
    use sequoia_openpgp::crypto::mpi::PublicKey::{ECDH, ECDSA, EdDSA};
    match key.mpis() {
        ECDH { curve, .. } | ECDSA { curve, .. } | EdDSA { curve, .. } => {
            format!("{} over {}", line(&key.pk_algo().to_string()), line(&curve.to_string()))
        }
        mpis => match mpis.bits() {
            Some(bits) => format!("{} of {bits} bits", line(&key.pk_algo().to_string())),
            None => line(&key.pk_algo().to_string()),
        },
    }
}

fn any_key(mut policy: StandardPolicy<'_>) -> StandardPolicy<'_> {
    for algorithm in AsymmetricAlgorithm::variants() {
        policy.accept_asymmetric_algo(algorithm);
    }
    policy
}

fn any_hash(mut policy: StandardPolicy<'_>) -> StandardPolicy<'_> {
    for hash in [HashAlgorithm::SHA1, HashAlgorithm::MD5, HashAlgorithm::RipeMD] {
        policy.accept_hash(hash);
    }
    policy
}
