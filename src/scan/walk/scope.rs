//! What of a repository is looked at.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;

use crate::git::GitError;
use crate::git::database::{Database, Peeled};
use crate::git::pushed::Pushed;
use crate::git::raw::{Change, changes};
use crate::git::repository::Repository;

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything that git holds, whether a ref leads to it or not.
    #[default]
    All,
    /// What commits brought.
    Commits(Commits),
    /// What the next commit would bring: the files in the index that differ from `HEAD`, and the sides of a conflict.
    Staged,
    /// What a push brings.
    Pushed(Pushed),
}

/// Commits, and what of them counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commits {
    /// Revisions and ranges, as `git log` takes them; all refs where there are none.
    pub revisions: Vec<OsString>,
    /// Only commits younger than this, as `git log --since` takes it.
    pub since: Option<OsString>,
    /// Only files that one of these names, as git takes pathspecs; all where there are none.
    pub paths: Vec<OsString>,
    /// Also those that only a reflog leads to, where no revisions are named.
    pub reflogs: bool,
}

impl Commits {
    /// All that any ref or reflog leads to.
    pub fn kept() -> Self {
        Self { reflogs: true, ..Self::default() }
    }
}

/// The objects of a scope.
#[derive(Debug, Default)]
pub struct Selected {
    /// Blobs that the scope brought, and commits with their messages.
    pub objects: HashSet<ObjectId>,
    /// The paths at which it brought them, each with one of the blobs.
    pub paths: BTreeMap<Vec<u8>, ObjectId>,
}

impl Scope {
    /// The objects; `None` where everything is looked at.
    ///
    /// # Errors
    /// A revision names nothing, or git fails.
    pub fn select(&self, repository: &Repository) -> Result<Option<Selected>, GitError> {
        match self {
            Self::All => Ok(None),
            Self::Commits(commits) => commits.select(repository).map(Some),
            Self::Staged => staged(repository).map(Some),
            Self::Pushed(pushed) => pushed.select(repository).map(Some),
        }
    }

    /// In words, for a report.
    pub fn in_words(&self) -> String {
        match self {
            Self::All => "everything that git has here".to_owned(),
            Self::Commits(commits) => commits.in_words(),
            Self::Staged => "what is staged".to_owned(),
            Self::Pushed(_) => "what is pushed".to_owned(),
        }
    }
}

impl Commits {
    fn in_words(&self) -> String {
        let words = |words: &[OsString]| {
            let shown = words.iter().map(|word| crate::sanitise::line(&word.to_string_lossy()));
            shown.collect::<Vec<_>>().join(" ")
        };
        let mut text = match self.revisions.is_empty() {
            true => "all commits".to_owned(),
            false => format!("commits {}", words(&self.revisions)),
        };
        if let Some(since) = &self.since {
            text = format!("{text} since {}", words(std::slice::from_ref(since)));
        }
        if !self.paths.is_empty() {
            text = format!("{text}, paths {}", words(&self.paths));
        }
        text
    }

    fn select(&self, repository: &Repository) -> Result<Selected, GitError> {
        let (commits, raw) = self.list(repository)?;
        let mut selected = Selected::default();
        for line in commits.lines() {
            selected.objects.insert(ObjectId::from_hex(line).map_err(GitError::read)?);
        }
        selected.add(&raw)?;
        Ok(selected)
    }

    /// Every path that a commit brought or changed, with the blob; a pair may come several times.
    ///
    /// # Errors
    /// As [`Scope::select`].
    pub fn versions(&self, repository: &Repository) -> Result<Vec<(Vec<u8>, ObjectId)>, GitError> {
        changed(&self.list(repository)?.1)
    }

    /// The commits, a line for each, and what each of them changed as git-diff-tree lists it.
    fn list(&self, repository: &Repository) -> Result<(Vec<u8>, Vec<u8>), GitError> {
        let mut list: Vec<OsString> = vec!["--no-replace-objects".into(), "rev-list".into()];
        if let Some(since) = &self.since {
            let mut option = OsString::from("--since=");
            option.push(since);
            list.push(option);
        }
        if self.revisions.is_empty() {
            list.push("--all".into());
            if self.reflogs {
                list.push("--reflog".into());
            }
        }
        list.push("--end-of-options".into());
        list.extend(self.revisions.iter().cloned());
        list.push("--".into());
        let listed = repository.git.run(list)?;
        let raw = compared(repository, &listed, &self.paths)?;
        Ok((listed, raw))
    }
}

impl Pushed {
    fn select(&self, repository: &Repository) -> Result<Selected, GitError> {
        let mut selected = Selected::default();
        selected.objects.extend(self.commits.iter().map(|commit| commit.id));
        selected.add(&self.compared(repository)?)?;
        let database = Database::open(repository)?;
        for &tip in &self.tips {
            let (tags, end) = database.peel_with_tags(tip)?;
            selected.objects.extend(tags);
            match end {
                Peeled::Commit(_) => {}
                Peeled::Blob(id) | Peeled::Missing(id) => drop(selected.objects.insert(id)),
                Peeled::Tree(id) => selected.add_tree(repository, id)?,
            }
        }
        Ok(selected)
    }

    /// Every path that a commit brought or changed, with the blob; a pair may come several times.
    ///
    /// # Errors
    /// git fails.
    pub fn versions(&self, repository: &Repository) -> Result<Vec<(Vec<u8>, ObjectId)>, GitError> {
        changed(&self.compared(repository)?)
    }

    fn compared(&self, repository: &Repository) -> Result<Vec<u8>, GitError> {
        let listed: String = self.commits.iter().map(|commit| format!("{}\n", commit.id)).collect();
        compared(repository, listed.as_bytes(), &[])
    }
}

/// What each of the commits, a line for each, changed at these paths, or at all: as git-diff-tree lists it.
fn compared(
    repository: &Repository,
    commits: &[u8],
    paths: &[OsString],
) -> Result<Vec<u8>, GitError> {
    // Of a merge only what none of its sides had (git-diff-tree, "Combined diff format").
    let compare = ["--no-replace-objects", "diff-tree", "--stdin", "-r", "-c", "--root", "--raw"];
    let more = ["-z", "--no-renames", "--no-commit-id", "--no-ext-diff", "--"];
    let arguments = compare.iter().chain(&more).map(OsString::from);
    let arguments = arguments.chain(paths.iter().cloned());
    repository.git.run_with_input(arguments, commits)
}

fn staged(repository: &Repository) -> Result<Selected, GitError> {
    let compare = |with: &str| {
        let compare = ["diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"];
        repository.git.run(compare.into_iter().chain([with, "--"]))
    };
    // A hook waits for this, so git is asked what HEAD is only where the comparison failed.
    let raw = match compare("HEAD") {
        Ok(raw) => raw,
        Err(error) => {
            match repository.git.query(["rev-parse", "-q", "--verify", "HEAD^{commit}"])? {
                Some(_) => return Err(error),
                None => compare(&ObjectId::empty_tree(repository.gix.object_hash()).to_string())?,
            }
        }
    };
    let mut selected = Selected::default();
    selected.add(&raw)?;
    // The status of a path with a conflict is 'U', and its sides are not named.
    if !raw.split_str(b"\0").any(|entry| entry.starts_with(b":") && entry.ends_with(b" U")) {
        return Ok(selected);
    }
    // Each entry of a conflict is 'MODE ID STAGE', a tab and the path.
    for entry in repository.git.run(["ls-files", "-u", "-z"])?.split_str(b"\0") {
        let Some((fields, path)) = entry.split_once_str(b"\t") else { continue };
        if let Some(id) = fields.fields().nth(1) {
            let id = ObjectId::from_hex(id).map_err(GitError::read)?;
            selected.objects.insert(id);
            selected.paths.insert(path.to_vec(), id);
        }
    }
    Ok(selected)
}

impl Selected {
    /// Adds the files below a tree.
    fn add_tree(&mut self, repository: &Repository, tree: ObjectId) -> Result<(), GitError> {
        let list = ["--no-replace-objects", "ls-tree", "-r", "-z", "--full-tree"];
        let listed = repository.git.run(list.into_iter().chain([tree.to_string().as_str()]))?;
        // Each entry is 'MODE KIND ID', a tab and the path.
        for entry in listed.split_str(b"\0") {
            let Some((fields, path)) = entry.split_once_str(b"\t") else { continue };
            let fields: Vec<_> = fields.fields().collect();
            if let [_, b"blob", id] = fields[..] {
                let id = ObjectId::from_hex(id).map_err(GitError::read)?;
                self.objects.insert(id);
                self.paths.insert(path.to_vec(), id);
            }
        }
        Ok(())
    }

    fn add(&mut self, raw: &[u8]) -> Result<(), GitError> {
        for (path, id) in changed(raw)? {
            self.objects.insert(id);
            self.paths.insert(path, id);
        }
        Ok(())
    }
}

/// What is on the right side of each comparison. A submodule has no object here.
fn changed(raw: &[u8]) -> Result<Vec<(Vec<u8>, ObjectId)>, GitError> {
    let changed = changes(raw).filter_map(|change| {
        let own = |change: Change<'_>| Some((change.path.to_vec(), change.after.own_id()?));
        change.map(own).transpose()
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_comparisons_are_read() {
        let (one, two, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let raw = [
            format!(":100644 100644 {two} {one} M\0a b\0"),
            format!("::100644 100644 100755 {none} {none} {two} MM\0c\nd\0"),
            format!(":100644 000000 {one} {none} D\0gone\0"),
            format!(":000000 160000 {none} {one} A\0module\0"),
        ];
        let mut selected = Selected::default();
        selected.add(raw.concat().as_bytes()).unwrap();
        let id = |hex: &str| ObjectId::from_hex(hex.as_bytes()).unwrap();
        let expected = [(b"a b".to_vec(), id(&one)), (b"c\nd".to_vec(), id(&two))];
        assert_eq!(selected.paths, expected.into_iter().collect());
        assert_eq!(selected.objects, [id(&one), id(&two)].into_iter().collect());
        assert!(Selected::default().add(b":100644 x M\0a\0").is_err());
    }
}
