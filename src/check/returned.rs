//! Paths that were sealed, went away, and come back in plaintext: the commits between hide the sealed file from a comparison
//! with the parents, so history is asked.
//!
//! A commit answers if a parent, or any commit before that parent, has the path sealed, and no parent that has plaintext there
//! already ever had it sealed: else an earlier commit has answered.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::ObjectId;

use super::content::{Blobs, Content};
use super::{Finding, Problem, Report, Subject};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::objects::fetch_missing;
use crate::git::past::blobs_before;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;

/// A file in plaintext, at a path that should not be sealed, which some parent does not have.
pub(super) struct Candidate {
    /// Its place among the subjects.
    pub(super) subject: usize,
    pub(super) path: Vec<u8>,
    pub(super) blob: ObjectId,
    /// The parents that lack it, or have it sealed, by their places.
    pub(super) without: Vec<usize>,
    /// The parents that have plaintext there.
    pub(super) with: Vec<usize>,
}

/// What the judges have seen of paths that may come back.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) candidates: Vec<Candidate>,
    /// Paths at which a subject brought sealed content.
    pub(super) sealed: HashSet<Vec<u8>>,
}

impl Seen {
    pub(super) fn extend(&mut self, other: Self) {
        self.candidates.extend(other.candidates);
        self.sealed.extend(other.sealed);
    }
}

/// Adds to the report what was sealed in an earlier commit. In a shallow clone nothing is known of those that are cut off.
pub(super) fn find(
    repository: &Repository,
    git_crypt: &HeldKeys,
    subjects: &[Subject],
    seen: Seen,
    report: &mut Report,
) -> Result<(), GitError> {
    let Seen { mut candidates, sealed } = seen;
    if candidates.is_empty() {
        return Ok(());
    }
    let database = Database::open(repository)?;
    let mut past = Past {
        repository,
        blobs: Blobs::new(&database, git_crypt),
        known: HashMap::new(),
        may_fetch: true,
    };
    // One question about all that was there before these subjects, which is the answer for nearly every file.
    let own: HashSet<_> = subjects.iter().filter_map(Subject::commit).collect();
    let parents = subjects.iter().flat_map(|subject| &subject.parents);
    let before: BTreeSet<_> = parents.filter(|parent| !own.contains(*parent)).copied().collect();
    let paths = candidates.iter().map(|candidate| candidate.path.clone()).collect();
    let earlier = past.sealed(&before.into_iter().collect::<Vec<_>>(), &paths)?;
    candidates.retain(|one| earlier.contains(&one.path) || sealed.contains(&one.path));
    let paths: BTreeSet<_> = candidates.iter().map(|one| one.path.clone()).collect();
    for Candidate { subject, path, blob, without, with } in candidates {
        let Subject { source, parents } = &subjects[subject];
        let mut was_sealed = |places: &[usize]| -> Result<bool, GitError> {
            for &place in places {
                if past.was_sealed(parents[place], &path, &paths)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        if was_sealed(&without)? && !was_sealed(&with)? && past.blobs.is_unsealed(&path, blob)? {
            report.findings.push(Finding { source: *source, path, problem: Problem::Returned });
        }
    }
    report.missing.append(&mut past.blobs.missing);
    Ok(())
}

struct Past<'r> {
    repository: &'r Repository,
    blobs: Blobs<'r>,
    /// By commit: which of the paths in question it or a commit before it has sealed.
    known: HashMap<ObjectId, HashSet<Vec<u8>>>,
    /// Whether what a partial clone lacks may still be had.
    may_fetch: bool,
}

impl Past<'_> {
    fn was_sealed(
        &mut self,
        commit: ObjectId,
        path: &[u8],
        paths: &BTreeSet<Vec<u8>>,
    ) -> Result<bool, GitError> {
        if !self.known.contains_key(&commit) {
            let sealed = self.sealed(&[commit], paths)?;
            self.known.insert(commit, sealed);
        }
        Ok(self.known[&commit].contains(path))
    }

    /// Which of the paths were sealed in these commits or before them.
    fn sealed(
        &mut self,
        tips: &[ObjectId],
        paths: &BTreeSet<Vec<u8>>,
    ) -> Result<HashSet<Vec<u8>>, GitError> {
        let versions = blobs_before(self.repository, tips, paths)?;
        let mut lacking = BTreeSet::new();
        for &(_, blob) in &versions {
            if self.blobs.database.header(blob)?.is_none() {
                lacking.insert(blob);
            }
        }
        if !lacking.is_empty() && self.may_fetch {
            self.may_fetch = fetch_missing(self.repository, &lacking)?;
        }
        let mut sealed = HashSet::new();
        for (path, blob) in versions {
            if sealed.contains(&path) {
                continue;
            }
            let is_sealed = match self.blobs.content(blob)? {
                Content::Sealed(..) | Content::GitCrypt { .. } => true,
                Content::Plain => self.blobs.value_key(&path, blob)?.is_some(),
                _ => false,
            };
            if is_sealed {
                sealed.insert(path);
            }
        }
        Ok(sealed)
    }
}
