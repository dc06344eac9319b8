//! Work on every sealed file of a worktree, on all cores, and the index that remembers it.

use std::path::Path;

use super::by_git::{add_by_git, check_out_by_git};
use super::report::{Left, Report};
use crate::clone::Keys;
use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::index::IndexLock;
use crate::git::repository::Repository;
use crate::git::worktree::{self, Entries, IndexedFile, Worktree};
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::parallel::map_runs;
use crate::store::received::Received;
use crate::values::Place;

/// Files for which starting another thread pays.
const FILES_PER_THREAD: usize = 64;

/// What one thread needs to work on files.
pub(super) struct Worker<'r> {
    pub(super) repository: &'r Repository,
    pub(super) keyring: &'r Keyring,
    pub(super) git_crypt: &'r HeldKeys,
    pub(super) worktree: Worktree<'r>,
    pub(super) report: Report,
    /// What this clone remembers of values that were set without the key, once one was opened.
    received: Option<Received>,
    has_read_received: bool,
}

impl Worker<'_> {
    /// Remembers values of a file that were set without the key, and are opened now; `blob` is the file, if it is as the index has it. What
    /// cannot be written is not remembered.
    pub(super) fn receive(
        &mut self,
        path: &[u8],
        values: &[(Place, String)],
        blob: Option<gix::ObjectId>,
    ) {
        let common_dir = self.repository.common_dir();
        if !self.has_read_received {
            self.received = Received::load(common_dir);
            self.has_read_received = true;
        }
        if !values.is_empty() {
            let values = values.iter().map(|(place, token)| (place.names(), token.as_str()));
            let _ = Received::remember(&mut self.received, common_dir, path, values);
        }
        if let Some(received) = self.received.as_mut().filter(|all| all.knows_path(path)) {
            let blob = blob.map(|id| id.to_string());
            let _ = received.set_origin(self.repository.gix.git_dir(), path, blob.as_deref(), 0);
        }
    }
}

/// Runs `work` on every file, on all cores, and returns what was done.
pub(super) fn sweep(
    repository: &Repository,
    keys: Keys<'_>,
    entries: &Entries,
    work: impl Fn(&mut Worker<'_>, &IndexedFile, &PathAttributes) -> Result<(), Left> + Sync,
) -> Result<Report, GitError> {
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.as_deref());
    let run = |_, files: &[IndexedFile]| -> Result<Report, GitError> {
        // An open repository belongs to one thread.
        let repository = Repository::open(git_dir, top.map(Path::to_owned))?;
        let mut attributes = Attributes::new(&repository)?;
        let mut worker = Worker {
            repository: &repository,
            keyring: keys.shroud,
            git_crypt: keys.git_crypt,
            worktree: Worktree::new(&repository)?,
            report: Report::default(),
            received: None,
            has_read_received: false,
        };
        for entry in files {
            let worked = match attributes.of(&entry.path) {
                Ok(of) => {
                    work(&mut worker, entry, &of).map_err(|left| match (left, &of.conversion) {
                        (Left::Damaged(_), Some(setting)) => Left::Converted(setting.to_string()),
                        (left, _) => left,
                    })
                }
                // Outside a sparse checkout nothing should be done, whatever the attributes.
                Err(_) if matches!(worker.worktree.find(entry), Ok(None)) => Ok(()),
                Err(error) => Err(error.into()),
            };
            if let Err(left) = worked {
                worker.report.left.push((entry.path.clone(), left));
            }
        }
        Ok(worker.report)
    };
    let mut report = Report { unmerged: unmerged(repository, entries)?, ..Report::default() };
    for done in map_runs(&entries.files, FILES_PER_THREAD, run) {
        report.absorb(done?);
    }
    Ok(report)
}

fn unmerged(repository: &Repository, entries: &Entries) -> Result<Vec<Vec<u8>>, GitError> {
    if entries.unmerged.is_empty() {
        return Ok(Vec::new());
    }
    let mut attributes = Attributes::new(repository)?;
    let mut unmerged = Vec::new();
    for path in &entries.unmerged {
        if attributes.of(path)?.is_encrypted() {
            unmerged.push(path.clone());
        }
    }
    Ok(unmerged)
}

/// Sweeps one worktree under git's index lock and lets the index remember what was written.
pub(super) fn sweep_locked(
    repository: &Repository,
    keys: Keys<'_>,
    work: impl Fn(&mut Worker<'_>, &IndexedFile, &PathAttributes) -> Result<(), Left> + Sync,
) -> Result<Report, GitError> {
    let lock = IndexLock::take(&repository.gix.index_path())?;
    let entries = Entries::read(repository)?;
    if let Some(top) = &repository.worktree {
        worktree::remove_leftovers(top, &entries);
    }
    let mut report = sweep(repository, keys, &entries, work)?;
    if lock.is_split(repository.gix.object_hash())? {
        // The entries are in a file that many indexes may share: git itself must write its own.
        drop(lock);
        add_by_git(repository, &entries, &report)?;
    } else {
        if !report.stats.is_empty() {
            let hidden = worktree::hidden_changes(repository, &report.stats)?;
            report.stats.extend(hidden);
            report.stats.sort_by_key(|(place, _)| *place);
        }
        lock.commit(&report.stats, repository.gix.object_hash())?;
    }
    check_out_by_git(repository, &mut report)?;
    Ok(report)
}
