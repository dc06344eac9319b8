//! The `git` program, for what it alone decides and for all changes.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::GitError;

/// The oldest git that this program works with: `git sparse-checkout`, `--pathspec-from-file` and `-z` everywhere.
const OLDEST: (u32, u32) = (2, 25);

/// Variables that change what a pathspec means.
const PATHSPECS: [&str; 4] =
    ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];
/// Variables that change in some other way what a command does or prints; none says where the repository is,
/// who the user is, or what belongs to the history.
const CHANGING: [&str; 14] = [
    // The file that 'git config' works on, whatever its options say.
    "GIT_CONFIG",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    // Attributes from a tree in place of the worktree: this program would see others than git.
    "GIT_ATTR_SOURCE",
    // Anybody who sets these decides which commits a command walks over.
    "GIT_REPLACE_REF_BASE",
    "GIT_GRAFT_FILE",
    "GIT_NOTES_REF",
    "GIT_NOTES_DISPLAY_REF",
    "GIT_PAGER",
    "GIT_PAGER_IN_USE",
    "GIT_ADVICE",
    // Windows: a command's output goes elsewhere.
    "GIT_REDIRECT_STDIN",
    "GIT_REDIRECT_STDOUT",
    "GIT_REDIRECT_STDERR",
];
/// Where these say "standard error", git's trace would be taken for its message.
const TRACES: [&str; 8] = [
    "GIT_TRACE",
    "GIT_TRACE_SETUP",
    "GIT_TRACE_REFS",
    "GIT_TRACE_PACK_ACCESS",
    "GIT_TRACE_PERFORMANCE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
];
/// Settings of the user's that change what a command prints or does, and what they are for this program's commands.
const SETTINGS: [&str; 10] = [
    "color.ui=false",
    "color.diff=false",
    "color.status=false",
    "diff.relative=false",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
    // It would stop what is added after it was written.
    "core.safecrlf=false",
    "submodule.recurse=false",
    // A program that a repository's own configuration may name: looking at the repository must not start it.
    "core.fsmonitor=false",
    "advice.graftFileDeprecated=false",
];

/// Runs `git` in one directory, so that it does the same whatever the user has set.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
    env: Vec<(&'static str, PathBuf)>,
    pathspecs: bool,
}

impl Git {
    /// Runs git in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), env: Vec::new(), pathspecs: false }
    }

    /// Runs commands with pathspecs that the user gave, which mean what the user's environment says.
    #[must_use]
    pub fn with_users_pathspecs(mut self) -> Self {
        self.pathspecs = true;
        self
    }

    /// Sets a variable of git's environment.
    pub fn with_env(mut self, name: &'static str, value: &Path) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    /// The directory in which it runs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command that has not been run.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.dir).stdin(Stdio::null());
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(args);
        let pathspecs: &[&str] = if self.pathspecs { &[] } else { &PATHSPECS };
        for name in CHANGING.iter().chain(pathspecs) {
            command.env_remove(name);
        }
        for name in TRACES {
            let to_stderr = |value: OsString| value == "1" || value == "2" || value == "true";
            if std::env::var_os(name).is_some_and(to_stderr) {
                command.env_remove(name);
            }
        }
        // Messages are shown to the user as they are; output is for this program.
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
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

    /// Runs git with `input` on its standard input.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> Result<Vec<u8>, GitError> {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| start_error(&error, &self.dir))?;
        let mut stdin = child.stdin.take().expect("asked for above");
        let output = std::thread::scope(|scope| {
            // A git that stops reading has said why.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output()
        })
        .map_err(GitError::Io)?;
        success(&command, output)
    }

    /// Runs git and returns the one line that it printed; `None` where it exits with status 1, as for "not set".
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn query<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Option<OsString>, GitError> {
        let mut command = self.command(args);
        let output = command.output().map_err(|error| start_error(&error, &self.dir))?;
        if output.status.code() == Some(1) {
            return Ok(None);
        }
        success(&command, output).map(|line| Some(os_line(line)))
    }

    /// What `git config` lists: values, or each name, a line feed and its value, as the arguments ask (git-config, "--null").
    /// Nothing where nothing is set. What is no UTF-8 is replaced.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn settings<'a>(
        &self,
        args: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<String>, GitError> {
        let listed = self.query(["config", "--null"].into_iter().chain(args))?;
        let listed = listed.unwrap_or_default().into_encoded_bytes();
        let settings = listed.strip_suffix(b"\0").map(|all| all.split(|&byte| byte == 0));
        let text = |setting| String::from_utf8_lossy(setting).into_owned();
        Ok(settings.into_iter().flatten().map(text).collect())
    }

    /// Checks that git is there and recent enough.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::TooOld`].
    pub fn check_version(&self) -> Result<(), GitError> {
        let text = self.version_text()?;
        match parse_version(&text) {
            Some(version) if version >= OLDEST => Ok(()),
            _ => Err(GitError::TooOld(text)),
        }
    }

    /// The major and minor version; `None` where git says something else.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn version(&self) -> Result<Option<(u32, u32)>, GitError> {
        Ok(parse_version(&self.version_text()?))
    }

    fn version_text(&self) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.run(["version"])?).trim().to_owned())
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches("git version ").split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Output without its newline; any other byte may belong to a path.
pub fn os_line(mut line: Vec<u8>) -> OsString {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(line);
    #[cfg(not(unix))]
    return String::from_utf8_lossy(&line).into_owned().into();
}

pub(super) fn start_error(error: &io::Error, dir: &Path) -> GitError {
    if error.kind() == io::ErrorKind::NotFound && dir.exists() {
        GitError::Missing
    } else {
        GitError::Io(crate::fs::with_path(dir, error))
    }
}

pub(super) fn success(command: &Command, output: Output) -> Result<Vec<u8>, GitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let mut args = command.get_args();
    let subcommand = loop {
        match args.next() {
            // The setting behind it is no command.
            Some(arg) if arg == "-c" => drop(args.next()),
            Some(arg) if arg.to_string_lossy().starts_with('-') => {}
            other => break other,
        }
    };
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.trim().trim_start_matches("fatal: ").trim_start_matches("error: ");
    Err(GitError::Failed {
        command: subcommand.unwrap_or_default().to_string_lossy().into_owned(),
        message: crate::sanitise::text(message),
    })
}
