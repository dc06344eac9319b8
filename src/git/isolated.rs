//! The `git` program on one repository that is named, whatever repository the environment names.
//!
//! git starts remote helpers and hooks with variables that say where a repository is (`git rev-parse --local-env-vars`). A
//! command for another repository must see none of them.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::GitError;
use super::command::{Git, start_error, success};

/// Variables that name a repository or a part of one.
const LOCAL: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_REF_PARANOIA",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
];
/// Settings of the user's that would add work, or change what is written.
const SETTINGS: [&str; 11] = [
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.prune=false",
    "fetch.writeCommitGraph=false",
    "fetch.recurseSubmodules=false",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "push.useForceIfIncludes=false",
    "i18n.commitEncoding=UTF-8",
    "advice.detachedHead=false",
];

/// Runs git on one repository.
#[derive(Clone, Debug)]
pub struct Isolated {
    git: Git,
    dir: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Isolated {
    /// On the repository whose own folder this is.
    pub fn new(git_dir: impl Into<PathBuf>) -> Self {
        let dir = git_dir.into();
        Self { git: Git::new(&dir), dir, env: Vec::new() }
    }

    /// Sets a variable of git's environment.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// The repository's own folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command that has not been run. It has no standard input.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut all: Vec<OsString> = Vec::new();
        for setting in SETTINGS {
            all.extend(["-c".into(), setting.into()]);
        }
        let mut no_hooks = OsString::from("core.hooksPath=");
        no_hooks.push(self.dir.join("git-shroud-has-no-hooks"));
        all.extend(["-c".into(), no_hooks]);
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        let mut command = self.git.command(all);
        for name in LOCAL {
            command.env_remove(name);
        }
        // What is replaced or grafted here is not so elsewhere.
        command.env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_DIR", &self.dir);
        command.env("GIT_GRAFT_FILE", self.dir.join("git-shroud-has-no-grafts"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command with pipes to it and from it. What it says on standard error is thrown away.
    ///
    /// # Errors
    /// There is no git.
    pub fn spawn<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Child, GitError> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map_err(|error| start_error(&error, &self.dir))
    }

    /// Runs git and returns what came of it, whatever its exit status.
    ///
    /// # Errors
    /// There is no git.
    pub fn output<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Output, GitError> {
        self.command(args).output().map_err(|error| start_error(&error, &self.dir))
    }

    /// Runs git and returns what it printed.
    ///
    /// # Errors
    /// [`GitError::Missing`], or [`GitError::Failed`] with what git said.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Vec<u8>, GitError> {
        let mut command = self.command(args);
        let output = command.output().map_err(|error| start_error(&error, &self.dir))?;
        success(&command, output)
    }

    /// As [`Self::run`], with the one word that it printed.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn word<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.run(args)?).trim().to_owned())
    }

    /// As [`Self::run`], with what `input` gives on its standard input.
    ///
    /// # Errors
    /// As [`Self::run`], and those of `input`.
    pub fn run_with<A: AsRef<OsStr>, E: From<GitError>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| start_error(&error, &self.dir))?;
        let mut stdin = child.stdin.take().expect("asked for above");
        let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
        let (written, stdout, stderr) = std::thread::scope(|scope| {
            let stdout = scope.spawn(move || read_all(stdout.as_mut()));
            let stderr = scope.spawn(move || read_all(stderr.as_mut()));
            let written = input(&mut stdin);
            if written.is_err() {
                // What it was given is not the whole, and must not be taken for it.
                let _ = child.kill();
            }
            drop(stdin);
            (written, stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default())
        });
        let status = child.wait().map_err(GitError::Io)?;
        let was_killed = status.code().is_none();
        let done = success(&command, Output { status, stdout, stderr });
        match (written, done) {
            (Err(error), Ok(_)) => Err(error),
            (Err(error), Err(failed)) => {
                // Whoever stops reading has said why; else the reason is that of the input.
                let says_why =
                    matches!(&failed, GitError::Failed { message, .. } if !message.is_empty());
                Err(if says_why && !was_killed { failed.into() } else { error })
            }
            (Ok(()), done) => Ok(done?),
        }
    }
}

/// Bytes of output that are kept at most.
const MAX_OUTPUT: u64 = 64 << 20;

fn read_all(source: Option<&mut impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(source) = source {
        let _ = source.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
        let _ = std::io::copy(source, &mut std::io::sink());
    }
    bytes
}
