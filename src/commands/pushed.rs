//! What git asks the hooks of a push about: the commits that are new to the other side, and what the refs are to lead to.

use std::io::Read as _;

use gix::ObjectId;

use crate::error::{Context as _, Outcome};
use crate::git::database::{Database, Peeled};
use crate::git::history::{self, Commit, RefUpdate};
use crate::git::repository::Repository;

/// Bytes of standard input at most: a line for each ref of a push.
const MAX_INPUT: u64 = 256 << 20;

/// What a push brings.
pub(super) struct Pushed {
    /// The commits that were not there, parents before their children.
    pub(super) commits: Vec<Commit>,
    /// What the refs are to lead to: also tags and trees.
    pub(super) tips: Vec<ObjectId>,
}

impl Pushed {
    /// By the lines that git gives a pre-receive hook: what no ref leads to yet.
    pub(super) fn to_refs(repository: &Repository) -> Outcome<Self> {
        let tips = ids(history::received(&read_lines()?)?.iter(), |update| update.new);
        Ok(Self { commits: history::new_to_refs(repository, &tips)?, tips })
    }

    /// By the lines that git gives a pre-push hook: what this remote does not have yet.
    pub(super) fn to_remote(repository: &Repository, remote: &str) -> Outcome<Self> {
        let updates = history::pushed(&read_lines()?)?;
        let tips = ids(updates.iter(), |update| update.new);
        let database = Database::open(repository)?;
        let mut known = ids(updates.iter(), |update| update.old);
        // What the remote has may never have been fetched.
        known.retain(|&id| matches!(database.peel(id), Ok(Peeled::Commit(_))));
        Ok(Self { commits: history::new_to_remote(repository, &tips, &known, remote)?, tips })
    }
}

/// By the lines that git gives a post-rewrite hook: the commits that were made in the place of others.
pub(super) fn rewritten(repository: &Repository) -> Outcome<Vec<Commit>> {
    Ok(history::these(repository, &history::rewritten(&read_lines()?)?)?)
}

fn ids<'u>(
    updates: impl Iterator<Item = &'u RefUpdate>,
    of: impl Fn(&RefUpdate) -> ObjectId,
) -> Vec<ObjectId> {
    updates.map(of).filter(|id| !id.is_null()).collect()
}

fn read_lines() -> Outcome<Vec<u8>> {
    let mut lines = Vec::new();
    let read = std::io::stdin().take(MAX_INPUT).read_to_end(&mut lines);
    read.context(|| "standard input".to_owned())?;
    Ok(lines)
}
