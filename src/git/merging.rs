//! What the user and the attributes say of merging (git-config, "merge.conflictStyle"; gitattributes).

use gix::attrs::StateRef;
use gix::bstr::ByteSlice as _;
use gix::worktree::stack::state::attributes::Source;

use super::GitError;
use super::command::Git;
use super::repository::Repository;

/// The attribute that says how a path is merged.
pub const MERGE_ATTRIBUTE: &str = "shroud-merge";

/// How a path is merged where both sides changed the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By its keys, as the attribute's value `keys` says.
    Keys,
    /// By its lines, as any other value says.
    Text,
}

/// What the attributes say of a path, which is relative to the top of the worktree; `None` where they say nothing.
///
/// # Errors
/// The path cannot be one in a worktree, or index or attributes cannot be read.
pub fn how(repository: &Repository, path: &[u8]) -> Result<Option<How>, GitError> {
    let gix = &repository.gix;
    let index = gix.index_or_empty().map_err(GitError::read)?;
    let source = match repository.worktree {
        Some(_) => Source::WorktreeThenIdMapping,
        None => Source::IdMapping,
    };
    let mut stack = gix.attributes_only(&index, source).map_err(GitError::read)?;
    let mut outcome = stack.selected_attribute_matches([MERGE_ATTRIBUTE]);
    let platform = stack.at_entry(path.as_bstr(), None).map_err(GitError::read)?;
    platform.matching_attributes(&mut outcome);
    let state = outcome.iter_selected().next().map(|found| found.assignment.state);
    Ok(match state {
        None | Some(StateRef::Unspecified) => None,
        Some(StateRef::Value(value)) if value.as_bstr() == "keys" => Some(How::Keys),
        Some(_) => Some(How::Text),
    })
}

/// What `merge.conflictStyle` is set to, also by `git -c`.
///
/// # Errors
/// git fails.
pub fn conflict_style(git: &Git) -> Result<Option<String>, GitError> {
    let style = git.query(["config", "--get", "merge.conflictStyle"])?;
    Ok(style.map(|style| style.to_string_lossy().into_owned()))
}
