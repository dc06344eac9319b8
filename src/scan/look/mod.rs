//! The look itself: the walk with its matchers, and what becomes of the hits.

pub mod by_path;
mod origins;
mod sealed;
mod wanted;

use std::collections::BTreeSet;
use std::sync::Arc;

use gix::ObjectId;

use crate::detect::known::KnownValues;
use crate::detect::{Detector, Matcher, Rank, Seer};
use crate::error::count;
use crate::git::attributes::Attributes;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::progress::Progress;
use crate::scan::error::ScanError;
use crate::scan::findings::collect::{Collector, FoundBy};
use crate::scan::findings::gather::{Gather, Settling};
use crate::scan::findings::{Finding, Kind, LookedAt, Report, Unread};
use crate::scan::fingerprint::Fingerprinter;
use crate::scan::origin::{Memory, Traced, memory};
use crate::scan::policy::{Policy, is_to_be_sealed};
use crate::scan::walk;
use crate::scan::walk::cache::{self, Cache};
use crate::scan::walk::objects::Packs;
use crate::scan::walk::places::{self, WorktreeFiles};
use crate::scan::walk::scope::Scope;
use crate::scan::walk::seen::{Seen, UnreadReason, UnreadThing, Walked};
use by_path::ByPath;

/// What is looked at, and with what.
pub struct Look<'a> {
    /// Where.
    pub repository: &'a Repository,
    /// The keys that open sealed files, whose values are looked for elsewhere.
    pub keyring: &'a Keyring,
    /// git-crypt's, for the same.
    pub git_crypt: &'a HeldKeys,
    /// What is looked at.
    pub scope: &'a Scope,
    /// The files of the worktree in place of the scope.
    pub worktree: bool,
    /// What an earlier scan has looked at is looked at again.
    pub no_cache: bool,
}

impl Look<'_> {
    /// Looks for these patterns; the report is without its findings, which may yet be allowed.
    ///
    /// # Errors
    /// [`ScanError::Walk`] where the scope names nothing or the folders of objects cannot be read; [`ScanError::Git`] where
    /// git fails beside. An object that cannot be read is named in the report.
    pub fn run(
        &self,
        detector: &Detector,
        progress: &dyn Progress,
        fingerprinter: &Fingerprinter,
    ) -> Result<(Report, Vec<Finding>), ScanError> {
        let mut unfollowed = BTreeSet::new();
        // Without keys no sealed file says what to look for. Then the walk tells whether there are any at all.
        let is_late = *self.scope == Scope::All && !self.worktree && !self.holds_keys();
        let mut policy = match is_late {
            true => Policy::default(),
            false => self.policy_or_why_not(&mut unfollowed)?,
        };
        let (known, mut unlooked) = self.known(&policy)?;
        let mut cache = self.cache(detector, progress, &known, fingerprinter);
        let mut gather = Gather::default();
        let matchers: Vec<&dyn Matcher> = match known.is_empty() {
            true => vec![detector],
            false => vec![detector, &known],
        };
        let seer = Seer::new(matchers);
        let files = self.worktree.then(|| WorktreeFiles::list(self.repository)).transpose()?;
        let (walked, packs) = match &files {
            Some(files) => {
                let sink = |seen: &Seen<'_>| gather.take(seen);
                let unread = files.look(&seer, &sink);
                (Walked { unread, ..Walked::default() }, Packs::default())
            }
            None => {
                let (walked, packs, all) = self.walk(&seer, cache.as_mut(), progress)?;
                gather = all;
                (walked, packs)
            }
        };
        if is_late && walked.declares_sealing {
            policy = self.policy_or_why_not(&mut unfollowed)?;
        }
        if let Some(cache) = &cache {
            progress.detail(&format!(
                "an earlier scan had checked {} of {}",
                walked.passed,
                count(walked.objects, "object")
            ));
            if let Err(error) = cache.save(&cache::path(self.repository.common_dir())) {
                progress.detail(&format!("the next scan will be no faster: {error}"));
            }
        }
        let mut attributes = self.worktree.then(|| Attributes::new(self.repository)).transpose()?;
        let mut is_sealed =
            |path: &[u8]| attributes.as_mut().is_some_and(|of| is_to_be_sealed(of, path));
        let by_path = match &files {
            Some(files) => ByPath::of_worktree(files, detector, &mut is_sealed),
            None => ByPath::of(self.repository, detector, self.scope)?,
        };
        let mut targets = gather.targets();
        targets.extend(by_path.targets());
        let meter = progress.meter("looking for where they came from");
        let path = memory::path(self.repository.common_dir());
        let objects = cache.as_ref().and_then(Cache::objects);
        let memory = objects.map(|objects| Memory { path, objects, progress });
        let Traced { origins, unfollowed: lost } =
            self.origins(targets, &policy, &walked, packs, memory.as_ref())?;
        drop(meter);
        let settling =
            Settling { detector, known: &known, origins: &origins, staged: &self.staged(&gather)? };
        let mut collector = Collector::new();
        if self.is_in_scope() {
            add_policy(&policy, &settling, &mut collector);
        }
        by_path.settle(&settling, &mut collector);
        gather.settle(&settling, &mut is_sealed, &mut collector);
        let mut unread: BTreeSet<Unread> = walked.unread.iter().map(say_unread).collect();
        unread.append(&mut unfollowed);
        unread.append(&mut unlooked);
        unread.extend(lost.map(|reason| Unread {
            what: "commits that the findings came from".to_owned(),
            reason,
        }));
        if self.is_in_scope() {
            let missing = |id: &ObjectId| Unread {
                what: id.to_string(),
                reason: UnreadReason::Missing.to_string(),
            };
            unread.extend(policy.missing.iter().map(missing));
        }
        let commits = walked.commits.len() as u64;
        let mut notes = Vec::new();
        if self.is_in_scope() && places::has_submodules(self.repository) {
            notes.push("submodules are separate repositories: scan each in its folder".into());
        }
        let report = Report {
            notes,
            looked_at: LookedAt {
                blobs: walked.objects.saturating_sub(walked.trees + walked.tags + commits),
                commits,
                tags: walked.tags,
                others: files.map_or(0, |files| files.paths.len() as u64),
                bytes: walked.bytes,
            },
            unread: unread.into_iter().collect(),
            trivial: known.trivial(),
            ..Report::default()
        };
        Ok((report, collector.finish(fingerprinter)))
    }

    /// Walks through the scope.
    fn walk(
        &self,
        seer: &Seer<'_>,
        mut cache: Option<&mut Cache>,
        progress: &dyn Progress,
    ) -> Result<(Walked, Packs, Gather), ScanError> {
        let meter = progress.meter("checking objects");
        loop {
            let gather = Gather::default();
            let sink = |seen: &Seen<'_>| gather.take(seen);
            let known = cache.as_deref_mut();
            let (walked, packs) =
                walk::look(self.repository, seer, self.scope, known, &sink, &meter)
                    .map_err(ScanError::Walk)?;
            let Some(cache) = &mut cache else { return Ok((walked, packs, gather)) };
            if gather.recall(&walked.known, cache.texts()) {
                cache.replace_texts(gather.known(cache));
                return Ok((walked, packs, gather));
            }
            // Somebody else's cache, or an object by which others are told cannot be read now.
            cache.forget();
        }
    }

    /// What an earlier scan has looked at, for a look at everything: what is less is quick enough.
    fn cache(
        &self,
        detector: &Detector,
        progress: &dyn Progress,
        known: &KnownValues,
        fingerprinter: &Fingerprinter,
    ) -> Option<Cache> {
        if self.no_cache || self.worktree || *self.scope != Scope::All {
            return None;
        }
        let mut cache = Cache::new(detector, known, fingerprinter)?;
        if let Err(error) = cache.load(&cache::path(self.repository.common_dir())) {
            progress.warning(&format!("{error}; scanning everything again"));
        }
        Some(cache)
    }
}

fn add_policy(policy: &Policy, settling: &Settling<'_>, collector: &mut Collector) {
    let by = Arc::new(FoundBy {
        kind: Kind::Policy,
        rule: "policy".to_owned(),
        description: "plaintext at a path that should be sealed".to_owned(),
        advice: "seal it (git shroud status --fix), and change the secrets in it".to_owned(),
        specificity: u8::MAX,
    });
    for (path, versions) in &policy.plain {
        let facts = vec![count(versions.len() as u64, "version")];
        for id in versions {
            let Some(occurrence) = settling.object_at(*id, path) else { continue };
            collector.add_path(path, &by, Rank::Certain, facts.clone(), occurrence);
        }
    }
}

fn say_unread(unread: &walk::objects::Unread) -> Unread {
    let what = match &unread.what {
        UnreadThing::Object(id) => id.to_string(),
        UnreadThing::File(name) => name.clone(),
    };
    Unread { what, reason: unread.why.to_string() }
}
