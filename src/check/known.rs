//! Which keys a history knows: those that `.shroud/` describes in a commit that is looked at, or did in any before it.
//!
//! The ids of retired keys stand encrypted in `key.toml` (docs/format.md, section 5). But each was the current one once,
//! so history names it as plaintext.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use super::branches::{Branch, Branches};
use super::described::{Described, KeyFiles};
use super::line::Line;
use super::{Finding, Problem, Report, Source, Subject, Suspect};
use crate::format::KeyId;
use crate::git::GitError;
use crate::git::database::Database;
use crate::git::history::that_changed;
use crate::git::objects::fetch_missing;
use crate::git::repository::Repository;
use crate::keyring::KeyName;
use crate::store::shroud_dir::{self, File};

/// Commits before a range whose histories are told apart; those of more are taken together.
const MAX_HISTORIES: usize = 16;

/// What the judges have left to be decided by history.
#[derive(Default)]
pub(super) struct Open {
    pub(super) found: Vec<Suspect>,
    /// Subjects whose `.shroud/` is not that of each parent.
    pub(super) touched: Vec<usize>,
}

/// Decides what depends on keys of earlier commits, and puts every finding into the report.
///
/// In a `shallow` clone the commit that described a key may be cut off: then an unknown one is no finding.
pub(super) fn settle(
    repository: &Repository,
    subjects: &[Subject],
    open: Open,
    shallow: bool,
    report: &mut Report,
) -> Result<(), GitError> {
    let Open { found, touched } = open;
    let mut histories = Histories::new(repository, subjects, &touched)?;
    let pending = found.iter().any(|found| found.pending.is_some());
    if pending || touched.iter().any(|&number| !subjects[number].parents.is_empty()) {
        histories.read_before(&mut report.missing)?;
    }
    if pending || !touched.is_empty() {
        histories.read_subjects(&mut report.missing)?;
    }
    let mut all: Vec<(usize, Vec<u8>, Problem)> = Vec::new();
    for &number in &touched {
        all.extend(histories.swapped(number, shallow, &mut report.missing)?);
    }
    for Suspect { subject, path, mut problem, pending } in found {
        if let Some((id, wanted)) = pending {
            match settled(&mut histories, subject, id, wanted) {
                Settled::Fine => continue,
                Settled::OtherKey(keys, wanted) => problem = Problem::OtherKey { keys, wanted },
                Settled::Unknown if shallow => {
                    report.shallow = true;
                    continue;
                }
                Settled::Unknown | Settled::AsFound => {}
            }
        }
        all.push((subject, path, problem));
    }
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    report.findings.extend(all.into_iter().map(|(subject, path, problem)| Finding {
        source: subjects[subject].source,
        path,
        problem,
    }));
    Ok(())
}

enum Settled {
    Fine,
    /// Nothing that was looked at describes the key.
    Unknown,
    AsFound,
    OtherKey(Vec<String>, KeyName),
}

fn settled(
    histories: &mut Histories<'_>,
    subject: usize,
    id: KeyId,
    wanted: Option<KeyName>,
) -> Settled {
    let names = histories.names_of(subject, id);
    match (names.is_empty(), wanted) {
        // What is sealed with the key of another repository is a file like any other.
        (true, None) => Settled::Fine,
        (true, Some(_)) => Settled::Unknown,
        (false, None) => Settled::AsFound,
        (false, Some(wanted)) if names.contains(wanted.as_str()) => Settled::Fine,
        (false, Some(wanted)) => Settled::OtherKey(names.into_iter().collect(), wanted),
    }
}

/// The descriptions that lead up to each subject, and those that follow.
struct Histories<'s> {
    repository: &'s Repository,
    database: Database<'s>,
    files: KeyFiles,
    subjects: &'s [Subject],
    touched: HashSet<usize>,
    /// By subject, with its own descriptions.
    up_to: Vec<Rc<Line>>,
    /// By commit, of those that are parents of subjects and no subjects.
    before: HashMap<ObjectId, Rc<Line>>,
    places: HashMap<ObjectId, usize>,
    later: Option<Vec<Rc<Line>>>,
    /// Read where a commit describes a key for the first time.
    branches: Option<Rc<Branches>>,
    /// Whether what a partial clone lacks may still be had.
    may_fetch: bool,
}

impl<'s> Histories<'s> {
    fn new(
        repository: &'s Repository,
        subjects: &'s [Subject],
        touched: &[usize],
    ) -> Result<Self, GitError> {
        let place = |(place, subject): (usize, &Subject)| Some((subject.commit()?, place));
        Ok(Self {
            repository,
            database: Database::open(repository)?,
            files: KeyFiles::default(),
            subjects,
            touched: touched.iter().copied().collect(),
            up_to: Vec::with_capacity(subjects.len()),
            before: HashMap::new(),
            places: subjects.iter().enumerate().filter_map(place).collect(),
            later: None,
            branches: None,
            may_fetch: true,
        })
    }

    /// Reads the histories that end where the subjects begin.
    fn read_before(&mut self, missing: &mut BTreeSet<ObjectId>) -> Result<(), GitError> {
        let parents = self.subjects.iter().flat_map(|subject| &subject.parents).copied();
        let tips: BTreeSet<_> =
            parents.filter(|parent| !self.places.contains_key(parent)).collect();
        let tips: Vec<_> = tips.into_iter().collect();
        let groups: Vec<&[ObjectId]> = match tips.len() {
            0 => return Ok(()),
            1..=MAX_HISTORIES => tips.chunks(1).collect(),
            _ => vec![&tips],
        };
        for group in groups {
            let line = Rc::new(self.read_line(group, missing)?);
            self.before.extend(group.iter().map(|tip| (*tip, Rc::clone(&line))));
        }
        Ok(())
    }

    /// Parents come before their children.
    fn read_subjects(&mut self, missing: &mut BTreeSet<ObjectId>) -> Result<(), GitError> {
        for (number, subject) in self.subjects.iter().enumerate() {
            let mut line = self.before(number);
            if self.touched.contains(&number) {
                let described = self.described(subject.source, missing)?;
                let mut with = (*line).clone();
                with.add(&described);
                if with != *line {
                    line = Rc::new(with);
                }
            }
            self.up_to.push(line);
        }
        Ok(())
    }

    /// What the parents of a subject, and all before them, have described.
    fn before(&self, number: usize) -> Rc<Line> {
        let parents = self.subjects[number].parents.iter();
        let line = |parent| match self.places.get(parent) {
            Some(&place) => self.up_to.get(place),
            None => self.before.get(parent),
        };
        Line::joined(parents.filter_map(line))
    }

    /// What a tree describes. In a partial clone the descriptions of earlier commits come as git itself would get them.
    fn described(
        &mut self,
        source: Source,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Rc<Described>, GitError> {
        let root = match source {
            Source::Tree(id) | Source::Index(id) => id,
            Source::Commit(id) => match self.database.tree_of(id)? {
                Some(tree) => tree,
                None => {
                    missing.insert(id);
                    return Ok(Rc::default());
                }
            },
        };
        let mut lacking = BTreeSet::new();
        let described = self.files.of_tree(&self.database, root, &mut lacking)?;
        if lacking.is_empty() {
            return Ok(described);
        }
        if self.may_fetch {
            self.may_fetch = fetch_missing(self.repository, &lacking)?;
        }
        self.files.of_tree(&self.database, root, missing)
    }

    /// The descriptions of a subject that do not follow from what was there before.
    fn swapped(
        &mut self,
        number: usize,
        shallow: bool,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Vec<(usize, Vec<u8>, Problem)>, GitError> {
        let subject = &self.subjects[number];
        let own = self.described(subject.source, missing)?;
        let mut parents = Vec::new();
        for &parent in &subject.parents {
            parents.push(self.described(Source::Commit(parent), missing)?);
        }
        let before = self.before(number);
        let mut swapped = Vec::new();
        for (name, description) in &own.0 {
            let Some((generation, id)) = description.key else { continue };
            let is_there = |parent: &Rc<Described>| parent.0.get(name) == Some(description);
            if !parents.is_empty() && parents.iter().all(is_there) {
                continue;
            }
            let twin = || {
                let first = own.names_of(id).next().filter(|first| first != name)?;
                Some(format!("the key with id {id} is '{first}' in the same commit"))
            };
            let mut why =
                before.objection(name, (generation, id), description.public).or_else(twin);
            // In a shallow clone a branch may have had the key before its history begins.
            if why.is_none() && !shallow && !before.has(name) {
                why = self.taken_elsewhere(&before, name, id, missing)?;
            }
            if let Some(why) = why {
                let Ok(key) = name.parse() else { continue };
                let path = File::Key(key).path().into_bytes();
                swapped.push((number, path, Problem::KeySwapped(why)));
            }
        }
        Ok(swapped)
    }

    /// Why a key that no commit before has described may not have its name: a branch that is here has given it to another key, and
    /// never to this one. A history with keys of its own answers to the main branch alone, so that nobody takes a name away from
    /// it by a branch; one without any, which is what an orphan has, to all.
    fn taken_elsewhere(
        &mut self,
        before: &Line,
        name: &str,
        id: KeyId,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Option<String>, GitError> {
        let branches = match &self.branches {
            Some(branches) => Rc::clone(branches),
            None => {
                let read = Rc::new(Branches::read(self.repository)?);
                Rc::clone(self.branches.insert(read))
            }
        };
        let others = if before.is_empty() { &branches.others[..] } else { &[] };
        for branch in branches.head.iter().chain(others) {
            let described = self.described(Source::Commit(branch.tip), missing)?;
            let Some(other) = described.0.get(name).and_then(|of| of.key) else { continue };
            let knows =
                other.1 == id || self.line_to(branch, missing)?.names_of(id).next().is_some();
            if !knows {
                let branch = crate::sanitise::line(&branch.name);
                return Ok(Some(format!(
                    "the key '{name}' has the id {id} here, but {} on {branch}, which never had this one",
                    other.1
                )));
            }
            if branches.head.as_ref().is_some_and(|head| head.tip == branch.tip) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// What the commits of a branch have described.
    fn line_to(
        &mut self,
        branch: &Branch,
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Rc<Line>, GitError> {
        let known = match self.places.get(&branch.tip) {
            Some(&place) => self.up_to.get(place),
            None => self.before.get(&branch.tip),
        };
        if let Some(line) = known {
            return Ok(Rc::clone(line));
        }
        let line = Rc::new(self.read_line(&[branch.tip], missing)?);
        self.before.insert(branch.tip, Rc::clone(&line));
        Ok(line)
    }

    /// What the commits that lead up to these have described, and these too.
    fn read_line(
        &mut self,
        tips: &[ObjectId],
        missing: &mut BTreeSet<ObjectId>,
    ) -> Result<Line, GitError> {
        let mut line = Line::default();
        for commit in that_changed(self.repository, tips, shroud_dir::NAME)? {
            line.add(&*self.described(Source::Commit(commit.id), missing)?);
        }
        Ok(line)
    }

    /// The names that a key has in the history of a subject. If it has none, what comes later counts too: a history that
    /// was rewritten holds sealed files from before the commit that described their key.
    fn names_of(&mut self, number: usize, id: KeyId) -> BTreeSet<String> {
        let names: BTreeSet<_> = self.up_to[number].names_of(id).map(str::to_owned).collect();
        if !names.is_empty() {
            return names;
        }
        match self.subjects[number].source {
            Source::Commit(_) => {
                let later = self
                    .later
                    .get_or_insert_with(|| later(self.subjects, &self.places, &self.up_to));
                later[number].names_of(id).map(str::to_owned).collect()
            }
            Source::Index(_) => names,
            // Nothing says which history it belongs to.
            Source::Tree(_) => {
                let lines = self.up_to.iter().chain(self.before.values());
                lines.flat_map(|line| line.names_of(id)).map(str::to_owned).collect()
            }
        }
    }
}

/// What the commits that descend from each subject describe.
fn later(
    subjects: &[Subject],
    places: &HashMap<ObjectId, usize>,
    up_to: &[Rc<Line>],
) -> Vec<Rc<Line>> {
    let mut later: Vec<Rc<Line>> = up_to.to_vec();
    let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, subject) in subjects.iter().enumerate() {
        for place in subject.parents.iter().filter_map(|parent| places.get(parent)) {
            children.entry(*place).or_default().push(number);
        }
    }
    for number in (0..subjects.len()).rev() {
        let Some(children) = children.get(&number) else { continue };
        let lines = children.iter().map(|&child| &later[child]).chain([&later[number]]);
        later[number] = Line::joined(lines);
    }
    later
}
