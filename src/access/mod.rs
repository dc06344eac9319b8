//! Opening the sealed files of a worktree, and sealing them again in place.

mod authors;
mod between;
mod by_plugin;
mod close;
pub mod confirming;
mod crossing;
pub mod explain;
mod exposure;
pub mod exposure_report;
pub mod fix;
mod formerly;
mod fresh;
mod git_crypt;
mod git_crypt_head;
mod git_crypt_rules;
pub mod given;
mod grant;
pub mod grant_problems;
pub mod granting;
pub mod labels;
pub mod last_changes;
pub mod left;
mod lineage;
mod lock;
pub mod lock_clone;
pub mod locks;
pub mod masked_diff;
mod meant;
pub mod merge_file;
pub mod missing;
mod opened;
pub mod opened_git;
mod opened_with;
mod past;
pub mod print;
mod prove;
mod removal;
pub mod resolve;
mod restage;
mod roster;
pub mod rotate;
pub mod rules;
pub mod seal_index;
pub mod sealed_file;
mod sealing;
pub mod secret_file;
pub mod set_up;
mod taken_over;
mod tee;
pub mod textconv;
mod theirs;
pub mod track;
mod trust;
mod unlock;
pub mod unlock_clone;
mod unwrap;
pub mod verify_backup;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use gix::index::entry::Stat;

use crate::filter::Files;
use crate::format::{self, HEADER_LEN, KeyId, OpenError, Sniff};
use crate::fs::{PrivateUmask, mode_of, open_regular};
use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::index::IndexLock;
use crate::git::repository::Repository;
use crate::git::worktree::{self, Entries, Entry, Worktree};
use crate::git_crypt::{HeldKeys, Name, is_encrypted};
use crate::keyring::Keyring;
use crate::parallel::map_runs;
use crate::repo_path;

pub use authors::{Author, last_authors};
pub use between::{sealed_by_git_crypt, sealed_elsewhere};
pub use close::{close_worktree, find_unopened};
pub use crossing::{index_key_ids, unconfirmed_move, who_moved};
pub use exposure::{ExposedCommit, ExposedPath, Exposure, find_exposed};
pub use fresh::Fresh;
pub use git_crypt_head::find_closed;
pub use git_crypt_rules::{GitCryptSurroundings, RepositoryPaths};
pub use grant::{Candidate, Verified, grant, verify};
pub use lineage::find_later;
pub use lock::{Changes, LockPlan, find_changed, seal_worktree};
pub use meant::{People, Person};
pub use opened::{Opened, held_git_crypt_keys, held_keys, not_held, top, unknown_worktree};
use opened_with::OpenedWith;
pub use past::is_described_anywhere;
pub use prove::{SealedIds, find_sealed_ids};
pub use removal::{Removal, plan_removal};
pub use restage::{Restage, RestageError, restage, restage_git_crypt};
pub use roster::{
    GrantProblem, MemberFile, RESTORE, Roster, Standing, remove_from_shroud_dir, stage_shroud_dir,
};
pub use sealing::{refused_keys, sealing_key};
pub use taken_over::{taken_over, taken_over_here};
pub use theirs::theirs_names;
pub use trust::{Evidence, adopt, take_out_of_date};
pub use unlock::open_worktree;
pub use unwrap::{Attempt, Granted, Unwrapped, Unwrapper, open_message};

/// Files for which starting another thread pays.
const FILES_PER_THREAD: usize = 64;

/// Why a file was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum Left {
    /// It holds something else than git last saw there.
    #[error("it has local changes")]
    Changed,
    /// It is sealed in the repository, but no attribute says that it should be.
    #[error("it is sealed in the repository, but no attribute says so")]
    NotTracked,
    /// The repository itself holds it as plaintext.
    #[error("the repository holds its plaintext")]
    InTheClear,
    /// A link, a folder, a pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// What the repository holds is not in this clone.
    #[error("its blob is not in this clone")]
    NotHere,
    /// git changes its sealed bytes on their way into the worktree, by this attribute.
    #[error(
        "{0} makes git change the sealed bytes; end its line with '-text -ident -working-tree-encoding'"
    )]
    Converted(String),
    /// Its sealed bytes do not open.
    #[error(transparent)]
    Damaged(OpenError),
    /// It is encrypted by git-crypt and does not open.
    #[error(transparent)]
    GitCrypt(crate::git_crypt::OpenError),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its attributes or its blob cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<OpenError> for Left {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            error => Self::Damaged(error),
        }
    }
}

impl From<crate::git_crypt::OpenError> for Left {
    fn from(error: crate::git_crypt::OpenError) -> Self {
        match error {
            crate::git_crypt::OpenError::Io(error) => Self::Io(error),
            error => Self::GitCrypt(error),
        }
    }
}

/// The keys that are held: this program's own, and git-crypt's.
#[derive(Clone, Copy)]
pub struct Keys<'k> {
    /// This program's own.
    pub shroud: &'k Keyring,
    /// git-crypt's.
    pub git_crypt: &'k HeldKeys,
}

/// What was done in one worktree.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that were written.
    pub written: u64,
    /// Files whose key is not held, by the key's id.
    pub still_sealed: BTreeMap<KeyId, u64>,
    /// Files of git-crypt whose key is not held, by the key's name.
    pub still_encrypted: BTreeMap<Name, u64>,
    /// The keys of git-crypt that attributes name.
    pub git_crypt_names: BTreeSet<Name>,
    /// Files that the repository holds as plaintext.
    pub in_the_clear: u64,
    /// Files that were left as they are, and why.
    pub left: Vec<(Vec<u8>, Left)>,
    /// Paths with a merge conflict that would be sealed; they were not touched.
    pub unmerged: Vec<Vec<u8>>,
    /// Files that were opened, and are sealed with an earlier generation of their key than is described.
    pub retired: Files,
    /// Files that were opened, and are sealed with a key of another name than their attribute says.
    pub of_other_key: Files,
    opened_with: OpenedWith,
    /// Files that only git itself may write, as it converts them.
    by_git: Vec<Vec<u8>>,
    stats: Vec<(usize, Stat)>,
}

impl Report {
    /// Adds what was done elsewhere.
    pub fn absorb(&mut self, other: Self) {
        self.unmerged.extend(other.unmerged);
        self.written += other.written;
        self.in_the_clear += other.in_the_clear;
        for (id, count) in other.still_sealed {
            *self.still_sealed.entry(id).or_default() += count;
        }
        self.git_crypt_names.extend(other.git_crypt_names);
        for (name, count) in other.still_encrypted {
            *self.still_encrypted.entry(name).or_default() += count;
        }
        self.retired.absorb(other.retired);
        self.of_other_key.absorb(other.of_other_key);
        self.opened_with.absorb(other.opened_with);
        self.left.extend(other.left);
        self.by_git.extend(other.by_git);
        self.stats.extend(other.stats);
    }
}

/// What one thread needs to work on files.
struct Worker<'r> {
    repository: &'r Repository,
    keyring: &'r Keyring,
    git_crypt: &'r HeldKeys,
    worktree: Worktree<'r>,
    report: Report,
}

/// Runs `work` on every file, on all cores, and returns what was done.
fn sweep(
    repository: &Repository,
    keys: Keys<'_>,
    entries: &Entries,
    work: impl Fn(&mut Worker<'_>, &Entry, &PathAttributes) -> Result<(), Left> + Sync,
) -> Result<Report, GitError> {
    let (git_dir, top) = (repository.gix.git_dir(), repository.worktree.as_deref());
    let run = |_, files: &[Entry]| -> Result<Report, GitError> {
        // An open repository belongs to one thread.
        let repository = Repository::open(git_dir, top.map(Path::to_owned))?;
        let mut attributes = Attributes::new(&repository)?;
        let mut worker = Worker {
            repository: &repository,
            keyring: keys.shroud,
            git_crypt: keys.git_crypt,
            worktree: Worktree::new(&repository)?,
            report: Report::default(),
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
fn sweep_locked(
    repository: &Repository,
    keys: Keys<'_>,
    work: impl Fn(&mut Worker<'_>, &Entry, &PathAttributes) -> Result<(), Left> + Sync,
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

/// git looks at the files that were written. A mere refresh takes a file of another size for a changed one, unread.
fn add_by_git(repository: &Repository, entries: &Entries, report: &Report) -> Result<(), GitError> {
    let written: HashSet<usize> = report.stats.iter().map(|(place, _)| *place).collect();
    if written.is_empty() {
        return Ok(());
    }
    let mut paths = Vec::new();
    for entry in entries.files.iter().filter(|entry| written.contains(&entry.place)) {
        paths.extend_from_slice(&entry.path);
        paths.push(0);
    }
    repository.git.run_with_input(["update-index", "-z", "--stdin"], &paths)?;
    Ok(())
}

/// git writes those files that it converts on their way to the worktree.
fn check_out_by_git(repository: &Repository, report: &mut Report) -> Result<(), GitError> {
    if report.by_git.is_empty() {
        return Ok(());
    }
    let is_private = |path: &&Vec<u8>| {
        let file = repository.worktree.as_deref().zip(repo_path::to_native(path));
        let mode = file.and_then(|(top, path)| mode_of(&top.join(path)));
        mode.is_some_and(|mode| mode & 0o077 == 0)
    };
    let (private, shared): (Vec<_>, Vec<_>) = report.by_git.iter().partition(is_private);
    let mut failure = None;
    for (paths, is_private) in [(shared, false), (private, true)] {
        if paths.is_empty() {
            continue;
        }
        let mut listed = Vec::new();
        for path in paths {
            listed.extend_from_slice(path);
            listed.push(0);
        }
        let git = &repository.git;
        let check_out = ["checkout-index", "--force", "--index", "-z", "--stdin"];
        // git makes files as the umask says.
        let _private = is_private.then(PrivateUmask::set);
        failure = git.run_with_input(check_out, &listed).err().or(failure);
    }
    // What git has changed on the way did not open: the filter has handed it on, or refused it.
    let mut attributes = Attributes::new(repository)?;
    for path in std::mem::take(&mut report.by_git) {
        let file = repository.worktree.as_deref().zip(repo_path::to_native(&path));
        let start = file.and_then(|(top, path)| read_start(&top.join(path)).ok());
        let is_open = start.is_some_and(|(_, start)| {
            !matches!(format::sniff(&start), Sniff::Sealed(_)) && !is_encrypted(&start)
        });
        match attributes.of(&path)?.conversion.filter(|_| !is_open) {
            Some(setting) => report.left.push((path, Left::Converted(setting.to_string()))),
            None if is_open => report.written += 1,
            None => match failure.take() {
                Some(error) => return Err(error),
                None => report.left.push((path, Left::Damaged(OpenError::Authentication))),
            },
        }
    }
    Ok(())
}

/// Opens the file for reading and reads as much as tells what it is.
fn read_start(path: &Path) -> io::Result<(File, Vec<u8>)> {
    let mut file = open_regular(path)?;
    let mut start = Vec::with_capacity(HEADER_LEN);
    file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok((file, start))
}
