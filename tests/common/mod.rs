//! A sealed place for tests: own HOME, configuration, time and identity; the real git and the program under test.

#![allow(dead_code, unreachable_pub)]

pub mod attacker;
mod done;
pub mod gits;
#[cfg(unix)]
pub mod gpg;
#[cfg(unix)]
pub mod killing;
pub mod planted;
pub mod setups;
#[cfg(unix)]
pub mod stand_ins;
mod windows;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub use done::Done;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_git-shroud");

/// A folder with a home, in which repositories are made.
pub struct Sandbox {
    dir: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let git = Command::new("git").arg("--version").stdout(Stdio::null()).status();
        assert!(git.is_ok(), "git is missing: install it with 'apt-get install git'");
        let dir = tempfile::Builder::new().prefix("git-shroud-test-").tempdir().unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        fs::create_dir(dir.path().join("run")).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command with nothing of the surrounding environment but what it needs.
    pub fn command(&self, program: impl AsRef<OsStr>, dir: impl AsRef<Path>) -> Command {
        // With the drive, where there are drives.
        let own = std::path::absolute(PROGRAM).unwrap();
        let mut path = own.parent().unwrap().as_os_str().to_owned();
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(std::env::var_os("PATH").unwrap());
        let mut command = Command::new(program);
        command
            .current_dir(self.path(&dir))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            // The agent of whoever runs the tests is left alone.
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.com")
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.com")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .env("TMPDIR", self.path("."))
            .stdin(Stdio::null());
        windows::surroundings(&mut command, self);
        gits::profile(&mut command, &self.path(dir));
        command
    }

    /// A shell script in a name space of its own, with an empty disk of 3 MiB at `disk`.
    pub fn on_small_disk(&self, script: &str) -> Done {
        needs("unshare", "util-linux");
        fs::create_dir_all(self.path("disk")).unwrap();
        let mut command = self.command("unshare", ".");
        let script = format!("mount -t tmpfs -o size=3m none disk || exit 99\n{script}");
        command.args(["--mount", "--map-root-user", "sh", "-c", &script]);
        let done = self.run(command);
        let mounted = done.status != 99 && !done.stderr.contains("unshare failed");
        assert!(mounted, "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1");
        done
    }

    /// Runs any command to its end.
    pub fn run(&self, mut command: Command) -> Done {
        let line = format!("{command:?}");
        let Output { status, stdout, stderr } = command.output().unwrap();
        Done {
            status: status.code().unwrap_or(-1),
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            line,
        }
    }

    /// Runs a command with these bytes on standard input.
    pub fn run_with_input(&self, mut command: Command, input: &[u8]) -> Done {
        let file = self.path("stdin");
        fs::write(&file, input).unwrap();
        command.stdin(fs::File::open(&file).unwrap());
        self.run(command)
    }

    /// `git ARGS` in `dir`, whatever its exit status.
    pub fn try_git<A: AsRef<OsStr>>(
        &self,
        dir: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Done {
        let mut command = self.command("git", dir);
        command.args(args);
        self.run(command)
    }

    /// `git ARGS` in `dir`, which must succeed.
    #[track_caller]
    pub fn git<A: AsRef<OsStr>>(
        &self,
        dir: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Done {
        self.try_git(dir, args).expect(0)
    }

    /// `git-shroud ARGS` in `dir`, whatever its exit status.
    pub fn try_shroud<A: AsRef<OsStr>>(
        &self,
        dir: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Done {
        let mut command = self.command(PROGRAM, dir);
        command.args(args);
        self.run(command)
    }

    /// `git-shroud ARGS` in `dir`, which must succeed.
    #[track_caller]
    pub fn shroud<A: AsRef<OsStr>>(
        &self,
        dir: impl AsRef<Path>,
        args: impl IntoIterator<Item = A>,
    ) -> Done {
        self.try_shroud(dir, args).expect(0)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(path);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A repository that is set up, tracks `secrets/**` and holds [`SECRETS`], committed; its key is in `team.key`.
    pub fn sealed_repository(&self, name: &str) {
        self.sealed_repository_with(name, &[]);
    }

    /// Likewise, with these options of `init`.
    pub fn sealed_repository_with(&self, name: &str, options: &[&str]) {
        if !self.path(name).exists() {
            self.git(".", ["init", "-q", "-b", "main", name]);
        }
        self.shroud(name, [&["init", "-q"], options].concat());
        self.shroud(name, ["track", "-q", "secrets/**"]);
        for (path, content) in SECRETS {
            self.write(Path::new(name).join(path), content);
        }
        self.write(Path::new(name).join("README"), "in the clear\n");
        self.git(name, ["add", "."]);
        self.git(name, ["commit", "-q", "-m", "secrets"]);
        self.shroud(name, ["key", "export", "-q", "-o", self.path("team.key").to_str().unwrap()]);
    }

    /// A blob as the repository holds it.
    #[track_caller]
    pub fn blob(&self, dir: impl AsRef<Path>, name: &str) -> Vec<u8> {
        self.git(dir, ["cat-file", "blob", name]).stdout
    }

    /// `git-shroud ARGS` in `dir` with one more environment variable, whatever its exit status.
    pub fn try_shroud_with(&self, (name, value): (&str, &str), dir: &str, args: &[&str]) -> Done {
        let mut command = self.command(PROGRAM, dir);
        command.args(args).env(name, value);
        self.run(command)
    }

    /// A script for `sh` in `dir`, which must succeed.
    #[track_caller]
    pub fn sh(&self, dir: &str, script: &str) -> Done {
        let mut command = self.command("sh", dir);
        command.args(["-c", script]);
        self.run(command).expect(0)
    }

    /// Runs a script for `sh` on a terminal of its own, on which these lines are typed, and returns what the terminal showed.
    pub fn on_terminal(&self, dir: &str, script: &str, typed: &str) -> Done {
        needs("script", "bsdutils");
        let mut command = self.command("script", dir);
        command.args(["--quiet", "--return", "--command", script, "/dev/null"]);
        self.run_with_input(command, typed.as_bytes())
    }

    /// A clone of [`Self::sealed_repository`] in which nothing was set up.
    pub fn fresh_clone(&self) {
        self.sealed_repository("repo");
        self.git(".", ["clone", "-q", "repo", "clone"]);
    }

    /// The key file of a repository that has nothing to do with any other, in `other.key`.
    pub fn foreign_key(&self) {
        self.git(".", ["init", "-q", "-b", "main", "other"]);
        self.shroud("other", ["init", "-q"]);
        self.shroud("other", ["key", "export", "-q", "-o", "../other.key"]);
    }

    /// Puts these very bytes into the index, as one who knows no filter would.
    #[track_caller]
    pub fn stage_raw(&self, dir: &str, path: &str, content: &[u8]) {
        let mut command = self.command("git", dir);
        command.args(["hash-object", "-w", "--no-filters", "--stdin"]);
        let id = self.run_with_input(command, content).expect(0).text();
        self.git(
            dir,
            ["update-index", "--add", "--cacheinfo", &format!("100644,{},{path}", id.trim_end())],
        );
    }

    /// Every file below `dir`, git's own too, with its content.
    pub fn snapshot(&self, dir: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut dirs = vec![self.path(dir)];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    dirs.push(entry.path());
                } else {
                    files.insert(entry.path(), fs::read(entry.path()).unwrap());
                }
            }
        }
        files
    }

    /// Makes an age identity in `NAME.age` and returns its recipient.
    pub fn age_identity(&self, name: &str) -> String {
        let file = self.path(format!("{name}.age"));
        if cfg!(windows) {
            windows::write_identity(&file);
        } else {
            let made = Command::new("age-keygen").arg("-o").arg(&file).output();
            let made = made.expect("age is missing: install it with 'apt-get install age'");
            assert!(made.status.success());
        }
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("# public key: "));
        line.expect("age-keygen writes the recipient").to_owned()
    }

    /// [`Self::sealed_repository`] with these members, each with an age identity, committed.
    pub fn repository_with_members(&self, name: &str, members: &[&str]) {
        self.sealed_repository(name);
        for member in members {
            let recipient = self.age_identity(member);
            self.shroud(name, ["member", "add", &recipient, "--label", member, "-q"]);
        }
        self.git(name, ["commit", "-q", "-m", "members"]);
    }

    /// Clones `from`, in which nothing was set up, and unlocks it as this member.
    pub fn unlocked_clone(&self, from: &str, to: &str, member: &str) -> Done {
        self.git(".", ["clone", "-q", from, to]);
        self.try_shroud(to, ["unlock", "-i", &format!("../{member}.age")])
    }

    /// Panics if any object of the repository, inflated, holds the canary.
    #[track_caller]
    pub fn assert_no_object_holds(&self, dir: impl AsRef<Path>, canary: &[u8]) {
        let objects =
            self.git(dir.as_ref(), ["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
        assert!(
            !contains(&objects.stdout, canary),
            "an object of {} holds the canary",
            dir.as_ref().display()
        );
    }
}

/// Panics, with how to install it, where a program is missing that a test is about.
#[track_caller]
pub fn needs(program: &str, package: &str) {
    let path = std::env::var_os("PATH").unwrap();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let found = std::env::split_paths(&path).any(|dir| dir.join(&file).is_file());
    assert!(found, "{program} is missing: install it with 'apt-get install {package}'");
}

/// What [`Sandbox::sealed_repository`] seals.
pub const SECRETS: [(&str, &str); 3] = [
    ("secrets/db.env", "PASSWORD=canary-db\n"),
    ("secrets/deep/er/tls.key", "canary-tls\r\nsecond line"),
    ("secrets/empty", ""),
];

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Bytes that do not compress, the same each time (Marsaglia's xorshift64).
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    };
    (0..len).map(|_| next()).collect()
}

pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0SHROUD") && matches!(bytes.get(7), Some(1..=3))
}

/// Whether a file is sealed, whole or by value.
pub fn is_sealed_anyhow(bytes: &[u8]) -> bool {
    is_sealed(bytes) || contains(bytes, b"shroud.v1.")
}

/// A sandbox with [`Sandbox::sealed_repository`], in `repo`.
pub fn sealed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
}

/// A sandbox with an empty repository, in `repo`.
pub fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox
}

pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it is text")
}
