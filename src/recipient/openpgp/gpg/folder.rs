//! A keyring that another tool keeps in a folder of its own, in gpg's format.

use std::ffi::OsStr;

use sequoia_openpgp::cert::raw::RawCertParser;
use sequoia_openpgp::parse::Parse as _;

use super::super::MAX_CERTIFICATE;
use super::{Gpg, GpgError};
use crate::fs::scratch_folder::ScratchFolder;

/// Bytes of all the certificates of such a keyring.
const MAX_EXPORT: usize = 64 << 20;

impl Gpg {
    /// The certificates of a folder with these files, each by its name, as `pubring.kbx`; in binary, without signatures of others. What
    /// cannot be read is left out.
    ///
    /// gpg reads copies of them in a folder that is removed again, without the user's configuration, keyring and agent.
    ///
    /// # Errors
    /// That gpg failed, or a copy cannot be written.
    pub fn certificates_of(&self, files: &[(&str, &[u8])]) -> Result<Vec<Vec<u8>>, GpgError> {
        let folder = ScratchFolder::new();
        let folder = folder.map_err(|error| crate::fs::in_temporary_folder(&error))?;
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes)?;
        }
        let args = ["--no-armor", "--export-options", "export-minimal", "--output", "-"];
        let mut args = Self::listing(args);
        args.push(OsStr::new("--export"));
        let output = self.at_home(folder.path()).run(&args, &[], MAX_EXPORT)?;
        if output.stdout.is_empty() {
            return if output.success { Ok(Vec::new()) } else { Err(output.failure()) };
        }
        let parser = RawCertParser::from_bytes(&output.stdout).map_err(|error| {
            GpgError::Failed { message: super::super::line(&error.to_string()) }
        })?;
        let raw = parser.flatten().filter(|one| one.as_bytes().len() <= MAX_CERTIFICATE);
        Ok(raw.map(|one| one.as_bytes().to_vec()).collect())
    }
}
