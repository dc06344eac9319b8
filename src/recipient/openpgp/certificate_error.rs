//! Why a certificate is not taken.

use std::time::SystemTime;

use super::packets::Broken;
use crate::clock::date;

/// Why a certificate is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is more than 1 MiB.
    #[error("the certificate is larger than 1 MiB")]
    TooLarge,
    /// It begins like none.
    #[error("it is not an OpenPGP certificate")]
    NotOpenPgp,
    /// It ends too early.
    #[error("the OpenPGP certificate is cut short")]
    Truncated,
    /// Something in it is no packet, or is where it may not be.
    #[error("the OpenPGP certificate is malformed")]
    Malformed,
    /// It holds a secret key.
    #[error("this is a secret key, not a certificate")]
    SecretKey,
    /// There is more than one; the fingerprints and user ids.
    #[error("there are several certificates, not one:{}", several(.0))]
    Several(Vec<String>),
    /// It is OpenPGP data of another kind.
    #[error("this is {0}, not a certificate")]
    OtherKind(&'static str),
    /// It is of a version other than 4 and 6.
    #[error("the certificate has version {0}, which is not supported")]
    UnsupportedVersion(u8),
    /// It has expired, then.
    #[error("the certificate expired on {}", date(*.0))]
    Expired(SystemTime),
    /// It is of the future: it begins then.
    #[error("the certificate is not valid before {}", date(*.0))]
    NotYetValid(SystemTime),
    /// It was revoked; the reason.
    #[error("the certificate was revoked{}", reason(.0))]
    Revoked(Option<String>),
    /// It can sign or certify, and not encrypt.
    #[error("the certificate has no key for encryption")]
    NoEncryption,
    /// Its last encryption key has expired, then.
    #[error("the certificate's key for encryption expired on {}", date(*.0))]
    EncryptionExpired(SystemTime),
    /// Its encryption keys were revoked.
    #[error("the certificate's key for encryption was revoked")]
    EncryptionRevoked,
    /// It relies on cryptography that is broken; which.
    #[error("the certificate is too weak: {0}")]
    Weak(String),
    /// It needs an algorithm that is not there; which.
    #[error("the certificate's algorithm is not supported: {0}")]
    Unsupported(String),
    /// No self-signature holds it together.
    #[error("the certificate has no valid self-signature")]
    NotBound,
    /// Only gpg can use it, and there is none; the algorithm.
    #[error("the certificate needs gpg, which is not installed: {0}")]
    GpgMissing(String),
    /// Only gpg can use it, and did not.
    #[error("gpg cannot use the certificate: {0}")]
    Gpg(String),
}

impl CertificateError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::SecretKey => {
                "never give it away; export the certificate with 'gpg --armor --export FINGERPRINT'"
            }
            Self::Several(_) => "export exactly one with 'gpg --armor --export FINGERPRINT'",
            Self::NotOpenPgp | Self::Truncated | Self::Malformed | Self::OtherKind(_) => {
                "export the certificate again with 'gpg --armor --export FINGERPRINT'"
            }
            Self::TooLarge => {
                "export it smaller, with '--export-options export-minimal' before '--export'"
            }
            Self::Expired(_) | Self::EncryptionExpired(_) => {
                "ask its owner to extend it with 'gpg --quick-set-expire', and import it again"
            }
            Self::Revoked(_) | Self::EncryptionRevoked => "ask its owner for the new certificate",
            Self::NotYetValid(_) => "check the clocks of this machine and of its owner's",
            Self::NoEncryption => "ask its owner to add a subkey with 'gpg --quick-add-key'",
            Self::Weak(_) | Self::Unsupported(_) | Self::UnsupportedVersion(_) => {
                "ask its owner for one with a current algorithm: 'gpg --quick-generate-key'"
            }
            Self::NotBound => "ask its owner to export it again",
            Self::GpgMissing(_) => "install GnuPG, so that 'gpg' is on PATH",
            Self::Gpg(_) => return None,
        })
    }
}

impl From<Broken> for CertificateError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::NotOpenPgp => Self::NotOpenPgp,
            Broken::Truncated => Self::Truncated,
            Broken::Malformed => Self::Malformed,
        }
    }
}

fn several(certificates: &[String]) -> String {
    certificates.iter().map(|one| format!("\n  {one}")).collect()
}

fn reason(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}
