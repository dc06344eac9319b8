//! Rules that look for the name of a file, such as `*.p12`, whatever is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gix::ObjectId;

use crate::detect::{Detector, Rule};
use crate::format::{HEADER_LEN, Sniff, sniff};
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::repository::Repository;
use crate::repo_path;
use crate::scan::findings::collect::{Collector, FoundBy};
use crate::scan::findings::gather::Settling;
use crate::scan::findings::{Kind, Location, LocationKind, Occurrence};
use crate::scan::walk::places::WorktreeFiles;
use crate::scan::walk::scope::{Commits, Scope};

/// Files whose name is looked for: each rule, with the paths and their versions. A file of the worktree has none.
#[derive(Default)]
pub struct ByPath {
    found: BTreeMap<(usize, Vec<u8>), BTreeSet<ObjectId>>,
}

impl ByPath {
    /// What a scope has. Sealed and empty files are none of it.
    ///
    /// # Errors
    /// A revision names nothing, git fails, or an object is damaged.
    pub fn of(
        repository: &Repository,
        detector: &Detector,
        scope: &Scope,
    ) -> Result<Self, GitError> {
        let mut by_path = Self::default();
        if !is_wanted(detector) {
            return Ok(by_path);
        }
        let mut versions = match scope {
            Scope::All => Commits::kept().versions(repository)?,
            Scope::Commits(commits) => commits.versions(repository)?,
            Scope::Pushed(_) => {
                scope.select(repository)?.into_iter().flat_map(|pushed| pushed.paths).collect()
            }
            Scope::Staged => Vec::new(),
        };
        if matches!(scope, Scope::All | Scope::Staged)
            && repository.worktree.is_some()
            && let Some(staged) = Scope::Staged.select(repository)?
        {
            versions.extend(staged.paths);
        }
        let database = Database::open(repository)?;
        for (path, id) in versions {
            for rule in rules(detector, &path) {
                // What is not here may be plaintext.
                let start = database.start(id, HEADER_LEN)?;
                if start.is_none_or(|start| sniff(&start.bytes) == Sniff::NotSealed) {
                    by_path.found.entry((rule, path.clone())).or_default().insert(id);
                }
            }
        }
        Ok(by_path)
    }

    /// What the worktree has. `is_sealed` tells the paths that are plaintext there and nowhere else.
    pub fn of_worktree(
        files: &WorktreeFiles<'_>,
        detector: &Detector,
        is_sealed: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Self {
        let mut by_path = Self::default();
        if !is_wanted(detector) {
            return by_path;
        }
        for path in &files.paths {
            let native = repo_path::to_native(path);
            let metadata = native.map(|path| files.top.join(path).symlink_metadata());
            let is_full = matches!(metadata, Some(Ok(of)) if of.is_file() && of.len() > 0);
            for rule in rules(detector, path) {
                if is_full && !is_sealed(path) {
                    by_path.found.entry((rule, path.clone())).or_default();
                }
            }
        }
        by_path
    }

    /// The objects whose origin must be known.
    pub fn targets(&self) -> impl Iterator<Item = ObjectId> {
        self.found.values().flatten().copied()
    }

    /// Adds a finding for each path.
    pub fn settle(&self, settling: &Settling<'_>, collector: &mut Collector) {
        for ((rule, path), versions) in &self.found {
            let rule = settling.detector.rule(*rule);
            let by = Arc::new(FoundBy {
                kind: Kind::Pattern,
                rule: rule.id.clone(),
                description: rule.about.clone(),
                advice: rule.revoke.clone(),
                specificity: rule.weight(),
            });
            let mut occurrences = Vec::new();
            for id in versions {
                occurrences.extend(settling.object_at(*id, path));
            }
            if versions.is_empty() {
                let name = path.clone();
                let place =
                    Location { kind: LocationKind::Worktree, name, span: None, views: Vec::new() };
                occurrences.push(Occurrence::new(place));
            }
            for occurrence in occurrences {
                collector.add_path(path, &by, rule.rank, [], occurrence);
            }
        }
    }
}

/// Whether any rule looks for names.
fn is_wanted(detector: &Detector) -> bool {
    let foreign = detector.rules().iter().filter_map(|rule| rule.foreign.as_ref());
    foreign.into_iter().any(|foreign| foreign.is_by_path())
}

/// The rules that look for this name.
fn rules<'d>(detector: &'d Detector, path: &'d [u8]) -> impl Iterator<Item = usize> + 'd {
    let names = |rule: &Rule| rule.foreign.as_ref().is_some_and(|foreign| foreign.names(path));
    detector.rules().iter().enumerate().filter(move |(_, rule)| names(rule)).map(|(at, _)| at)
}
