//! Where what was found came from: commits with the first lines of their messages, and paths in the index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use super::Look;
use crate::git::GitError;
use crate::git::database::Database;
use crate::scan::findings::gather::Gather;
use crate::scan::origin::{self, Origin, Traced};
use crate::scan::policy::Policy;
use crate::scan::walk::objects::Packs;
use crate::scan::walk::scope::Scope;
use crate::scan::walk::seen::Walked;

/// Bytes of the largest commit whose first line of the message is shown.
const MAX_COMMIT: u64 = 1 << 20;
/// Characters of a first line that are shown.
const MAX_SUBJECT: usize = 200;

impl Look<'_> {
    pub(super) fn origins(
        &self,
        mut targets: BTreeSet<ObjectId>,
        policy: &Policy,
        walked: &Walked,
        packs: Packs,
    ) -> Result<Traced, GitError> {
        if self.is_in_scope() {
            targets.extend(policy.plain.values().flatten());
        }
        let targets: Vec<_> = targets.into_iter().collect();
        origin::trace(self.repository, &targets, &walked.commits, packs)
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

    /// First lines of messages.
    pub(super) fn subjects(
        &self,
        origins: &HashMap<ObjectId, Origin>,
    ) -> Result<HashMap<ObjectId, String>, GitError> {
        let ends = |origin: &Origin| {
            let at_paths = origin.paths.iter().flat_map(|at| [&at.introduced, &at.last]);
            let all = at_paths.chain([&origin.introduced, &origin.last]).flatten();
            all.map(|commit| commit.id).collect::<Vec<_>>()
        };
        let commits: BTreeSet<_> = origins.values().flat_map(ends).collect();
        let mut subjects = HashMap::new();
        if commits.is_empty() {
            return Ok(subjects);
        }
        let database = Database::open(self.repository)?;
        for id in commits {
            let Ok(Some(commit)) = database.commit(id, MAX_COMMIT) else { continue };
            let message = gix::bstr::ByteSlice::find(&commit[..], "\n\n")
                .map_or(&[][..], |at| &commit[at + 2..]);
            let line = message.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line).chars().take(MAX_SUBJECT).collect();
            subjects.insert(id, line);
        }
        Ok(subjects)
    }
}
