//! The branches that are here already, and what they call a key that a commit describes for the first time.

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::git::GitError;
use crate::git::repository::Repository;

/// Branches that are asked at most: those of a person who pushes thousands of them cost no more time than that.
const MAX_BRANCHES: usize = 64;

/// A branch, and the commit that it leads to.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// As git has it: not safe for a terminal.
    pub(super) name: String,
    pub(super) tip: ObjectId,
}

/// The branches of a repository.
#[derive(Debug, Default)]
pub(super) struct Branches {
    /// The one that `HEAD` is on: the main branch of a server.
    pub(super) head: Option<Branch>,
    pub(super) others: Vec<Branch>,
}

impl Branches {
    /// The branches as they are before a push, also those of remotes.
    pub(super) fn read(repository: &Repository) -> Result<Self, GitError> {
        let format = "--format=%(HEAD)%(objectname) %(refname)";
        let listed = ["for-each-ref", format, "refs/heads", "refs/remotes"];
        let listed = repository.git.run(listed)?;
        let mut branches = Self::default();
        for line in listed.lines() {
            let Some((mark, fields)) = line.split_at_checked(1) else { continue };
            let Some((id, name)) = fields.split_once_str(" ") else { continue };
            let tip = ObjectId::from_hex(id).map_err(GitError::read)?;
            let branch = Branch { name: name.to_str_lossy().into_owned(), tip };
            if mark == b"*" {
                branches.head = Some(branch);
            } else if branches.others.len() < MAX_BRANCHES {
                branches.others.push(branch);
            }
        }
        Ok(branches)
    }
}
