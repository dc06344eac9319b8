//! Which git the tests run with, and as whose: `tests/with-git` chooses both.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::Sandbox;

/// What git 3 does by default, for a git that does not yet: `git3` in this variable.
const PROFILE: &str = "GIT_SHROUD_TEST_PROFILE";

/// Whether the tests run as with git 3.
pub fn is_git_3() -> bool {
    std::env::var(PROFILE).is_ok_and(|name| match name.as_str() {
        "git3" => true,
        "" => false,
        other => panic!("{PROFILE}={other}: there is only the profile 'git3'"),
    })
}

/// Whether git keeps reflogs in files. If not, the test, which is about the files, says that it is left out.
#[track_caller]
pub fn has_logs_in_files() -> bool {
    if is_git_3() {
        let place = std::panic::Location::caller();
        let line = format!("not tested, as a reftable has no files of reflogs: {place}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    !is_git_3()
}

/// Gives a command the defaults of git 3, if the tests are to have them. What a test sets itself counts more.
pub(super) fn profile(command: &mut Command, dir: &Path) {
    if !is_git_3() {
        return;
    }
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/git3.gitconfig");
    command
        .env("GIT_DEFAULT_HASH", "sha256")
        .env("GIT_DEFAULT_REF_FORMAT", "reftable")
        .env_remove("GIT_CONFIG_NOSYSTEM")
        .env("GIT_CONFIG_SYSTEM", config);
    // A bare repository must be named.
    if dir.join("HEAD").is_file() && dir.join("objects").is_dir() && !dir.ends_with(".git") {
        command.env("GIT_DIR", dir);
    }
}

impl Sandbox {
    /// Major and minor version of the git that tests find.
    pub fn git_version(&self) -> (u32, u32) {
        let text = self.git(".", ["version"]).text();
        let mut numbers = text.trim().trim_start_matches("git version ").split('.');
        let mut number = || numbers.next().and_then(|number| number.parse().ok());
        let version = number().zip(number());
        version.unwrap_or_else(|| panic!("git has no version: {text}"))
    }

    /// Whether this git is new enough for `what`. If not, the test says what it leaves out, past the harness, which
    /// hides the output of tests that pass.
    #[track_caller]
    pub fn git_knows(&self, what: &str, since: (u32, u32)) -> bool {
        let version = self.git_version();
        if version < since {
            let (major, minor) = version;
            let place = std::panic::Location::caller();
            let line = format!("not tested, as git {major}.{minor} lacks {what}: {place}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
        version >= since
    }
}
