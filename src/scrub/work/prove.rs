//! The proof that a scrub did what it was to do, and nothing else.

use std::collections::BTreeSet;

use super::Work;
use super::fsck::{self, Checked};
use crate::git::repository::Repository;
use crate::scan::policy::Policy;
use crate::scan::walk::scope::Commits;
use crate::scrub::difference;
use crate::scrub::error::Outcome;
use crate::scrub::plan::{Plan, SealBy};
use crate::scrub::planned::Planned;
use crate::scrub::proof::Proof;
use crate::scrub::record::{Head, Record};
use crate::scrub::redact::Redactor;
use crate::scrub::redact::Value;
use crate::scrub::safety;
use crate::scrub::search;

impl Work<'_> {
    /// Searches, compares and lets git check.
    pub(super) fn prove(&self, record: &Record, plan: &Plan, values: &[Value]) -> Outcome<Proof> {
        // Opened again: there is a pack that it does not know of.
        let repository = self.repository.reopen()?;
        let redactor = (!values.is_empty()).then(|| Redactor::new(values, plan.archives));
        let searched = search::search(&repository, values, self.progress)?;
        let meter = self.progress.meter(match self.check_all {
            true => "checking all objects",
            false => "checking the new objects",
        });
        let checked = fsck::check(&repository, record, self.check_all)?;
        drop(meter);
        let mut dirty = Vec::new();
        for worktree in repository.all_worktrees()? {
            dirty.extend(safety::dirty(&worktree)?);
        }
        let tips: BTreeSet<_> = record
            .refs
            .iter()
            // The names in a tree of notes are ids of commits, and become others.
            .filter(|change| !change.name.0.starts_with(b"refs/notes/"))
            .filter_map(|change| Some((change.old?.0, change.new?.0)))
            .collect();
        // The attributes of today are those of before: that is what the plan was made by.
        let planned = self.planned_then(record, plan, redactor.as_ref())?;
        let (unplanned, plain) = match planned.filter(|_| !record.follows) {
            Some(planned) => (
                difference::unplanned(&repository, &planned, &tips)?,
                self.plain(&repository, plan, &planned)?,
            ),
            None => (Vec::new(), Vec::new()),
        };
        let Checked { faults: fsck, inherited } = checked;
        Ok(Proof { values: values.len(), searched, fsck, inherited, dirty, unplanned, plain })
    }

    /// The files that were to be sealed and are plaintext in some commit all the same.
    fn plain(
        &self,
        repository: &Repository,
        plan: &Plan,
        planned: &Planned<'_>,
    ) -> Outcome<Vec<Vec<u8>>> {
        let everywhere = plan.seal_by != Some(SealBy::EachCommit);
        if !everywhere || (plan.seal_by.is_none() && plan.seal.is_empty()) {
            return Ok(Vec::new());
        }
        let policy = Policy::of(repository, self.git_crypt, &Commits::default())?;
        Ok(policy.plain.into_keys().filter(|path| planned.is_to_be_sealed(path)).collect())
    }

    fn planned_then<'p>(
        &'p self,
        record: &Record,
        plan: &'p Plan,
        redactor: Option<&'p Redactor>,
    ) -> Outcome<Option<Planned<'p>>> {
        let own = Head::name_of(self.repository);
        let head = record.heads.iter().find(|head| head.linked == own);
        let head = head.or(record.heads.first()).and_then(|head| head.commit);
        let Some((old, _)) = head else { return Ok(None) };
        let planned = Planned::at(
            self.repository,
            &old.0.to_string(),
            plan,
            self.keyring,
            self.git_crypt,
            redactor,
        );
        Ok(Some(planned?))
    }
}
