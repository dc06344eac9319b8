//! What git asks the hooks of a push about: the commits that are new to the other side, and what the refs are to lead to.

use std::io::{self, Read};

use gix::ObjectId;

use super::GitError;
use super::database::{Database, Peeled};
use super::history::{self, Commit, RefUpdate};
use super::repository::Repository;

/// Bytes of git's lines at most: one for each ref of a push.
const MAX_INPUT: u64 = 256 << 20;

/// What a push brings: the commits that one side does not have, and what its refs will lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// The commits, parents before their children.
    pub commits: Vec<Commit>,
    /// What the refs will lead to: also tags and trees.
    pub tips: Vec<ObjectId>,
}

impl Pushed {
    /// By the lines that git gives a pre-receive hook: what no ref leads to yet.
    ///
    /// # Errors
    /// `lines` cannot be read or are not as git writes them, or git cannot list the commits.
    pub fn to_refs(repository: &Repository, lines: impl Read) -> Result<Self, GitError> {
        let tips = ids(history::received(&read(lines)?)?.iter(), |update| update.new);
        Ok(Self { commits: history::new_to_refs(repository, &tips)?, tips })
    }

    /// By the lines that git gives a pre-push hook: what this remote does not have yet.
    ///
    /// # Errors
    /// As [`Self::to_refs`].
    pub fn to_remote(
        repository: &Repository,
        remote: &str,
        lines: impl Read,
    ) -> Result<Self, GitError> {
        let updates = history::pushed(&read(lines)?)?;
        let tips = ids(updates.iter(), |update| update.new);
        let database = Database::open(repository)?;
        let mut known = ids(updates.iter(), |update| update.old);
        // What the remote has may never have been fetched.
        known.retain(|&id| matches!(database.peel(id), Ok(Peeled::Commit(_))));
        Ok(Self { commits: history::new_to_remote(repository, &tips, &known, remote)?, tips })
    }
}

/// By the lines that git gives a post-rewrite hook: the commits that were made in the place of others.
///
/// # Errors
/// As [`Pushed::to_refs`].
pub fn rewritten(repository: &Repository, lines: impl Read) -> Result<Vec<Commit>, GitError> {
    history::these(repository, &history::rewritten(&read(lines)?)?)
}

fn ids<'u>(
    updates: impl Iterator<Item = &'u RefUpdate>,
    of: impl Fn(&RefUpdate) -> ObjectId,
) -> Vec<ObjectId> {
    updates.map(of).filter(|id| !id.is_null()).collect()
}

fn read(from: impl Read) -> Result<Vec<u8>, GitError> {
    let mut lines = Vec::new();
    let named = |error: io::Error| io::Error::new(error.kind(), format!("standard input: {error}"));
    from.take(MAX_INPUT).read_to_end(&mut lines).map_err(named)?;
    Ok(lines)
}
