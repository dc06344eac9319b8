//! What else is known of a certificate: its keys, and a newer form of it.

use std::collections::BTreeSet;

use sequoia_openpgp::serialize::SerializeInto as _;

use super::{Certificate, CertificateError};

impl Certificate {
    /// The fingerprints of the primary key and of every subkey, in upper-case hexadecimal digits.
    pub fn key_fingerprints(&self) -> BTreeSet<String> {
        self.cert().keys().map(|key| key.key().fingerprint().to_hex()).collect()
    }

    /// The fingerprints of the keys that it says encrypt, revoked and expired ones too.
    pub fn encryption_fingerprints(&self) -> BTreeSet<String> {
        let encrypts = |key: &sequoia_openpgp::cert::amalgamation::key::ErasedKeyAmalgamation<
            '_,
            sequoia_openpgp::packet::key::PublicParts,
        >| {
            key.self_signatures().any(|signature| {
                signature.key_flags().is_none_or(|flags| {
                    flags.for_transport_encryption() || flags.for_storage_encryption()
                })
            })
        };
        let keys = self.cert().keys().filter(encrypts);
        keys.map(|key| key.key().fingerprint().to_hex()).collect()
    }

    /// This certificate with what another copy of it adds: revocations, new subkeys, later ends.
    ///
    /// # Errors
    /// The other is not a copy of this one, or no certificate.
    pub fn with_copy(&self, copy: &[u8]) -> Result<Self, CertificateError> {
        let copy = Self::parse(copy)?;
        if copy.fingerprint() != self.fingerprint() {
            return Err(CertificateError::NotBound);
        }
        let merged = self.cert().clone().merge_public(copy.cert().clone());
        let bytes = merged.and_then(|cert| cert.to_vec());
        Self::parse(&bytes.map_err(|_| CertificateError::Malformed)?)
    }
}
