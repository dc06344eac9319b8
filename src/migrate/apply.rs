//! Bringing index and worktree to the tree that was made, so that an interrupted run is ended by the next.
//!
//! All objects are there before anything is changed, and the journal names them. Files that are sealed keep what the worktree
//! holds of them; of the others each is what it was or what it should be.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use serde::{Deserialize, Serialize};

use super::MigrateError;
use super::plan::Plan;
use crate::error::Context as _;
use crate::format::{self, Sniff};
use crate::fs::replace;
use crate::fs::{Access, create_private_dir, open_regular, read_regular, with_path, write_atomic};
use crate::git::GitError;
use crate::git::objects::{self, Blob};
use crate::git::raw::{Side, changes};
use crate::git::repository::Repository;
use crate::git::scratch::{File, ScratchIndex};
use crate::git::staging::{Staged, stage_and_remove};
use crate::newer::Newer;
use crate::store::local;
use crate::values::{format_of_path, may_hold_tokens, opener};

/// Bytes of the longest journal that is read.
const MAX_LEN: usize = 1 << 16;
const VERSION: u32 = 1;

/// A migration that is under way: `<common dir>/git-shroud/migration`.
pub struct Journal {
    /// The commit that it began at.
    pub head: String,
    /// What the next commit is to hold.
    pub tree: ObjectId,
    /// The message of that commit; `None` where it is the user's to make.
    pub message: Option<String>,
    git_dir: PathBuf,
    path: PathBuf,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct JournalToml {
    /// The first journals did not say it.
    #[serde(default)]
    version: u32,
    head: String,
    tree: String,
    message: Option<String>,
    git_dir: PathBuf,
}

fn doing() -> String {
    "the migration's journal".to_owned()
}

impl Journal {
    /// The migration that is under way; `None` where none is.
    ///
    /// # Errors
    /// Its journal cannot be read.
    pub fn load(repository: &Repository) -> Result<Option<Self>, MigrateError> {
        let path = local::dir(repository.common_dir()).join("migration");
        let text = match read_regular(&path, MAX_LEN) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.context(doing)?,
        };
        let damaged = || MigrateError::Journal(crate::sanitise::native(&path));
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        if let Some(newer) = Newer::toml("migration's journal", VERSION.into(), text) {
            return Err(MigrateError::Newer(crate::sanitise::native(&path), newer));
        }
        let JournalToml { version: _, head, tree, message, git_dir } =
            toml::from_str(text).map_err(|_| damaged())?;
        let tree = ObjectId::from_hex(tree.as_bytes()).map_err(|_| damaged())?;
        Ok(Some(Self { head, tree, message, git_dir, path }))
    }

    /// Begins a migration from this commit to this tree.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn begin(
        repository: &Repository,
        head: &str,
        tree: ObjectId,
        message: Option<String>,
    ) -> Result<Self, MigrateError> {
        let dir = local::dir(repository.common_dir());
        create_private_dir(&dir).context(doing)?;
        let path = dir.join("migration");
        let git_dir = repository.gix.git_dir().to_owned();
        let toml = JournalToml {
            version: VERSION,
            head: head.to_owned(),
            tree: tree.to_string(),
            message: message.clone(),
            git_dir: git_dir.clone(),
        };
        let text = toml::to_string(&toml).context(doing)?;
        write_atomic(&path, text.as_bytes(), Access::Private).context(doing)?;
        Ok(Self { head: head.to_owned(), tree, message, git_dir, path })
    }

    /// Whether it can be ended here: this is its worktree, at its commit, and the index is what it was or should be.
    ///
    /// # Errors
    /// git fails.
    pub fn fits(&self, repository: &Repository) -> Result<bool, GitError> {
        let same = dunce::canonicalize(repository.gix.git_dir()).ok()
            == dunce::canonicalize(&self.git_dir).ok();
        let tree = self.tree.to_string();
        Ok(same
            && resolve(repository, "HEAD")? == Some(self.head.clone())
            && resolve(repository, &format!("{tree}^{{tree}}"))?.is_some()
            && (self.is_staged(repository)?
                || Some(index_tree(repository)?)
                    == resolve(repository, &format!("{}^{{tree}}", self.head))?))
    }

    /// Whether the last commit holds what was meant: only the journal is left of it.
    ///
    /// # Errors
    /// git fails.
    pub fn is_committed(&self, repository: &Repository) -> Result<bool, GitError> {
        let committed = resolve(repository, "HEAD^{tree}")?;
        Ok(committed == Some(self.tree.to_string()))
    }

    /// Whether the index is what it should be.
    ///
    /// # Errors
    /// git fails, as where the index is in conflict.
    pub fn is_staged(&self, repository: &Repository) -> Result<bool, GitError> {
        Ok(index_tree(repository)? == self.tree)
    }

    /// Ends it, or forgets it.
    ///
    /// # Errors
    /// The journal cannot be removed.
    pub fn end(self) -> Result<(), MigrateError> {
        Ok(replace::remove(&self.path)
            .map_err(|error| with_path(&self.path, &error))
            .context(doing)?)
    }
}

fn resolve(repository: &Repository, name: &str) -> Result<Option<String>, GitError> {
    let id = repository.git.query(["rev-parse", "-q", "--verify", name])?;
    Ok(id.map(|id| id.to_string_lossy().into_owned()))
}

fn index_tree(repository: &Repository) -> Result<String, GitError> {
    let id = repository.git.run(["write-tree"])?;
    Ok(String::from_utf8_lossy(id.trim_ascii_end()).into_owned())
}

/// The tree of the next commit: the last one with these files, these new attributes and lists, and without what only the tool reads.
///
/// # Errors
/// git fails.
pub fn make_tree(
    repository: &Repository,
    plan: &Plan,
    sealed: &[File],
    own: &[(String, Vec<u8>)],
) -> Result<ObjectId, GitError> {
    let index = ScratchIndex::of(repository, &plan.found.head, false)?;
    let mut set = sealed.to_vec();
    let (kept, gone): (Vec<_>, Vec<_>) = plan
        .attributes
        .iter()
        .chain(&plan.found.lists)
        .partition(|new| !new.text.trim_ascii().is_empty());
    for new in kept {
        set.push(File { id: index.write_blob(&new.text)?, ..new.file.clone() });
    }
    for (path, content) in own {
        let id = index.write_blob(content)?;
        set.push(File { mode: "100644".to_owned(), id, path: path.clone().into_bytes() });
    }
    let gone = gone.into_iter().map(|new| new.file.path.clone());
    let removed: Vec<_> = gone.chain(plan.found.state_files.iter().cloned()).collect();
    index.update(&set, &removed)?;
    index.write_tree()
}

/// Brings worktree and index to the journal's tree; returns the paths that differ from the commit before.
///
/// # Errors
/// A file was changed meanwhile, or cannot be written; then a second run goes on from there.
pub fn complete(
    repository: &Repository,
    journal: &Journal,
) -> Result<HashSet<Vec<u8>>, MigrateError> {
    let top = repository.worktree.as_deref().expect("a migration has a worktree");
    let changed = differences(repository, journal)?;
    let index = ScratchIndex::of(repository, &journal.tree.to_string(), false)?;
    let mut written = Vec::new();
    let mut deleted = Vec::new();
    for change in &changed {
        let there = crate::repo_path::to_native(&change.path).map(|path| top.join(path));
        let is_there =
            there.is_some_and(|path| path.symlink_metadata().is_ok_and(|it| it.is_file()));
        if change.keeps_worktree(repository, is_there)? {
            continue;
        }
        let Some(path) = place(top, &change.path)? else { continue };
        match (&change.new, path.symlink_metadata().is_ok()) {
            // Outside a sparse checkout, or removed by the run before.
            (None, false) => {}
            (Some(_), false) if change.old.is_some() => {}
            (new, true) => {
                change.refuse_changed(repository, top, &path)?;
                if new.is_some() { &mut written } else { &mut deleted }.push(change.path.clone());
            }
            (Some(_), false) => written.push(change.path.clone()),
        }
    }
    // What is sealed is opened by the lines that these files hold.
    let (attributes, written): (Vec<_>, Vec<_>) =
        written.into_iter().partition(|path: &Vec<u8>| path.ends_with(b".gitattributes"));
    index.check_out(&attributes)?;
    index.check_out(&written)?;
    for path in deleted {
        if let Some(path) = place(top, &path)? {
            replace::remove(&path)
                .map_err(|error| with_path(&path, &error))
                .context(|| "what only the other tool reads cannot be removed".to_owned())?;
            remove_empty_folders(top, &path);
        }
    }
    let staged = changed.iter().filter_map(|change| {
        let (mode, id) = change.new.clone()?;
        Some(Staged { path: change.path.clone(), executable: mode == "100755", id })
    });
    let removed = changed.iter().filter(|change| change.new.is_none());
    let removed: Vec<_> = removed.map(|change| change.path.clone()).collect();
    stage_and_remove(repository, &staged.collect::<Vec<_>>(), &removed)?;
    if journal.is_staged(repository)? {
        Ok(changed.into_iter().map(|change| change.path).collect())
    } else {
        Err(MigrateError::Index)
    }
}

/// A path whose entry differs between the commit and the tree to be.
struct Changed {
    path: Vec<u8>,
    old: Option<ObjectId>,
    new: Option<(String, ObjectId)>,
}

fn differences(repository: &Repository, journal: &Journal) -> Result<Vec<Changed>, GitError> {
    let tree = journal.tree.to_string();
    let diff = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-textconv"];
    let listed = repository.git.run([&diff[..], &[&journal.head, &tree]].concat())?;
    let changed = changes(&listed).map(|change| {
        let change = change?;
        let mode = String::from_utf8_lossy(change.after.mode).into_owned();
        let old = change.before.first().and_then(Side::id);
        let new = change.after.id().map(|id| (mode, id));
        Ok(Changed { path: change.path.to_vec(), old, new })
    });
    changed.collect()
}

impl Changed {
    /// Whether the worktree holds its plaintext, which is not looked at: it is the same file in other sealed bytes, or one that
    /// the other tool kept beside its own.
    fn keeps_worktree(&self, repository: &Repository, is_there: bool) -> Result<bool, GitError> {
        let sniff = |id| -> Result<Option<Sniff>, GitError> {
            Ok(objects::read_start(repository, id)?.map(|start| format::sniff(&start)))
        };
        let Some((_, new)) = &self.new else { return Ok(false) };
        let Some(old) = self.old else {
            return Ok(is_there && matches!(sniff(*new)?, Some(Sniff::Sealed(_))));
        };
        Ok(matches!(sniff(*new)?, Some(Sniff::Sealed(_)))
            || matches!(sniff(old)?, Some(Sniff::GitCrypt))
            || self.is_by_value(repository, *new)?)
    }

    /// Whether a blob is sealed by value.
    fn is_by_value(&self, repository: &Repository, id: ObjectId) -> Result<bool, GitError> {
        let format = format_of_path(&self.path);
        Ok(match objects::read(repository, id)? {
            Blob::Memory(bytes) => {
                format.is_some() && may_hold_tokens(&bytes) && opener(format, &bytes).is_some()
            }
            Blob::Large | Blob::Missing => false,
        })
    }

    /// Refuses to write over what is neither the old nor the new content.
    fn refuse_changed(
        &self,
        repository: &Repository,
        top: &Path,
        path: &Path,
    ) -> Result<(), MigrateError> {
        let file = open_regular(path).map_err(GitError::Io)?;
        let len = file.metadata().map_err(GitError::Io)?.len();
        let known = [self.old, self.new.as_ref().map(|(_, id)| *id)];
        for id in known.into_iter().flatten() {
            if objects::is_blob(repository, &file, len, id)? {
                return Ok(());
            }
            io::Seek::rewind(&mut &file).map_err(GitError::Io)?;
        }
        // Line ends may be others in the worktree.
        let relative = path.strip_prefix(top).unwrap_or(path).as_os_str();
        let id = repository.git.run(["hash-object".as_ref(), "--".as_ref(), relative])?;
        let id = ObjectId::from_hex(id.trim_ascii_end()).map_err(GitError::read)?;
        if known.contains(&Some(id)) {
            return Ok(());
        }
        Err(MigrateError::Meanwhile(crate::sanitise::path(&self.path)))
    }
}

/// Where a path is; `None` where a link is in its way, which would lead out of the worktree.
fn place(top: &Path, path: &[u8]) -> Result<Option<PathBuf>, MigrateError> {
    let Some(relative) = crate::repo_path::to_native(path) else { return Ok(None) };
    let mut place = top.to_owned();
    let mut parts = relative.components().peekable();
    while let Some(part) = parts.next() {
        place.push(part);
        let metadata = place.symlink_metadata();
        if metadata
            .is_ok_and(|found| found.is_symlink() || found.is_file() != parts.peek().is_none())
        {
            return Err(MigrateError::InItsPlace(crate::sanitise::path(path)));
        }
    }
    Ok(Some(place))
}

fn remove_empty_folders(top: &Path, path: &Path) {
    let mut folder = path.parent();
    // One that holds something else stays.
    while let Some(dir) = folder.filter(|dir| *dir != top && fs::remove_dir(dir).is_ok()) {
        folder = dir.parent();
    }
}
