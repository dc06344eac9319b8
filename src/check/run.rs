//! A check as it is asked for: of a range, less what is allowed here, and with what was taken out of the history.

use super::range::{Range, RangeError, check_range};
use super::{Allowed, Finding, Problem, Report, Source, banned, describe_dropped};
use crate::check::banned::BannedError;
use crate::error::{About, Context as _};
use crate::git::attributes_file::{AttributesFile, lacks_tripwire};
use crate::git::repository::Repository;
use crate::store::git_crypt;

/// What is asked of a check.
pub struct Request<'r> {
    /// What is judged.
    pub range: Range,
    /// Patterns of paths that may leave the seal, beside those of the list in git's folder.
    pub allow: Vec<&'r [u8]>,
}

/// What a check found.
pub struct Checked {
    /// The report.
    pub report: Report,
    /// How many commits and trees were judged.
    pub looked_at: usize,
    /// Who took what out of `.gitattributes`, for people; where that explains a finding.
    pub dropped: Option<String>,
    /// What is wrong where the worktree's macro lacks the tripwire, and what to do.
    pub tripwire: Option<(&'static str, String)>,
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The list of commits that were taken out cannot be read.
    #[error(transparent)]
    Banned(#[from] BannedError),
    /// The list of what is allowed cannot be read.
    #[error(transparent)]
    About(#[from] About),
    /// The keys of git-crypt cannot be read.
    #[error(transparent)]
    GitCrypt(#[from] git_crypt::StoreError),
    /// The range cannot be judged.
    #[error(transparent)]
    Range(#[from] RangeError),
}

impl Request<'_> {
    /// Checks.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn run(&self, repository: &Repository) -> Result<Checked, CheckError> {
        let common_dir = repository.common_dir();
        // First, as it says whose the folder is where it cannot be read.
        let banned = banned::read(common_dir)?;
        let mut allowed = Allowed::read(common_dir)
            .context(|| "the list of files that may be plaintext".to_owned())?;
        self.allow.iter().for_each(|pattern| allowed.add(pattern));
        let held = git_crypt::load(common_dir, repository.gix.git_dir())?;
        let (mut report, subjects) = check_range(repository, &held, &self.range, &allowed)?;
        for subject in &subjects {
            if matches!(subject.source, Source::Commit(id) if banned.contains(&id)) {
                let (source, path) = (subject.source, Vec::new());
                report.findings.push(Finding { source, path, problem: Problem::TakenOut });
            }
        }
        let dropped = match report.findings.is_empty() {
            true => None,
            false => describe_dropped(repository, &report),
        };
        let attributes = repository.worktree.as_ref().map(|top| top.join(".gitattributes"));
        let attributes = attributes.and_then(|path| AttributesFile::read(&path).ok());
        let tripwire = attributes.as_ref().and_then(lacks_tripwire);
        Ok(Checked { report, looked_at: subjects.len(), dropped, tripwire })
    }
}
