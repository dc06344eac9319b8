//! From what the user wrote to a recipient.

use std::ffi::OsStr;
use std::path::Path;
use std::time::SystemTime;

use super::{Candidate, MemberError};
use crate::error::Context as _;
use crate::fs::read_bounded;
use crate::git::repository::Repository;
use crate::progress::Progress;
use crate::recipient::kinds::Read;
use crate::recipient::openpgp::{Certificate, Gpg, GpgCertificate, Validity};
use crate::recipient::{Recipient, is_private, read_line};

/// Bytes of the longest file that is read for a recipient.
const MAX_FILE: usize = 1 << 20;

/// A recipient, and how they are called.
pub struct Resolved {
    /// Whom to wrap to.
    pub candidate: Candidate,
    /// A text from which a label can be made; may be empty.
    pub called: String,
}

/// Finds whom the user means; never more than one.
///
/// # Errors
/// Nobody is meant, or several, or the certificate cannot be used or is not trusted.
pub fn resolve(
    progress: &dyn Progress,
    repository: &Repository,
    meant: &OsStr,
    trust: bool,
) -> Result<Resolved, MemberError> {
    let text = meant.to_string_lossy();
    let line = read_line(&text);
    // A certificate has to be found, whatever names it.
    let needs_more = |read: &Read| {
        read.as_ref().is_ok_and(|(found, _)| found.method().kind().needs_certificate())
    };
    let query = match line {
        Some(read) if !needs_more(&read) => return from_line(read),
        Some(Ok((recipient, _))) => recipient.fingerprint().map(str::to_owned),
        Some(Err(_)) | None => None,
    };
    let path = Path::new(meant);
    let is_path = path.is_file()
        || text.contains(['/', '\\'])
        || path
            .extension()
            .is_some_and(|ext| ["asc", "gpg", "pgp", "pub", "txt"].map(OsStr::new).contains(&ext));
    if is_path {
        return from_file(progress, repository, path, trust);
    }
    let Some(gpg) = Gpg::find(repository.gpg_program().as_deref()) else {
        return Err(MemberError::NoGpg);
    };
    let found = gpg.certificate(query.as_deref().unwrap_or(&text)).map_err(MemberError::Gpg)?;
    let GpgCertificate { certificate, validity, .. } = found;
    // First what is wrong with the certificate itself: no word of trust helps there.
    let resolved = from_certificate(&certificate, "gpg's certificate")?;
    judge_validity(progress, validity, trust)?;
    Ok(resolved)
}

fn from_line(read: Read) -> Result<Resolved, MemberError> {
    let (recipient, comment) = read.context(|| "the recipient".to_owned())?;
    let called = comment.as_deref().or(recipient.command()).unwrap_or_default();
    let called = called.split('@').next().unwrap_or_default().to_owned();
    Ok(Resolved { candidate: Candidate { recipient, user_id: comment, certificate: None }, called })
}

fn from_file(
    progress: &dyn Progress,
    repository: &Repository,
    path: &Path,
    trust: bool,
) -> Result<Resolved, MemberError> {
    let shown = crate::sanitise::native(path);
    let bytes = read_bounded(path, MAX_FILE).context(|| "the recipient".to_owned())?;
    let lines: Vec<&str> = std::str::from_utf8(&bytes)
        .unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let first = lines.first().copied().unwrap_or_default();
    if is_private(first) {
        return Err(MemberError::PrivateKey(shown));
    }
    if let Some(read) = read_line(first) {
        if lines.len() > 1 {
            return Err(MemberError::SeveralRecipients { place: shown, count: lines.len() });
        }
        let mut resolved = from_line(read)?;
        if resolved.called.is_empty() {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            resolved.called = stem.into_owned();
        }
        return Ok(resolved);
    }
    let resolved = from_certificate(&bytes, &shown)?;
    // Anybody who names a file vouches for it, unless the own gpg knows better.
    let known = Gpg::find(repository.gpg_program().as_deref())
        .and_then(|gpg| gpg.validity_of(resolved.candidate.recipient.fingerprint()?).ok()?);
    if let Some(
        validity @ (Validity::Never
        | Validity::Revoked
        | Validity::Expired
        | Validity::Disabled
        | Validity::Invalid),
    ) = known
    {
        judge_validity(progress, validity, trust)?;
    }
    Ok(resolved)
}

/// The recipient that a certificate is, which was found at `place`. Nobody is asked whether it is valid.
///
/// # Errors
/// It is none, or cannot be used.
pub fn from_certificate(bytes: &[u8], place: &str) -> Result<Resolved, MemberError> {
    let fail = |source| MemberError::Certificate { place: place.to_owned(), source };
    let certificate = Certificate::parse(bytes).map_err(fail)?;
    certificate.check(SystemTime::now()).map_err(fail)?;
    let recipient = Recipient::openpgp(&certificate.fingerprint())
        .context(|| format!("{place}: its fingerprint"))?;
    let user_id = certificate.primary_user_id();
    let email = certificate.emails().into_iter().next();
    let called = email.as_deref().or(user_id.as_deref()).unwrap_or_default();
    let called = called.split('@').next().unwrap_or_default().to_owned();
    let candidate = Candidate { recipient, user_id, certificate: Some(certificate) };
    Ok(Resolved { candidate, called })
}

/// gpg's own judgement, by signatures and ownertrust, whether a certificate belongs to whom it says.
fn judge_validity(
    progress: &dyn Progress,
    validity: Validity,
    trust: bool,
) -> Result<(), MemberError> {
    if validity == Validity::Marginal {
        progress.warning("gpg considers this certificate only marginally valid");
    }
    if validity.is_valid() || trust {
        return Ok(());
    }
    Err(MemberError::NotValid(validity))
}
