//! What gpg knows of many certificates: two calls for all of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use sequoia_openpgp::cert::raw::RawCertParser;
use sequoia_openpgp::parse::Parse as _;

use super::super::MAX_CERTIFICATE;
use super::{Gpg, GpgError, Validity, colons};

/// Certificates that are asked for in one call: an argument list has room for them on every system.
const AT_ONCE: usize = 500;
/// Bytes of the longest answer.
const MAX_ANSWER: usize = 64 << 20;

/// A certificate that gpg knows.
pub struct Known {
    /// Its primary key's validity: revoked, disabled, or how far it is trusted.
    pub validity: Validity,
    /// The certificate, in binary, without signatures of others.
    pub certificate: Vec<u8>,
}

impl Gpg {
    /// What gpg knows of the certificates with these fingerprints; without those that it does not know.
    ///
    /// # Errors
    /// That gpg failed.
    pub fn known(&self, fingerprints: &[&str]) -> Result<BTreeMap<String, Known>, GpgError> {
        let mut known = BTreeMap::new();
        for some in fingerprints.chunks(AT_ONCE) {
            let queries: Vec<String> = some.iter().map(|one| format!("0x{one}")).collect();
            let args = ["--with-colons", "--fixed-list-mode", "--with-fingerprint", "--list-keys"];
            let mut args = Self::listing(args);
            args.push(OsStr::new("--"));
            args.extend(queries.iter().map(OsStr::new));
            let output = self.run(&args, &[], MAX_ANSWER)?;
            let listed = colons::read(&output.stdout);
            if listed.is_empty() {
                // Of a certificate that it does not know it says so, and fails.
                if !output.success && !super::is_unknown(&output.stderr) {
                    return Err(output.failure());
                }
                continue;
            }
            let mut certificates = self.export_all(&queries)?;
            for key in listed {
                let Some(certificate) = certificates.remove(&key.primary.fingerprint) else {
                    continue;
                };
                let validity = match key.primary.is_disabled() {
                    true => Validity::Disabled,
                    false => Validity::of(key.primary.validity),
                };
                known.insert(key.primary.fingerprint, Known { validity, certificate });
            }
        }
        Ok(known)
    }

    fn export_all(&self, queries: &[String]) -> Result<BTreeMap<String, Vec<u8>>, GpgError> {
        let args = ["--no-armor", "--export-options", "export-minimal", "--output", "-"];
        let mut args = Self::listing(args);
        args.extend(["--export", "--"].map(OsStr::new));
        args.extend(queries.iter().map(OsStr::new));
        let output = self.run(&args, &[], MAX_ANSWER)?;
        if output.stdout.is_empty() {
            return Err(output.failure());
        }
        let parser = RawCertParser::from_bytes(&output.stdout).map_err(|error| {
            GpgError::Failed { message: super::super::line(&error.to_string()) }
        })?;
        let certificates = parser.flatten().filter(|one| one.as_bytes().len() <= MAX_CERTIFICATE);
        Ok(certificates.map(|one| (one.fingerprint().to_hex(), one.as_bytes().to_vec())).collect())
    }
}
