//! What the user's gpg knows of certificates by now: a key is wrapped to none that was revoked meanwhile.

use std::collections::BTreeMap;

use super::{Candidate, FreshError};
use crate::git::repository::Repository;
use crate::recipient::openpgp::{Certificate, Gpg, Known, Validity};

/// What gpg said of all certificates to which a key is about to be wrapped.
#[derive(Default)]
pub struct Fresh {
    known: BTreeMap<String, Known>,
    /// Why gpg could not be asked.
    failed: Option<String>,
}

impl Fresh {
    /// Asks gpg once for all of them; where there is no gpg, or none of them is of OpenPGP, nothing is known.
    pub fn ask<'c>(
        repository: &Repository,
        candidates: impl IntoIterator<Item = &'c Candidate>,
    ) -> Self {
        let all = candidates.into_iter();
        let mut fingerprints: Vec<&str> =
            all.filter_map(|candidate| candidate.recipient.fingerprint()).collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        if fingerprints.is_empty() {
            return Self::default();
        }
        let Some(gpg) = Gpg::find(repository.gpg_program().as_deref()) else {
            return Self::default();
        };
        match gpg.known(&fingerprints) {
            Ok(known) => Self { known, failed: None },
            Err(error) => Self { known: BTreeMap::new(), failed: Some(error.to_string()) },
        }
    }

    /// What the user should know where gpg could not be asked.
    pub fn warning(&self) -> Option<String> {
        let why = self.failed.as_ref()?;
        Some(format!("could not check if certificates were revoked meanwhile: {why}"))
    }

    /// The candidate with the newest form of the certificate, and whether that is a newer one.
    ///
    /// # Errors
    /// gpg holds the certificate to be revoked or disabled, or its copy cannot be used.
    pub fn renew(&self, candidate: &Candidate) -> Result<(Candidate, bool), FreshError> {
        let mut renewed = candidate.clone();
        let Some(certificate) = &candidate.certificate else { return Ok((renewed, false)) };
        let Some(known) = self.known.get(&certificate.fingerprint()) else {
            return Ok((renewed, false));
        };
        if matches!(known.validity, Validity::Revoked | Validity::Disabled) {
            return Err(FreshError::Revoked(known.validity));
        }
        let merged = certificate.with_copy(&known.certificate).map_err(FreshError::Copy)?;
        let newer = merged.to_armored() != certificate.to_armored();
        if newer {
            renewed.certificate = Some(merged);
        }
        Ok((renewed, newer))
    }
}

impl Clone for Candidate {
    fn clone(&self) -> Self {
        let copy = |certificate: &Certificate| certificate.copy();
        Self {
            recipient: self.recipient.clone(),
            user_id: self.user_id.clone(),
            certificate: self.certificate.as_ref().map(copy),
        }
    }
}
