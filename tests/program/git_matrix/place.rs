//! One clone for one cell of the table.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::gits::is_git_3;
use crate::common::{Done, Sandbox, contains, is_sealed};

/// What `secrets/app.env` holds in the first commit, `v1`. Every branch changes a line of it, or another file.
pub(crate) const BASE: &str = "A=canary-1\nB=2\nC=3\nD=4\nE=5\nF=6\n";
const CANARY: &[u8] = b"canary";

/// A git of this machine.
pub(crate) struct Git {
    program: PathBuf,
    pub(crate) version: String,
}

impl Git {
    /// The git of the system and every other on the path, each version once.
    pub(crate) fn all() -> Vec<Self> {
        let path = std::env::var_os("PATH").unwrap();
        let folders = [PathBuf::from("/usr/bin")].into_iter().chain(std::env::split_paths(&path));
        let mut versions = BTreeSet::new();
        let mut gits = Vec::new();
        for program in folders.map(|folder| folder.join("git")).filter(|file| file.is_file()) {
            let said = Command::new(&program).arg("--version").output().unwrap().stdout;
            let version = String::from_utf8(said).unwrap().trim().replace("git version", "git");
            if is_git_3() && !knows_reftables(&program) {
                let _ =
                    writeln!(std::io::stderr(), "not tested, as it reads no reftables: {version}");
                continue;
            }
            if versions.insert(version.clone()) {
                gits.push(Self { program, version });
            }
        }
        assert!(!gits.is_empty(), "git is missing: install it with 'apt-get install git'");
        gits
    }
}

/// Whether a git can make a repository whose refs are in a reftable.
fn knows_reftables(program: &Path) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let mut init = Command::new(program);
    init.args(["init", "-q", "--ref-format=reftable"]).arg(dir.path());
    init.output().unwrap().status.success()
}

/// What was done in a clone before the scenario.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unlocked,
    /// Unlocked once and locked again: the drivers are set.
    Locked,
    NeverSetUp,
    /// Never set up, and the repository has the tripwire.
    Tripwire,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Unlocked, Self::Locked, Self::NeverSetUp, Self::Tripwire];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unlocked => "unlocked",
            Self::Locked => "locked",
            Self::NeverSetUp => "never set up",
            Self::Tripwire => "never set up, tripwire",
        }
    }
}

/// A repository with `secrets/**` sealed, in which `main`, `topic`, `clash` and `side` each have a commit on top of `v1`,
/// and `joined` is `main` with `topic` merged.
pub(crate) fn make_upstream(sandbox: &Sandbox, name: &str, options: &[&str]) {
    sandbox.git(".", ["init", "-q", "-b", "main", name]);
    sandbox.shroud(name, [&["init", "-q"], options].concat());
    sandbox.shroud(name, ["track", "-q", "secrets/**"]);
    let commit = |message: &str, path: &str, content: &str| {
        sandbox.write(Path::new(name).join(path), content);
        sandbox.git(name, ["add", "."]);
        sandbox.git(name, ["commit", "-q", "-m", message]);
    };
    sandbox.write(Path::new(name).join("README"), "in the clear\n");
    sandbox.write(Path::new(name).join("secrets/other.env"), "OTHER=canary-other\n");
    commit("v1", "secrets/app.env", BASE);
    sandbox.git(name, ["tag", "v1"]);
    for (branch, path, content) in [
        ("topic", "secrets/app.env", BASE.replace("F=6", "F=canary-topic")),
        ("clash", "secrets/app.env", BASE.replace("canary-1", "canary-clash")),
        ("side", "secrets/other.env", "OTHER=canary-side\n".to_owned()),
    ] {
        sandbox.git(name, ["checkout", "-q", "-b", branch, "v1"]);
        commit(branch, path, &content);
    }
    sandbox.git(name, ["checkout", "-q", "main"]);
    commit("main", "secrets/app.env", &on_main());
    sandbox.git(name, ["merge", "-q", "--no-edit", "topic"]);
    sandbox.git(name, ["tag", "joined"]);
    sandbox.git(name, ["reset", "-q", "--hard", "HEAD~1"]);
    let key = sandbox.path(format!("{name}.key"));
    sandbox.shroud(name, ["key", "export", "-q", "-o", key.to_str().unwrap()]);
}

/// `secrets/app.env` on `main`.
pub(crate) fn on_main() -> String {
    BASE.replace("canary-1", "canary-main")
}

/// `secrets/app.env` with the edits of `main` and `topic`.
pub(crate) fn merged() -> String {
    on_main().replace("F=6", "F=canary-topic")
}

/// Whether the text is in what was printed.
pub(crate) fn says(done: &Done, text: &str) -> bool {
    done.stderr.contains(text) || done.text().contains(text)
}

pub(crate) struct Place<'a> {
    sandbox: &'a Sandbox,
    /// The folder of the cell; the clone is in it, and the folder for temporary files.
    cell: PathBuf,
    pub(crate) kind: Kind,
}

type Ran = Result<Done, Done>;

impl<'a> Place<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox, git: &Git, kind: Kind, number: usize) -> Self {
        let cell = sandbox.path(format!("cell-{number}"));
        for folder in ["bin", "tmp"] {
            fs::create_dir_all(cell.join(folder)).unwrap();
        }
        symlink(&git.program, cell.join("bin/git")).unwrap();
        let place = Self { sandbox, cell, kind };
        let upstream = place.upstream();
        place.must_in(".", &["clone", "-q", upstream.to_str().unwrap(), "clone"]);
        if matches!(kind, Kind::Unlocked | Kind::Locked) {
            place.unlock_in("clone");
        }
        if kind == Kind::Locked {
            place.shroud_in("clone", &["lock", "-q"]).map_err(|done| done.stderr).unwrap();
        }
        place
    }

    pub(crate) fn upstream(&self) -> PathBuf {
        self.sandbox.path(if self.kind == Kind::Tripwire { "tripped" } else { "plain" })
    }

    fn key(&self) -> PathBuf {
        self.upstream().with_extension("key")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.cell.join(name)
    }

    /// A command with the git of this cell, in a folder of this cell.
    fn command(&self, program: &str, dir: &str) -> Command {
        let mut command = self.sandbox.command(program, self.path(dir));
        let found = command.get_envs().find(|(name, _)| *name == "PATH");
        let rest = found.and_then(|(_, value)| value).unwrap().to_owned();
        let mut path = self.path("bin").into_os_string();
        path.push(":");
        path.push(rest);
        command
            .env("PATH", path)
            .env("TMPDIR", self.path("tmp"))
            .env("GIT_EDITOR", "true")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
            .env("GIT_CONFIG_VALUE_0", "always");
        command
    }

    fn ran(&self, command: Command) -> Ran {
        let done = self.sandbox.run(command);
        if done.status == 0 { Ok(done) } else { Err(done) }
    }

    /// `git ARGS` in the clone.
    pub(crate) fn git(&self, args: &[&str]) -> Ran {
        self.git_in("clone", args)
    }

    pub(crate) fn git_in(&self, dir: &str, args: &[&str]) -> Ran {
        let mut command = self.command("git", dir);
        command.args(args);
        self.ran(command)
    }

    /// `git ARGS` in the clone, which no sealed file can hinder.
    #[track_caller]
    pub(crate) fn must(&self, args: &[&str]) -> Done {
        self.must_in("clone", args)
    }

    #[track_caller]
    pub(crate) fn must_in(&self, dir: &str, args: &[&str]) -> Done {
        self.git_in(dir, args).unwrap_or_else(|done| panic!("git {args:?}\n{}", done.stderr))
    }

    pub(crate) fn shroud_in(&self, dir: &str, args: &[&str]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
        command.args(args);
        self.ran(command)
    }

    /// A line for the shell, in the clone.
    pub(crate) fn sh(&self, line: &str) -> Ran {
        let mut command = self.command("sh", "clone");
        command.args(["-c", line]);
        self.ran(command)
    }

    #[track_caller]
    pub(crate) fn unlock_in(&self, dir: &str) {
        let done = self.shroud_in(dir, &["unlock", "-q", self.key().to_str().unwrap()]);
        done.unwrap_or_else(|done| panic!("unlock: {}", done.stderr));
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path("clone").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        let path = self.path(path);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn is_open(&self) -> bool {
        self.kind == Kind::Unlocked
    }

    /// A file of the clone holds this text: in the clear when unlocked, else sealed.
    #[track_caller]
    pub(crate) fn shows(&self, path: &str, text: &str) {
        self.shows_in("clone", path, text, self.is_open());
    }

    #[track_caller]
    pub(crate) fn shows_in(&self, dir: &str, path: &str, text: &str, open: bool) {
        let there = self.read(&format!("{dir}/{path}"));
        if open {
            assert_eq!(String::from_utf8_lossy(&there), text, "{dir}/{path}");
        } else {
            self.opens_to(&there, path, text);
        }
    }

    /// These bytes are sealed, and the key of the repository opens them to this text.
    #[track_caller]
    pub(crate) fn opens_to(&self, sealed: &[u8], path: &str, text: &str) {
        assert!(is_sealed(sealed), "{path}: {}", String::from_utf8_lossy(sealed));
        let input = self.path("sealed");
        fs::write(&input, sealed).unwrap();
        let mut smudge = self.command(env!("CARGO_BIN_EXE_git-shroud"), "clone");
        smudge.args(["smudge", path]).env("GIT_SHROUD_KEYRING", self.key());
        smudge.stdin(fs::File::open(input).unwrap());
        let opened = self.sandbox.run(smudge).expect(0);
        assert_eq!(opened.text(), text, "{path}");
    }

    /// The repository holds this text at REV:PATH, sealed.
    #[track_caller]
    pub(crate) fn holds(&self, name: &str, text: &str) {
        let blob = self.must(&["cat-file", "blob", name]).stdout;
        self.opens_to(&blob, name.split_once(':').unwrap().1, text);
    }

    /// Nothing is changed in the worktree, nor staged.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        assert_eq!(self.must(&["status", "--porcelain"]).text(), "");
    }

    /// Whether anything below the cell's git folders, inflated or as it stands, or among the temporary files, is plaintext.
    pub(crate) fn holds_plaintext(&self) -> bool {
        let mut folders = vec![self.cell.clone()];
        while let Some(folder) = folders.pop() {
            if folder.join("objects").is_dir() && folder.join("HEAD").is_file() {
                let dir = folder.strip_prefix(&self.cell).unwrap().to_str().unwrap();
                let all = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
                if contains(&self.must_in(dir, &all).stdout, CANARY) {
                    return true;
                }
            }
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                let inside = ["/.git/", "/tmp/"].iter().any(|part| {
                    path.strip_prefix(&self.cell)
                        .is_ok_and(|path| format!("/{}", path.display()).contains(part))
                });
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else if inside && contains(&fs::read(&path).unwrap(), CANARY) {
                    return true;
                }
            }
        }
        false
    }

    /// The guard sees, without a key, what this clone stored in the clear.
    #[track_caller]
    pub(crate) fn check_finds_plaintext(&self) {
        let found = ["--staged", "--all"].map(|what| self.shroud_in("clone", &["check", what]));
        let refused = found.iter().any(|ran| {
            let named = |done: &Done| says(done, "plaintext") || says(done, "unsealed");
            ran.as_ref().is_err_and(|done| done.status == 1 && named(done))
        });
        assert!(refused, "{found:?}");
    }

    /// Nothing that the guard looks at has it.
    #[track_caller]
    pub(crate) fn check_finds_nothing(&self) {
        for what in ["--staged", "--all"] {
            let done = self.shroud_in("clone", &["check", what]);
            assert!(done.is_ok(), "{what} finds it: so it is a leak like any other");
        }
    }

    /// git finds no fault with the repository, and nothing was left behind.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        self.must(&["fsck", "--strict", "--no-dangling"]);
        for lock in ["index.lock", "HEAD.lock", "config.lock"] {
            assert!(!self.path("clone/.git").join(lock).exists(), "{lock} was left");
        }
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "temporary files were left: {left:?}");
    }
}
