//! Making good what a survey of files has found, and what else keeps files from being sealed.

use super::error::IndexError;
use super::restage::restage_git_crypt;
use super::seal_index::{seal_blobs, warn_of_values};
use crate::access::worktree::find_unopened;
use crate::clone::sealing::refused_keys;
use crate::clone::{CloneError, Keys, OpenClone, kept_keys_in};
use crate::error::count;
use crate::git::GitError;
use crate::git::last_changes::{Author, last_authors};
use crate::progress::Progress;
use crate::status::{FileStatus, State};

/// Seals and stages the files that are not sealed as they should be, or in another layout; with `rekey` also those that move to a key of another
/// name. Says who wrote what is sealed again, and returns how many files were.
///
/// # Errors
/// A file cannot be sealed; then nothing of its kind was staged.
pub fn fix(
    opened: &OpenClone,
    files: &[FileStatus],
    rekey: bool,
    progress: &dyn Progress,
) -> Result<u64, IndexError> {
    let is_meant = |file: &&FileStatus| {
        let moves = rekey && file.state.moves_to_another_key();
        let is_wanted = file.state.is_fixable() || file.can_change_form() || moves;
        is_wanted && file.git_crypt.is_none() && !opened.roster.malformed.contains_key(&file.key)
    };
    let fixable: Vec<FileStatus> = files.iter().filter(is_meant).cloned().collect();
    let of_git_crypt: Vec<&FileStatus> =
        files.iter().filter(|file| file.state.is_fixable() && file.git_crypt.is_some()).collect();
    let mut left = 0;
    if !fixable.is_empty() {
        name_authors(progress, opened, &fixable)?;
        let by_value = seal_blobs(opened, &fixable, false)?;
        warn_of_values(progress, &by_value);
        left = by_value.len();
    }
    if !of_git_crypt.is_empty() {
        restage_git_crypt(&opened.repository, &opened.keyring, &opened.git_crypt, &of_git_crypt)
            .map_err(IndexError::Sealing)?;
    }
    Ok((fixable.len() - left + of_git_crypt.len()) as u64)
}

/// Says who wrote what is about to be sealed again: that makes it look current.
fn name_authors(
    progress: &dyn Progress,
    opened: &OpenClone,
    files: &[FileStatus],
) -> Result<(), GitError> {
    let sealed = |file: &&FileStatus| {
        matches!(
            file.state,
            State::Retired { .. } | State::OtherKey { .. } | State::Undescribed { .. }
        )
    };
    let paths: Vec<_> = files.iter().filter(sealed).map(|file| file.path.clone()).collect();
    for Author { commit, paths } in last_authors(&opened.repository, &paths)? {
        progress.status(&format!(
            "commit {commit} changed {} of these, first {}",
            count(paths.len() as u64, "file"),
            crate::sanitise::path(&paths[0])
        ));
    }
    Ok(())
}

/// Names the keys that seal nothing, as somebody has put an earlier description back; says whether there is one.
pub fn report_refused(progress: &dyn Progress, opened: &OpenClone) -> bool {
    let refused = refused_keys(&opened.repository, &opened.roster, &opened.keyring);
    for (_, why) in &refused {
        progress.warning(&why.to_string());
        if let Some(hint) = why.hint() {
            progress.hint(hint);
        }
    }
    !refused.is_empty()
}

/// As after an interrupted unlock. Keys of the environment open no worktree as a whole.
///
/// # Errors
/// The worktree cannot be read.
pub fn warn_of_unopened(progress: &dyn Progress, opened: &OpenClone) -> Result<(), CloneError> {
    let repository = &opened.repository;
    let held = kept_keys_in(repository.common_dir(), repository.gix.git_dir()).unwrap_or_default();
    let keys = Keys { shroud: &held, git_crypt: &opened.git_crypt };
    let unopened = find_unopened(repository, keys)?;
    if unopened > 0 {
        progress.warning(&format!(
            "{} still sealed in the worktree, although the key is held",
            count(unopened, "file")
        ));
        progress.hint("'git shroud unlock' opens what an interrupted run has left");
    }
    Ok(())
}
