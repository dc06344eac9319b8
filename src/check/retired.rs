//! New content that is sealed with a generation which was retired before: whoever was removed still knows that key, and may
//! still be able to push.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use gix::ObjectId;
use gix::objs::TreeRef;

use super::described::MAX_KEY_FILE;
use super::{Finding, Problem, Report, Source, Subject, Suspect};
use crate::format::KeyId;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::history::that_changed;
use crate::git::repository::Repository;
use crate::git::tree_attributes::TreeAttributes;
use crate::git::tree_path::look_up;
use crate::keyring::KeyName;
use crate::store::shroud_dir::{File, KeyInfo};

/// A file that is sealed with another key than the tree describes under the name that its attribute says.
pub(super) struct Candidate {
    subject: usize,
    path: Vec<u8>,
    key: KeyId,
    wanted: KeyName,
}

/// The files whose generation only history can tell.
pub(super) fn candidates(found: &[Suspect]) -> Vec<Candidate> {
    let candidate = |found: &Suspect| match (&found.problem, &found.pending) {
        (Problem::UnknownKey(_), Some((key, Some(wanted)))) => Some(Candidate {
            subject: found.subject,
            path: found.path.clone(),
            key: *key,
            wanted: wanted.clone(),
        }),
        _ => None,
    };
    found.iter().filter_map(candidate).collect()
}

/// Adds to the report those that are sealed with an earlier generation than the tree describes, and that no parent has.
pub(super) fn find(
    repository: &Repository,
    subjects: &[Subject],
    candidates: Vec<Candidate>,
    report: &mut Report,
) -> Result<(), GitError> {
    if candidates.is_empty() {
        return Ok(());
    }
    let known: HashSet<_> =
        report.findings.iter().map(|found| (found.source.id(), found.path.clone())).collect();
    let mut search = Search {
        database: Database::open(repository)?,
        cache: TreeAttributes::default(),
        generations: BTreeMap::new(),
        blobs: HashMap::new(),
    };
    for Candidate { subject, path, key, wanted } in candidates {
        let source = subjects[subject].source;
        if known.contains(&(source.id(), path.clone())) {
            continue;
        }
        if !search.generations.contains_key(&wanted) {
            let generations = search.read(repository, subjects, &wanted)?;
            search.generations.insert(wanted.clone(), generations);
        }
        let of_key = |(id, generation): (&KeyId, &u32)| key.names(*id).then_some(*generation);
        let found = search.generations[&wanted].iter().find_map(of_key);
        let Some(generation) = found else { continue };
        let Some(current) = search.generation_in(source, &wanted)? else { continue };
        if generation < current && search.is_new(&subjects[subject], &path)? {
            let problem = Problem::RetiredKey { generation, current };
            report.findings.push(Finding { source, path, problem });
        }
    }
    Ok(())
}

struct Search<'r> {
    database: Database<'r>,
    cache: TreeAttributes,
    /// By name of the key: the generation of each id that history describes.
    generations: BTreeMap<KeyName, BTreeMap<KeyId, u32>>,
    /// All blobs of a tree.
    blobs: HashMap<ObjectId, HashSet<ObjectId>>,
}

impl Search<'_> {
    /// The generations that the subjects' histories describe.
    fn read(
        &mut self,
        repository: &Repository,
        subjects: &[Subject],
        name: &KeyName,
    ) -> Result<BTreeMap<KeyId, u32>, GitError> {
        let mut tips = BTreeSet::new();
        for subject in subjects {
            match subject.source {
                Source::Commit(id) => drop(tips.insert(id)),
                Source::Tree(_) | Source::Index(_) => tips.extend(&subject.parents),
            }
        }
        let tips: Vec<_> = tips.into_iter().collect();
        let mut generations = BTreeMap::new();
        for commit in that_changed(repository, &tips, &File::Key(name.clone()).path())? {
            if let Some(info) = self.described(Source::Commit(commit.id), name)? {
                generations.entry(info.id).or_insert(info.generation);
            }
        }
        Ok(generations)
    }

    fn generation_in(&mut self, source: Source, name: &KeyName) -> Result<Option<u32>, GitError> {
        Ok(self.described(source, name)?.map(|info| info.generation))
    }

    fn described(&mut self, source: Source, name: &KeyName) -> Result<Option<KeyInfo>, GitError> {
        let Some(tree) = self.tree(source)? else { return Ok(None) };
        let path = File::Key(name.clone()).path();
        let found = look_up(&self.database, &mut self.cache, tree, path.as_bytes())?;
        let Some(blob) = found.and_then(|found| found.blob) else { return Ok(None) };
        match self.database.header(blob)? {
            Some((_, len)) if len <= MAX_KEY_FILE => {}
            _ => return Ok(None),
        }
        let bytes = self.database.file(blob, MAX_KEY_FILE)?;
        Ok(bytes.and_then(|bytes| KeyInfo::parse(&bytes, name).ok()))
    }

    fn tree(&self, source: Source) -> Result<Option<ObjectId>, GitError> {
        match source {
            Source::Commit(id) => self.database.tree_of(id),
            Source::Tree(id) | Source::Index(id) => Ok(Some(id)),
        }
    }

    /// Whether no parent has the blob, wherever: what was only moved is old.
    fn is_new(&mut self, subject: &Subject, path: &[u8]) -> Result<bool, GitError> {
        let Some(tree) = self.tree(subject.source)? else { return Ok(false) };
        let found = look_up(&self.database, &mut self.cache, tree, path)?;
        let Some(blob) = found.and_then(|found| found.blob) else { return Ok(false) };
        for &parent in &subject.parents {
            let Some(tree) = self.database.tree_of(parent)? else { return Ok(false) };
            if !self.blobs.contains_key(&tree) {
                let blobs = self.blobs_of(tree)?;
                self.blobs = HashMap::from([(tree, blobs)]);
            }
            if self.blobs[&tree].contains(&blob) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn blobs_of(&self, root: ObjectId) -> Result<HashSet<ObjectId>, GitError> {
        let (mut blobs, mut seen, mut left) = (HashSet::new(), HashSet::new(), vec![root]);
        while let Some(tree) = left.pop() {
            if !seen.insert(tree) {
                continue;
            }
            let Some(bytes) = self.database.tree(tree)? else { continue };
            let entries = TreeRef::from_bytes(&bytes, tree.kind()).map_err(GitError::read)?;
            for entry in &entries.entries {
                if entry.mode.is_tree() {
                    left.push(entry.oid.to_owned());
                } else if entry.mode.is_blob() {
                    blobs.insert(entry.oid.to_owned());
                }
            }
        }
        Ok(blobs)
    }
}
