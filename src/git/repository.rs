//! A repository that a command works in.

use std::path::{Path, PathBuf};

use gix::open::Options;
use gix::sec::Trust;

use super::GitError;
use super::command::{Git, os_line};

/// A repository: where git says it is, opened in process for reading.
pub struct Repository {
    /// Where commands that name paths run: the top of the worktree, or git's folder where there is none.
    pub git: Git,
    /// The top of the worktree; `None` in a bare repository and inside git's own folder.
    pub worktree: Option<PathBuf>,
    /// For reading objects, refs, index and configuration.
    pub gix: gix::Repository,
}

impl Repository {
    /// Asks git for the repository around `dir`: the environment, `safe.directory` and all else count as for git.
    ///
    /// # Errors
    /// No git, one too old, no repository, or one that cannot be read.
    pub fn discover(dir: &Path) -> Result<Self, GitError> {
        let git = Git::new(dir);
        git.check_version()?;
        // One answer for all where there is a worktree and no path holds a newline.
        let all = ["rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-toplevel"];
        if let Ok(answer) = git.run(all)
            && let Some(paths) = answer.strip_prefix(b"true\n")
            && let [git_dir, top, b""] = paths.split(|&byte| byte == b'\n').collect::<Vec<_>>()[..]
        {
            let path = |bytes: &[u8]| PathBuf::from(os_line(bytes.to_vec()));
            return Self::open(&path(git_dir), Some(path(top)));
        }
        // The answers of fixed form first: a path may hold newlines.
        let answer = git.run(["rev-parse", "--is-inside-work-tree", "--absolute-git-dir"])?;
        let (inside, git_dir) = match answer.strip_prefix(b"true\n") {
            Some(git_dir) => (true, git_dir),
            None => (false, answer.strip_prefix(b"false\n").unwrap_or(&answer)),
        };
        let git_dir = PathBuf::from(os_line(git_dir.to_vec()));
        let worktree = if inside {
            Some(PathBuf::from(os_line(git.run(["rev-parse", "--show-toplevel"])?)))
        } else {
            None
        };
        Self::open(&git_dir, worktree)
    }

    /// Opens the repository that git named, or around which git started this program.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(git_dir: &Path, worktree: Option<PathBuf>) -> Result<Self, GitError> {
        if let Some(top) = &worktree {
            refuse_relative_index(top)?;
        }
        // git has decided that the owner is to be trusted, else it would not have answered.
        let options = Options::default().with(Trust::Full).open_path_as_is(true);
        let mut gix = gix::open_opts(git_dir, options).map_err(GitError::read)?;
        if gix.workdir() != worktree.as_deref() {
            gix.set_workdir(worktree.clone()).map_err(GitError::read)?;
        }
        let mut git = Git::new(worktree.as_deref().unwrap_or(git_dir));
        // What the environment names may begin in another directory, or be another worktree.
        if std::env::var_os("GIT_DIR").is_some() {
            git = git.with_env("GIT_DIR", git_dir);
            if let Some(worktree) = &worktree {
                git = git.with_env("GIT_WORK_TREE", worktree);
            }
        }
        Ok(Self { git, worktree, gix })
    }

    /// The same repository for another thread.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub fn reopen(&self) -> Result<Self, GitError> {
        Self::open(self.gix.git_dir(), self.worktree.clone())
    }

    /// Whether a sparse checkout may leave tracked files out of the worktree.
    pub fn is_sparse(&self) -> bool {
        self.gix.config_snapshot().boolean("core.sparseCheckout") == Some(true)
    }

    /// The user's `gpg.program` (or `gpg.openpgp.program`), as git itself would run it.
    pub fn gpg_program(&self) -> Option<std::ffi::OsString> {
        let config = self.gix.config_snapshot();
        let named = ["gpg.openpgp.program", "gpg.program"];
        named.into_iter().find_map(|name| config.trusted_program(name).ok().flatten())
    }

    /// The folder that all linked worktrees share.
    pub fn common_dir(&self) -> &Path {
        self.gix.common_dir()
    }

    /// Where linked worktrees were that are not there: moved, on a disk that is not mounted, or deleted.
    ///
    /// # Errors
    /// The list of worktrees cannot be read.
    pub fn absent_worktrees(&self) -> Result<Vec<PathBuf>, GitError> {
        let known = self.gix.worktrees().map_err(GitError::read)?;
        let top = |proxy: &gix::worktree::Proxy<'_>| {
            proxy.base().unwrap_or_else(|_| proxy.git_dir().to_owned())
        };
        Ok(known.iter().map(top).filter(|top| !top.join(".git").exists()).collect())
    }

    /// The folders of git's own for each worktree: that of the repository, and one for each that is linked.
    ///
    /// # Errors
    /// The list of worktrees cannot be read.
    pub fn git_dirs(&self) -> Result<Vec<PathBuf>, GitError> {
        let linked = self.gix.worktrees().map_err(GitError::read)?;
        let linked = linked.iter().map(|proxy| proxy.git_dir().to_owned());
        Ok(std::iter::once(self.common_dir().to_owned()).chain(linked).collect())
    }

    /// This repository and every linked worktree of it that is there.
    ///
    /// # Errors
    /// A worktree cannot be read.
    pub fn all_worktrees(&self) -> Result<Vec<Self>, GitError> {
        let mut all = Vec::new();
        let main = self.gix.main_repo().map_err(GitError::read)?;
        if let Some(top) = main.workdir() {
            all.push(Self::open(main.git_dir(), Some(top.to_owned()))?);
        }
        for proxy in self.gix.worktrees().map_err(GitError::read)? {
            let Ok(top) = proxy.base() else { continue };
            if top.is_dir() {
                all.push(Self::open(proxy.git_dir(), Some(top))?);
            }
        }
        // The environment may name a worktree that the repository does not know of.
        let same = |other: &Self| {
            other.gix.git_dir().canonicalize().ok() == self.gix.git_dir().canonicalize().ok()
        };
        match (&self.worktree, all.iter().position(same)) {
            (None, _) => {}
            (Some(_), Some(at)) => all[at] = self.reopen()?,
            (Some(_), None) => all.push(self.reopen()?),
        }
        if all.len() > 1 && named_index().is_some() {
            return Err(GitError::OneIndex);
        }
        Ok(all)
    }
}

/// The index that the environment names.
fn named_index() -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE").filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Taken from elsewhere it would be another file, or none: then nothing would seem to be tracked.
fn refuse_relative_index(top: &Path) -> Result<(), GitError> {
    if named_index().is_none_or(|index| index.is_absolute()) {
        return Ok(());
    }
    let here = std::env::current_dir()?.canonicalize()?;
    if here == top.canonicalize()? { Ok(()) } else { Err(GitError::RelativeIndex) }
}
