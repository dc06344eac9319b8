//! The look itself: the walk with its matchers, and what becomes of the hits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use gix::ObjectId;

use super::super::Context;
use super::sealed;
use crate::detect::known::{Gathering, KnownValues};
use crate::detect::{Detector, Rank, Seer};
use crate::error::{CommandError, Outcome, count};
use crate::git::attributes::Attributes;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::git_crypt::HeldKeys;
use crate::keyring::Keyring;
use crate::scan::findings::collect::{Collector, FoundBy};
use crate::scan::findings::gather::{Gather, Settling};
use crate::scan::findings::{LookedAt, Unread};
use crate::scan::look::by_path::ByPath;
use crate::scan::origin::{self as provenance, Origin, Traced};
use crate::scan::policy::{Policy, is_to_be_sealed};
use crate::scan::walk::cache::{self, Cache};
use crate::scan::walk::objects::{Walked, What, Why};
use crate::scan::walk::places::{self, WorktreeFiles};
use crate::scan::walk::scope::{Commits, Pushed};
use crate::scan::{Finding, Fingerprinter, Kind, Report, Scope};

/// Bytes of a commit's message of which the first line is shown.
const MAX_COMMIT: u64 = 1 << 20;
/// Characters of a first line that are shown.
const MAX_SUBJECT: usize = 200;

/// What is looked at, and with what.
pub(in crate::commands) struct Look<'a> {
    pub(in crate::commands) repository: &'a Repository,
    pub(in crate::commands) keyring: &'a Keyring,
    pub(in crate::commands) git_crypt: &'a HeldKeys,
    pub(in crate::commands) detector: &'a Detector,
    pub(in crate::commands) scope: &'a Scope,
    pub(in crate::commands) worktree: bool,
    pub(in crate::commands) no_cache: bool,
}

impl Look<'_> {
    /// Looks; the report is without its findings, which may yet be allowed.
    pub(in crate::commands) fn run(
        &self,
        context: &Context,
        fingerprinter: &Fingerprinter,
    ) -> Outcome<(Report, Vec<Finding>)> {
        let mut unfollowed = BTreeSet::new();
        let policy = self.policy_or_why_not(&mut unfollowed)?;
        let (known, mut unlooked) = self.known(&policy)?;
        let mut cache = self.cache(context, &known, fingerprinter);
        let gather = Gather::default();
        let matchers: Vec<&dyn crate::detect::Matcher> = match known.is_empty() {
            true => vec![self.detector],
            false => vec![self.detector, &known],
        };
        let seer = Seer::new(matchers);
        let sink = |seen: &crate::scan::walk::objects::Seen<'_>| gather.take(seen);
        let files = self.worktree.then(|| WorktreeFiles::list(self.repository)).transpose()?;
        let walked = match &files {
            Some(files) => Walked { unread: files.look(&seer, &sink), ..Walked::default() },
            None => {
                crate::scan::walk::look(self.repository, &seer, self.scope, cache.as_mut(), &sink)
                    .map_err(|error| {
                    CommandError::from(error)
                        .hint("name commits as 'git log' does, as in origin/main..HEAD")
                })?
            }
        };
        if let Some(cache) = &cache {
            context.ui.detail(format!(
                "{} of {} were looked at by an earlier scan",
                walked.passed,
                count(walked.objects, "object")
            ));
            if let Err(error) = cache.save(&cache::path(self.repository.common_dir())) {
                context.ui.detail(format!("the next scan will be no faster: {error}"));
            }
        }
        let mut attributes = self.worktree.then(|| Attributes::new(self.repository)).transpose()?;
        let mut is_sealed =
            |path: &[u8]| attributes.as_mut().is_some_and(|of| is_to_be_sealed(of, path));
        let by_path = match &files {
            Some(files) => ByPath::of_worktree(files, self.detector, &mut is_sealed),
            None => ByPath::of(self.repository, self.detector, self.scope)?,
        };
        let mut targets = gather.targets();
        targets.extend(by_path.targets());
        let Traced { origins, unfollowed: lost } = self.origins(targets, &policy, &walked)?;
        let settling = Settling {
            detector: self.detector,
            known: &known,
            origins: &origins,
            staged: &self.staged(&gather)?,
            subjects: &self.subjects(&origins)?,
        };
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
            what: "commits from which what was found came".to_owned(),
            reason,
        }));
        if self.is_in_scope() {
            let missing =
                |id: &ObjectId| Unread { what: id.to_string(), reason: Why::Missing.to_string() };
            unread.extend(policy.missing.iter().map(missing));
        }
        let commits = walked.commits.len() as u64;
        let mut notes = Vec::new();
        if self.is_in_scope() && places::has_submodules(self.repository) {
            notes.push("submodules are repositories of their own: scan each in its folder".into());
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

    /// What an earlier scan has looked at, for a look at everything: what is less is quick enough.
    fn cache(
        &self,
        context: &Context,
        known: &KnownValues,
        fingerprinter: &Fingerprinter,
    ) -> Option<Cache> {
        if self.no_cache || self.worktree || *self.scope != Scope::All {
            return None;
        }
        let mut cache = Cache::new(self.detector, known, fingerprinter)?;
        if let Err(error) = cache.load(&cache::path(self.repository.common_dir())) {
            context.ui.warning(format!("{error}; everything is looked at anew"));
        }
        Some(cache)
    }

    /// Whether what commits brought is looked at; what is staged is judged by 'check --staged'.
    fn is_in_scope(&self) -> bool {
        !self.worktree && *self.scope != Scope::Staged
    }

    /// What git cannot follow, such as a ref that leads nowhere, must not keep the rest from being looked at.
    fn policy_or_why_not(&self, unread: &mut BTreeSet<Unread>) -> Outcome<Policy> {
        match self.policy() {
            Err(error) if *self.scope == Scope::All && !self.worktree => {
                let what = "paths that are to be sealed".to_owned();
                unread.insert(Unread { what, reason: error.to_string() });
                Ok(Policy::default())
            }
            policy => policy,
        }
    }

    fn policy(&self) -> Outcome<Policy> {
        let commits = match self.scope {
            Scope::Commits(commits) if !self.holds_keys() => commits.clone(),
            // What is sealed anywhere is looked for.
            _ => Commits::kept(),
        };
        let needed = self.is_in_scope() || self.holds_keys();
        if !needed {
            return Ok(Policy::default());
        }
        if let Scope::Pushed(pushed) = self.scope {
            return self.policy_of(pushed);
        }
        if !self.is_in_scope() {
            return Ok(Policy::of_index(self.repository)?);
        }
        let mut policy = Policy::of(self.repository, self.git_crypt, &commits)?;
        if let Scope::Commits(commits) = self.scope
            && self.holds_keys()
        {
            let brought = commits.versions(self.repository)?.into_iter().collect::<BTreeSet<_>>();
            for (path, versions) in &mut policy.plain {
                versions.retain(|id| brought.contains(&(path.clone(), *id)));
            }
            policy.plain.retain(|_, versions| !versions.is_empty());
        }
        Ok(policy)
    }

    /// A push does not wait for all of history: the sealed files are those that it brings and those of the index.
    fn policy_of(&self, pushed: &Pushed) -> Outcome<Policy> {
        let mut policy = Policy::of_pushed(self.repository, self.git_crypt, pushed)?;
        if self.holds_keys() && self.repository.worktree.is_some() {
            policy.sealed.extend(Policy::of_index(self.repository)?.sealed);
        }
        Ok(policy)
    }

    /// The values of every version of every sealed file that a held key opens, and what is not looked for.
    fn known(&self, policy: &Policy) -> Outcome<(KnownValues, BTreeSet<Unread>)> {
        if !self.holds_keys() {
            return Ok((Gathering::default().finish(), BTreeSet::new()));
        }
        let opener = sealed::Opener { keyring: self.keyring, git_crypt: self.git_crypt };
        opener.values(&Database::open(self.repository)?, policy)
    }

    /// Whether any sealed file can be opened here.
    fn holds_keys(&self) -> bool {
        !self.keyring.is_empty() || !self.git_crypt.is_empty()
    }

    fn origins(
        &self,
        mut targets: BTreeSet<ObjectId>,
        policy: &Policy,
        walked: &Walked,
    ) -> Outcome<Traced> {
        if self.is_in_scope() {
            targets.extend(policy.plain.values().flatten());
        }
        let targets: Vec<_> = targets.into_iter().collect();
        Ok(provenance::trace(self.repository, &targets, &walked.commits)?)
    }

    /// The paths of what is staged; nobody asks where nothing was found.
    fn staged(&self, gather: &Gather) -> Outcome<BTreeMap<ObjectId, Vec<Vec<u8>>>> {
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
    fn subjects(&self, origins: &HashMap<ObjectId, Origin>) -> Outcome<HashMap<ObjectId, String>> {
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

fn add_policy(policy: &Policy, settling: &Settling<'_>, collector: &mut Collector) {
    let by = Arc::new(FoundBy {
        kind: Kind::Policy,
        rule: "policy".to_owned(),
        description: "plaintext at a path that is to be sealed".to_owned(),
        advice: "seal it (git shroud status --fix), and change what stands in it".to_owned(),
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

fn say_unread(unread: &crate::scan::walk::objects::Unread) -> Unread {
    let what = match &unread.what {
        What::Object(id) => id.to_string(),
        What::File(name) => name.clone(),
    };
    Unread { what, reason: unread.why.to_string() }
}

/// The paths of files with findings, but for those that are to be sealed already.
pub(in crate::commands) fn paths(report: &Report) -> BTreeSet<Vec<u8>> {
    use crate::scan::findings::PlaceKind;
    let places = report.findings.iter().filter(|found| found.kind != Kind::Policy);
    let places = places.flat_map(|found| &found.occurrences).map(|occurrence| &occurrence.place);
    let is_file = |kind| matches!(kind, PlaceKind::File | PlaceKind::Staged | PlaceKind::Worktree);
    places
        .filter(|place| is_file(place.kind) && !place.name.is_empty())
        .map(|place| place.name.clone())
        .collect()
}
