//! Writing blobs and naming them in the index, by git itself: every object format, permission and lock is its own.

use std::fs::File;
use std::path::PathBuf;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::index::entry::Flags;

use super::GitError;
use super::repository::Repository;
use crate::fs::in_temporary_folder;
use crate::fs::scratch_folder::ScratchFolder;

/// An index entry that is to name another blob.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Relative to the top of the worktree.
    pub path: Vec<u8>,
    /// Whether its mode is 100755.
    pub executable: bool,
    /// The blob.
    pub id: ObjectId,
}

/// Collects blobs and writes them with one git. What it is given must be sealed: it is in temporary files.
pub struct BlobWriter {
    dir: ScratchFolder,
    files: Vec<PathBuf>,
}

impl BlobWriter {
    /// Collects in a new temporary folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> Result<Self, GitError> {
        let dir = ScratchFolder::new();
        let dir = dir.map_err(|error| in_temporary_folder(&error))?;
        Ok(Self { dir, files: Vec::new() })
    }

    /// A file for the content of the next blob.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn add(&mut self) -> Result<File, GitError> {
        let path = self.dir.path().join(self.files.len().to_string());
        let file = File::create_new(&path).map_err(|error| in_temporary_folder(&error))?;
        self.files.push(path);
        Ok(file)
    }

    /// Writes the blobs and returns their ids, in the order in which they were added.
    ///
    /// # Errors
    /// git fails.
    pub fn finish(self, repository: &Repository) -> Result<Vec<ObjectId>, GitError> {
        let mut paths = Vec::new();
        for file in &self.files {
            let path = crate::repo_path::argument_bytes(file.as_os_str()).ok_or_else(|| {
                GitError::Read("the temporary folder's name is not UTF-8".to_owned())
            })?;
            paths.extend_from_slice(path);
            paths.push(b'\n');
        }
        let args = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
        let ids = repository.git.run_with_input(args, &paths)?;
        let ids: Vec<ObjectId> = ids
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| ObjectId::from_hex(line).map_err(GitError::read))
            .collect::<Result<_, _>>()?;
        if ids.len() == self.files.len() {
            Ok(ids)
        } else {
            Err(GitError::Read("git did not write all blobs".to_owned()))
        }
    }
}

/// Names the blobs in the index, all or none.
///
/// # Errors
/// git fails; then the index is as it was.
pub fn stage(repository: &Repository, staged: &[Staged]) -> Result<(), GitError> {
    stage_and_remove(repository, staged, &[])
}

/// Likewise, and takes other entries out of the index.
///
/// # Errors
/// git fails; then the index is as it was.
pub fn stage_and_remove(
    repository: &Repository,
    staged: &[Staged],
    removed: &[Vec<u8>],
) -> Result<(), GitError> {
    if staged.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for path in removed {
        lines.extend_from_slice(format!("0 {}\t", repository.gix.object_hash().null()).as_bytes());
        lines.extend_from_slice(path);
        lines.push(0);
    }
    for entry in staged {
        let mode = if entry.executable { "100755" } else { "100644" };
        lines.extend_from_slice(format!("{mode} {}\t", entry.id).as_bytes());
        lines.extend_from_slice(&entry.path);
        lines.push(0);
    }
    let index = repository.gix.index_or_empty().map_err(GitError::read)?;
    let (mut skipped, mut assumed) = (Vec::new(), Vec::new());
    for entry in staged {
        let flags = index.entry_by_path(entry.path.as_bstr()).map(|entry| entry.flags);
        // What has no entry of its own is below a folder outside a sparse checkout, if it is not new.
        let is_outside = || repository.is_sparse() && !is_in_worktree(repository, &entry.path);
        if flags.map_or_else(is_outside, |flags| flags.contains(Flags::SKIP_WORKTREE)) {
            skipped.extend_from_slice(&[&entry.path, &b"\0"[..]].concat());
        }
        if flags.is_some_and(|flags| flags.contains(Flags::ASSUME_VALID)) {
            assumed.extend_from_slice(&[&entry.path, &b"\0"[..]].concat());
        }
    }
    // A folder that stands for all below it must be written out first.
    let update = ["-c", "index.sparse=false", "update-index", "-z"];
    repository.git.run_with_input([&update[..], &["--index-info"]].concat(), &lines)?;
    // A new entry has lost both, and git would take the absent files for deleted.
    for (flag, paths) in [("--skip-worktree", skipped), ("--assume-unchanged", assumed)] {
        if !paths.is_empty() {
            repository.git.run_with_input([&update[..], &[flag, "--stdin"]].concat(), &paths)?;
        }
    }
    // git forgot what it knew of these files; exit status 1 only says that some have changes.
    repository.git.query(["update-index", "-q", "--refresh"]).map(drop)
}

fn is_in_worktree(repository: &Repository, path: &[u8]) -> bool {
    let place = repository.worktree.as_ref().zip(crate::repo_path::to_native(path));
    place.is_some_and(|(top, path)| top.join(path).symlink_metadata().is_ok())
}

/// What `git add` is told so that it stages what a sparse checkout leaves out. Before 2.34 git did so unasked, and knew no such option.
///
/// # Errors
/// git fails.
pub fn beyond_sparse(repository: &Repository) -> Result<&'static [&'static str], GitError> {
    let is_asked =
        || Ok::<_, GitError>(repository.git.version()?.is_none_or(|version| version >= (2, 34)));
    Ok(if repository.is_sparse() && is_asked()? { &["--sparse"] } else { &[] })
}

/// Stages files at the top of the worktree as they are there, also where a sparse checkout leaves them out.
///
/// # Errors
/// git fails.
pub fn add_at_top(repository: &Repository, paths: &[&str]) -> Result<(), GitError> {
    let arguments = [&["add", "--force"], beyond_sparse(repository)?, &["--"], paths].concat();
    repository.git.run(arguments).map(drop)
}
