//! What needs no pattern: plaintext at a path that should be sealed, by the attributes of today or by those of the commit
//! that brought it. And the sealed files themselves, whose values must stand nowhere else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use super::walk::objects::entries;
use super::walk::scope::Commits;
use crate::check::{self, Problem, Subject};
use crate::format::{HEADER_LEN, Sniff, sniff};
use crate::git::GitError;
use crate::git::attributes::{Attributes, PathAttributes};
use crate::git::database::Database;
use crate::git::history::{self, Commit};
use crate::git::pushed::Pushed;
use crate::git::repository::Repository;
use crate::git::tree_attributes::FILE_NAME;
use crate::git_crypt::HeldKeys;
use crate::values::{self, Look, MAX_SEALED, Mode};

/// The versions of the files that should be sealed, or are.
#[derive(Debug, Default)]
pub struct Policy {
    /// Plaintext blobs at paths that should be sealed.
    pub plain: BTreeMap<Vec<u8>, BTreeSet<ObjectId>>,
    /// Blobs that are sealed, by this program or by git-crypt, each with one of its paths.
    pub sealed: BTreeMap<ObjectId, Vec<u8>>,
    /// Objects that are not here, so that nothing is known of them.
    pub missing: BTreeSet<ObjectId>,
}

impl Policy {
    /// Looks at every version of every file that a commit of `commits` brought.
    ///
    /// # Errors
    /// git fails, or an object is damaged.
    pub fn of(
        repository: &Repository,
        git_crypt: &HeldKeys,
        commits: &Commits,
    ) -> Result<Self, GitError> {
        let kept = history::kept(repository)?;
        if !is_declared(repository, &kept)? {
            return Ok(Self::default());
        }
        let listed = match commits.revisions.is_empty() {
            true if commits.reflogs => kept,
            true => history::everywhere(repository)?,
            false => history::in_range(repository, &commits.revisions)?,
        };
        Self::brought(repository, git_crypt, listed, || commits.versions(repository))
    }

    /// Looks at every version of every file that a push brings.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_pushed(
        repository: &Repository,
        git_crypt: &HeldKeys,
        pushed: &Pushed,
    ) -> Result<Self, GitError> {
        Self::brought(repository, git_crypt, pushed.commits.clone(), || pushed.versions(repository))
    }

    fn brought(
        repository: &Repository,
        git_crypt: &HeldKeys,
        commits: Vec<Commit>,
        versions: impl FnOnce() -> Result<Vec<(Vec<u8>, ObjectId)>, GitError>,
    ) -> Result<Self, GitError> {
        let mut policy = Self::default();
        let by_their_commit = policy.judged(repository, git_crypt, commits)?;
        // The look above has seen that trees do not stand for more paths than git has time to list.
        let versions: BTreeSet<_> = versions()?.into_iter().collect();
        let database = Database::open(repository)?;
        let mut attributes = Attributes::new(repository)?;
        let mut contents: HashMap<ObjectId, Option<bool>> = HashMap::new();
        let mut last: Option<(Vec<u8>, bool)> = None;
        for (path, id) in versions {
            let declared = match last.take() {
                Some((of, declared)) if of == path => declared,
                _ => by_their_commit.contains(&path) || is_to_be_sealed(&mut attributes, &path),
            };
            // What is sealed may be anywhere, but is looked for where it may be: at these paths.
            if declared {
                let sealed = match contents.get(&id) {
                    Some(&known) => known,
                    None => {
                        let of = attributes.of(&path).ok();
                        let content = policy.content(&database, &path, of.as_ref(), id)?;
                        contents.insert(id, content);
                        content
                    }
                };
                match sealed {
                    Some(true) => drop(policy.sealed.entry(id).or_insert_with(|| path.clone())),
                    Some(false) => {
                        policy.plain.entry(path.clone()).or_default().insert(id);
                    }
                    None => {}
                }
            }
            last = Some((path, declared));
        }
        Ok(policy)
    }

    /// The sealed files in the index alone, for a look that must be quick.
    ///
    /// # Errors
    /// git fails, or an object is damaged.
    pub fn of_index(repository: &Repository) -> Result<Self, GitError> {
        let mut policy = Self::default();
        let database = Database::open(repository)?;
        let mut attributes = Attributes::new(repository)?;
        // Each entry is 'MODE ID STAGE', a tab and the path.
        for entry in repository.git.run(["ls-files", "-s", "-z"])?.split_str(b"\0") {
            let Some((fields, path)) = entry.split_once_str(b"\t") else { continue };
            let mut fields = fields.fields();
            let is_file = fields.next().is_some_and(|mode| mode.starts_with(b"100"));
            if !is_file || !is_to_be_sealed(&mut attributes, path) {
                continue;
            }
            let id = fields.next().unwrap_or_default();
            let id = ObjectId::from_hex(id).map_err(GitError::read)?;
            let of = attributes.of(path).ok();
            if policy.content(&database, path, of.as_ref(), id)? == Some(true) {
                policy.sealed.insert(id, path.to_vec());
            }
        }
        Ok(policy)
    }

    /// The paths at which a commit has plaintext against its own attributes.
    fn judged(
        &mut self,
        repository: &Repository,
        git_crypt: &HeldKeys,
        commits: Vec<Commit>,
    ) -> Result<BTreeSet<Vec<u8>>, GitError> {
        let subjects: Vec<_> = commits.into_iter().map(Subject::from).collect();
        let report = check::check(repository, git_crypt, &subjects)?;
        self.missing.extend(report.missing);
        let found = report.findings.into_iter();
        let plain = found.filter(|found| {
            matches!(
                found.problem,
                Problem::Plaintext | Problem::PlainValues { .. } | Problem::Unsealed
            )
        });
        Ok(plain.map(|found| found.path).collect())
    }

    /// Whether a blob is sealed, by this program or by git-crypt; `None` for what is neither that nor plaintext.
    fn content(
        &mut self,
        database: &Database<'_>,
        path: &[u8],
        attributes: Option<&PathAttributes>,
        id: ObjectId,
    ) -> Result<Option<bool>, GitError> {
        let Some(start) = database.start(id, HEADER_LEN)? else {
            self.missing.insert(id);
            return Ok(None);
        };
        Ok(match sniff(&start.bytes) {
            Sniff::Sealed(_) | Sniff::GitCrypt => Some(true),
            // Where all its values are sealed, all else of it may be seen.
            Sniff::NotSealed => {
                let text = match start.len <= MAX_SEALED as u64 {
                    true => database.file(id, MAX_SEALED as u64)?,
                    false => None,
                };
                let mode = attributes.and_then(|of| Mode::of(of, path).ok().flatten());
                let looked = text.and_then(|text| match mode {
                    Some(mode) => Some(values::look(&mode, &text)),
                    None => values::look_anyway(path, &text),
                });
                match looked {
                    Some(Look::Sealed { keys, .. }) if keys.is_empty() => None,
                    Some(Look::Sealed { .. }) => Some(true),
                    _ => Some(false),
                }
            }
            // Empty files hold nothing, damaged ones no plaintext.
            _ => None,
        })
    }
}

/// Whether the attributes of today say that a path should be sealed.
pub fn is_to_be_sealed(attributes: &mut Attributes<'_>, path: &[u8]) -> bool {
    attributes.of(path).is_ok_and(|of| of.is_encrypted())
}

/// Whether any of the commits has attributes at all: without them nothing should be sealed.
///
/// Each tree is read once, however many paths lead to it: git's own search by a pattern would take them all.
fn is_declared(repository: &Repository, commits: &[Commit]) -> Result<bool, GitError> {
    let database = Database::open(repository)?;
    let mut seen = HashSet::new();
    // The youngest first, where the file mostly is.
    for commit in commits.iter().rev() {
        let mut open: Vec<_> = database.tree_of(commit.id)?.into_iter().collect();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            // What is not here may hold it.
            let Some(tree) = database.tree(id)? else { return Ok(true) };
            for entry in entries(&tree, id.kind()).map_while(|entry| entry) {
                if entry.name == FILE_NAME {
                    return Ok(true);
                }
                if entry.is_tree {
                    open.push(entry.id.to_owned());
                }
            }
        }
    }
    Ok(false)
}
