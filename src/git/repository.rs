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
            return Self::open_found(&path(git_dir), Some(path(top)));
        }
        // The answers of fixed form first: a path may hold newlines.
        let answer = git.run(["rev-parse", "--is-inside-work-tree", "--absolute-git-dir"]);
        let answer = answer.map_err(not_found)?;
        let (inside, git_dir) = match answer.strip_prefix(b"true\n") {
            Some(git_dir) => (true, git_dir),
            None => (false, answer.strip_prefix(b"false\n").unwrap_or(&answer)),
        };
        let git_dir = PathBuf::from(os_line(git_dir.to_vec()));
        // Also from outside, git works in the worktree that environment or configuration names (git's setup_work_tree).
        let top = match git.run(["rev-parse", "--show-toplevel"]) {
            Ok(top) => Some(PathBuf::from(os_line(top))).filter(|top| !top.as_os_str().is_empty()),
            Err(error) if inside => return Err(error),
            Err(_) => None,
        };
        Self::open_found(&git_dir, top)
    }

    fn open_found(git_dir: &Path, worktree: Option<PathBuf>) -> Result<Self, GitError> {
        let found = Self::open(git_dir, worktree)?;
        let tops = found.worktree.iter();
        let attributes = tops
            .flat_map(|top| ["", ".shroud"].map(|folder| top.join(folder).join(".gitattributes")));
        for file in attributes.chain([found.common_dir().join("info/attributes")]) {
            refuse_pipe(&file)?;
        }
        Ok(found)
    }

    /// Opens the repository that git named, or around which git started this program.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(git_dir: &Path, worktree: Option<PathBuf>) -> Result<Self, GitError> {
        if let Some(top) = &worktree {
            refuse_relative_index(top)?;
        }
        // git has decided that the owner should be trusted, else it would not have answered.
        let options = Options::default().with(Trust::Full).open_path_as_is(true);
        let mut gix = gix::open_opts(git_dir, options).map_err(GitError::read)?;
        if gix.workdir() != worktree.as_deref() {
            gix.set_workdir(worktree.clone()).map_err(GitError::read)?;
        }
        let mut git = Git::new(worktree.as_deref().unwrap_or(git_dir));
        // What the environment names may begin in another directory, or be another worktree.
        let is_named = ["GIT_DIR", "GIT_WORK_TREE"].iter().any(|it| std::env::var_os(it).is_some());
        match &worktree {
            Some(top) if is_named || !is_found_from(top, git_dir) => {
                git = git.with_env("GIT_DIR", git_dir).with_env("GIT_WORK_TREE", top);
            }
            Some(_) => {}
            // git has agreed to this one, and need not find it again (safe.bareRepository). It is no worktree of its
            // own; git says so to its children in the same way (environment.h).
            None => {
                let no = Path::new("0");
                git = git.with_env("GIT_DIR", git_dir).with_env("GIT_IMPLICIT_WORK_TREE", no);
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

    /// Whether git keeps refs and their logs in a reftable, where only git itself reads and writes them (git-config,
    /// `extensions.refStorage`).
    pub fn has_reftable(&self) -> bool {
        let config = self.gix.config_snapshot();
        config.string("extensions.refStorage").is_some_and(|kind| kind.starts_with(b"reftable"))
    }

    /// The folder that all linked worktrees share.
    pub fn common_dir(&self) -> &Path {
        self.gix.common_dir()
    }

    /// Where worktrees were that are not there: moved, on a disk that is not mounted, or deleted.
    ///
    /// # Errors
    /// The list of worktrees cannot be read.
    pub fn absent_worktrees(&self) -> Result<Vec<PathBuf>, GitError> {
        let known = self.gix.worktrees().map_err(GitError::read)?;
        let top = |proxy: &gix::worktree::Proxy<'_>| {
            proxy.base().unwrap_or_else(|_| proxy.git_dir().to_owned())
        };
        let linked = known.iter().map(top).filter(|top| !top.join(".git").exists());
        Ok(self.own_worktree()?.into_iter().filter(|top| !top.is_dir()).chain(linked).collect())
    }

    /// The worktree that the repository itself names, wherever this run was started; `None` where it is bare.
    fn own_worktree(&self) -> Result<Option<PathBuf>, GitError> {
        Ok(self.without_environment()?.workdir().map(Path::to_owned))
    }

    fn without_environment(&self) -> Result<gix::Repository, GitError> {
        let options = Options::isolated().with(Trust::Full).open_path_as_is(true);
        gix::open_opts(self.common_dir(), options).map_err(GitError::read)
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
        if let Some(top) = self.own_worktree()?.filter(|top| top.is_dir()) {
            all.push(Self::open(self.common_dir(), Some(top))?);
        }
        for proxy in self.gix.worktrees().map_err(GitError::read)? {
            let Ok(top) = proxy.base() else { continue };
            if top.is_dir() {
                all.push(Self::open(proxy.git_dir(), Some(top))?);
            }
        }
        // The environment may name a worktree that the repository does not know of.
        if let Some(top) = &self.worktree {
            let is_here = |other: &Self| {
                other.worktree.as_deref().is_some_and(|other| is_same(other, top))
                    && is_same(other.gix.git_dir(), self.gix.git_dir())
            };
            match all.iter().position(is_here) {
                Some(at) => all[at] = self.reopen()?,
                None => all.push(self.reopen()?),
            }
        }
        if all.len() > 1 && named_index().is_some() {
            return Err(GitError::OneIndex);
        }
        Ok(all)
    }

    /// Whether the repository's own index names files, which must be in some worktree, and none is known for it.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn lacks_worktree(&self) -> Result<bool, GitError> {
        let main = self.without_environment()?;
        if main.index_or_empty().map_err(GitError::read)?.entries().is_empty() {
            return Ok(false);
        }
        let all = self.all_worktrees()?;
        Ok(!all.iter().any(|worktree| is_same(worktree.gix.git_dir(), self.common_dir())))
    }
}

/// Why git found no repository: it has no exit status for it.
fn not_found(error: GitError) -> GitError {
    let GitError::Failed { message, .. } = &error else { return error };
    if message.contains("not a git repository") {
        return GitError::NoRepository;
    }
    let refused = message.split_once("cannot use bare repository '");
    match refused.and_then(|(_, rest)| rest.split_once("' (safe.bareRepository is ")) {
        Some((path, _)) => GitError::BareNotNamed(path.to_owned()),
        None => error,
    }
}

/// git, and all that reads attributes, would wait for somebody to write into it.
#[cfg(unix)]
fn refuse_pipe(file: &Path) -> Result<(), GitError> {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = file.metadata().map(|metadata| metadata.file_type());
    if kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device() || kind.is_block_device()) {
        let error = std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "it is a pipe or device, and git would wait for it: remove it",
        );
        return Err(GitError::Io(crate::fs::with_path(file, &error)));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_pipe(_file: &Path) -> Result<(), GitError> {
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    dunce::canonicalize(one)
        .is_ok_and(|one| dunce::canonicalize(other).is_ok_and(|other| one == other))
}

/// Whether git, started at the top, finds this repository by itself.
fn is_found_from(top: &Path, git_dir: &Path) -> bool {
    super::locate::git_dir_in(top).is_some_and(|found| is_same(&found, git_dir))
}

/// The index that the environment names.
pub fn named_index() -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE").filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Taken from elsewhere it would be another file, or none: then nothing would seem to be tracked.
fn refuse_relative_index(top: &Path) -> Result<(), GitError> {
    if named_index().is_none_or(|index| index.is_absolute()) {
        return Ok(());
    }
    let here = dunce::canonicalize(std::env::current_dir()?)?;
    if here == dunce::canonicalize(top)? { Ok(()) } else { Err(GitError::RelativeIndex) }
}
