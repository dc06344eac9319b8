//! What becomes of signatures on what changes: they are lost, or made again with the user's own key.

use super::headers::split;
use super::{Options, Signed, Stripped};
use crate::git::signing::Signer;
use crate::scrub::ScrubError;

/// The signatures of a whole rewrite.
pub(super) struct Signatures<'s> {
    signer: Option<&'s Signer>,
    /// Whether the new ones are made, and not only counted.
    writes: bool,
    /// The header of a commit's signature.
    header: &'static str,
    pub(super) lost: Vec<Stripped>,
    pub(super) renewed: Vec<Stripped>,
}

impl<'s> Signatures<'s> {
    pub(super) fn new(options: &Options<'s>, hash: gix::hash::Kind) -> Self {
        let header = match hash {
            gix::hash::Kind::Sha256 => "gpgsig-sha256",
            _ => "gpgsig",
        };
        let (lost, renewed) = (Vec::new(), Vec::new());
        Self { signer: options.sign, writes: !options.dry_run, header, lost, renewed }
    }

    /// The new commit, signed again if it was and somebody can. Where git puts it: behind all other headers.
    pub(super) fn commit(
        &mut self,
        bytes: Vec<u8>,
        stripped: Vec<Stripped>,
    ) -> Result<Vec<u8>, ScrubError> {
        let Some(signature) = self.renew(&bytes, stripped)? else { return Ok(bytes) };
        let (_, rest) = split(&bytes);
        let (headers, rest) = bytes.split_at(bytes.len() - rest.len());
        let mut signed = [headers, self.header.as_bytes()].concat();
        for line in signature.split_inclusive(|&byte| byte == b'\n') {
            signed.push(b' ');
            signed.extend_from_slice(line);
        }
        signed.extend_from_slice(rest);
        Ok(signed)
    }

    /// The new tag, signed again if it was and somebody can. Its signature is the end of its message, in lines of its own.
    pub(super) fn tag(
        &mut self,
        mut bytes: Vec<u8>,
        stripped: Vec<Stripped>,
    ) -> Result<Vec<u8>, ScrubError> {
        if !stripped.is_empty() && self.signer.is_some() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        if let Some(signature) = self.renew(&bytes, stripped)? {
            bytes.extend_from_slice(&signature);
        }
        Ok(bytes)
    }

    /// The new signature; `None` where there was none, or it is only counted, or lost.
    fn renew(
        &mut self,
        bytes: &[u8],
        stripped: Vec<Stripped>,
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        let mut signature = None;
        for stripped in stripped {
            match self.signer {
                // A merged tag was somebody's word about a commit; it cannot be given again in their name.
                Some(signer) if stripped.signed != Signed::Mergetag => {
                    self.renewed.push(stripped);
                    if self.writes {
                        signature = Some(signer.sign(bytes).map_err(ScrubError::Signing)?);
                    }
                }
                _ => self.lost.push(stripped),
            }
        }
        Ok(signature)
    }
}
