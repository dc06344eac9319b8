//! Where what was found came from: commits, and paths in the index.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;

use super::Look;
use crate::git::GitError;
use crate::scan::findings::gather::Gather;
use crate::scan::origin::{self, Memory, Traced};
use crate::scan::policy::Policy;
use crate::scan::walk::objects::Packs;
use crate::scan::walk::scope::Scope;
use crate::scan::walk::seen::Walked;

impl Look<'_> {
    pub(super) fn origins(
        &self,
        mut targets: BTreeSet<ObjectId>,
        policy: &Policy,
        walked: &Walked,
        packs: Packs,
        memory: Option<&Memory<'_>>,
    ) -> Result<Traced, GitError> {
        if self.is_in_scope() {
            targets.extend(policy.plain.values().flatten());
        }
        let targets: Vec<_> = targets.into_iter().collect();
        origin::trace(self.repository, &targets, &walked.commits, packs, memory)
    }

    /// The paths of what is staged; nobody asks where nothing was found.
    pub(super) fn staged(
        &self,
        gather: &Gather,
    ) -> Result<BTreeMap<ObjectId, Vec<Vec<u8>>>, GitError> {
        let mut staged: BTreeMap<ObjectId, Vec<Vec<u8>>> = BTreeMap::new();
        if self.repository.worktree.is_some()
            && !self.worktree
            && !gather.targets().is_empty()
            && let Some(selected) = Scope::Staged.select(self.repository)?
        {
            for (path, id) in selected.paths {
                staged.entry(id).or_default().push(path);
            }
        }
        Ok(staged)
    }
}
