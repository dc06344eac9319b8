//! A year of a repository in little, from every current directory and under every environment.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Done, SECRETS, Sandbox, is_sealed, needs};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");

/// Where commands run; `{}` in a value stands for the sandbox.
struct Around {
    name: &'static str,
    dir: &'static str,
    env: &'static [(&'static str, &'static str)],
    without: &'static [&'static str],
    /// The program that runs the command, with its arguments.
    through: &'static [&'static str],
    config: &'static [(&'static str, &'static str)],
}

const PLAIN: Around =
    Around { name: "", dir: "clone", env: &[], without: &[], through: &[], config: &[] };
/// A user id that no password file knows, in a name space of its own.
const UNKNOWN_USER: &[&str] = &["unshare", "--user", "--map-user=54321", "--map-group=54321"];

const ALL: &[Around] = &[
    Around { name: "the top", ..PLAIN },
    Around { name: "a folder below", dir: "clone/secrets/deep", ..PLAIN },
    Around {
        name: "outside, with GIT_DIR and GIT_WORK_TREE",
        dir: "elsewhere",
        env: &[("GIT_DIR", "{}/clone/.git"), ("GIT_WORK_TREE", "{}/clone")],
        ..PLAIN
    },
    Around {
        name: "outside, with relative GIT_DIR and GIT_WORK_TREE",
        dir: "elsewhere",
        env: &[("GIT_DIR", "../clone/.git"), ("GIT_WORK_TREE", "../clone")],
        ..PLAIN
    },
    Around {
        name: "outside, with GIT_DIR and core.worktree",
        dir: "elsewhere",
        env: &[("GIT_DIR", "{}/clone/.git")],
        config: &[("core.worktree", "{}/clone")],
        ..PLAIN
    },
    Around {
        name: "outside, as git --git-dir --work-tree shroud",
        dir: "elsewhere",
        through: &["git", "--git-dir={}/clone/.git", "--work-tree={}/clone", "shroud"],
        ..PLAIN
    },
    Around {
        name: "git -C",
        dir: "elsewhere",
        through: &["git", "-C", "../clone", "shroud"],
        ..PLAIN
    },
    Around { name: "literal pathspecs", env: &[("GIT_LITERAL_PATHSPECS", "1")], ..PLAIN },
    Around { name: "glob pathspecs", env: &[("GIT_GLOB_PATHSPECS", "1")], ..PLAIN },
    Around { name: "noglob pathspecs", env: &[("GIT_NOGLOB_PATHSPECS", "1")], ..PLAIN },
    Around { name: "icase pathspecs", env: &[("GIT_ICASE_PATHSPECS", "1")], ..PLAIN },
    Around {
        name: "variables of git's output",
        env: &[
            ("GIT_EXTERNAL_DIFF", "/bin/false"),
            ("GIT_DIFF_OPTS", "-u0"),
            ("GIT_PAGER", "/bin/false"),
            ("GIT_DEFAULT_HASH", "sha256"),
            ("GIT_NAMESPACE", "other"),
        ],
        ..PLAIN
    },
    Around {
        name: "settings of git's output",
        config: &[
            ("color.ui", "always"),
            ("core.quotePath", "true"),
            ("status.short", "true"),
            ("diff.external", "/bin/false"),
            ("diff.noprefix", "true"),
            ("log.showSignature", "true"),
            ("commit.gpgSign", "false"),
            ("core.pager", "/bin/false"),
            ("advice.statusHints", "false"),
        ],
        ..PLAIN
    },
    Around { name: "no HOME", without: &["HOME"], ..PLAIN },
    Around { name: "a user whom nobody knows", through: UNKNOWN_USER, ..PLAIN },
    Around {
        name: "no HOME, and a user whom nobody knows",
        without: &["HOME"],
        through: UNKNOWN_USER,
        ..PLAIN
    },
];

struct Place<'a> {
    sandbox: &'a Sandbox,
    around: &'a Around,
}

impl Place<'_> {
    fn fill(&self, text: &str) -> String {
        text.replace("{}", self.sandbox.path("x").parent().unwrap().to_str().unwrap())
    }

    /// `git-shroud ARGS` with all that is around.
    fn try_shroud(&self, args: &[&str]) -> Done {
        let through: Vec<String> = self.around.through.iter().map(|arg| self.fill(arg)).collect();
        let mut line: Vec<OsString> = through.iter().map(OsString::from).collect();
        if self.around.through.last() != Some(&"shroud") {
            line.push(SHROUD.into());
        }
        line.extend(args.iter().map(OsString::from));
        let mut command = self.sandbox.command(&line[0], self.around.dir);
        command.args(&line[1..]);
        command.envs(self.around.env.iter().map(|(name, value)| (*name, self.fill(value))));
        self.around.without.iter().for_each(|name| {
            command.env_remove(name);
        });
        self.sandbox.run(command)
    }

    #[track_caller]
    fn shroud(&self, args: &[&str]) -> Done {
        let done = self.try_shroud(args);
        assert!(done.status == 0, "{}: {args:?}\n{done:?}", self.around.name);
        done
    }

    /// `git ARGS`, likewise, but never through another program.
    #[track_caller]
    fn git(&self, args: &[&str]) -> Done {
        let mut command = self.sandbox.command("git", self.around.dir);
        let given = self.around.through.iter().take_while(|arg| **arg != "shroud").skip(1);
        if self.around.through.first() == Some(&"git") {
            command.args(given.map(|arg| self.fill(arg)));
        }
        command.args(args);
        command.envs(self.around.env.iter().map(|(name, value)| (*name, self.fill(value))));
        let done = self.sandbox.run(command);
        assert!(done.status == 0, "{}: git {args:?}\n{done:?}", self.around.name);
        done
    }

    #[track_caller]
    fn assert_open(&self, open: bool) {
        for (path, content) in &SECRETS[..2] {
            let there = self.sandbox.read(format!("clone/{path}"));
            let is_open = there == content.as_bytes();
            assert_eq!((is_open, is_sealed(&there)), (open, !open), "{}: {path}", self.around.name);
        }
    }

    /// Every blob of the index below `secrets` is sealed.
    #[track_caller]
    fn assert_stored_sealed(&self) {
        for path in ["secrets/db.env", "secrets/deep/er/tls.key", "secrets/new"] {
            let blob = self.sandbox.blob("clone", &format!(":{path}"));
            assert!(is_sealed(&blob), "{}: {path}", self.around.name);
        }
    }
}

#[test]
fn a_year_wherever_it_is_spent() {
    needs("unshare", "util-linux");
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(around) = ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let spent = catch_unwind(AssertUnwindSafe(|| spend_a_year(around)));
                    if spent.is_err() {
                        wrong.lock().unwrap().push(around.name);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} are wrong: {wrong:?}", wrong.len(), ALL.len());
}

fn spend_a_year(around: &Around) {
    let sandbox = Sandbox::new();
    sandbox.repository_with_members("repo", &["ann"]);
    let bob = sandbox.age_identity("bob");
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    std::fs::create_dir(sandbox.path("elsewhere")).unwrap();
    let place = Place { sandbox: &sandbox, around };
    for (name, value) in around.config {
        sandbox.git("clone", ["config", name, &place.fill(value)]);
    }
    let key = place.fill("{}/ann.age");
    place.shroud(&["unlock", "-i", &key]);
    place.assert_open(true);
    sandbox.write("clone/secrets/new", "canary-new");
    let new = place.fill("{}/clone/secrets/new");
    // git itself takes a pathspec with a mark for a name under GIT_LITERAL_PATHSPECS.
    place.git(&["add", "--", &new]);
    place.assert_stored_sealed();
    for args in [&["status"][..], &["check", "--staged"], &["doctor"]] {
        place.shroud(args);
    }
    sandbox.git("clone", ["commit", "-q", "-m", "new"]);
    place.shroud(&["member", "add", &bob, "--label", "bob"]);
    sandbox.git("clone", ["commit", "-q", "-m", "bob"]);
    place.shroud(&["key", "rotate"]);
    place.assert_stored_sealed();
    place.shroud(&["status"]);
    sandbox.git("clone", ["commit", "-q", "-m", "rotated"]);
    place.shroud(&["member", "remove", "bob"]);
    sandbox.git("clone", ["commit", "-q", "-m", "bob is gone"]);
    place.shroud(&["track", "--", "*.more"]);
    sandbox.git("clone", ["commit", "-q", "--allow-empty", "-a", "-m", "more"]);
    place.shroud(&["check", "--all"]);
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "", "{}", around.name);
    place.shroud(&["lock"]);
    place.assert_open(false);
    assert!(!sandbox.path("clone/.git/git-shroud/keyring").exists(), "{}", around.name);
    place.shroud(&["unlock", "-i", &key]);
    place.assert_open(true);
    sandbox.git("clone", ["fsck", "--strict", "--no-dangling"]);
    sandbox.assert_no_object_holds("clone", b"canary");
}

/// There git has no worktree: a command refuses, or does all of its work.
#[test]
fn inside_of_git_nothing_is_half_done() {
    for dir in ["clone/.git", "clone/.git/refs"] {
        let sandbox = Sandbox::new();
        sandbox.fresh_clone();
        let around = Around { dir, ..PLAIN };
        let place = Place { sandbox: &sandbox, around: &around };
        let key = place.fill("{}/team.key");
        let held = || sandbox.path("clone/.git/git-shroud/keyring").exists();
        let is_open = || !is_sealed(&sandbox.read("clone/secrets/db.env"));
        let done = place.try_shroud(&["unlock", &key]);
        assert_eq!(done.status == 0, is_open(), "{dir}: {done:?}");
        assert_eq!(held(), is_open(), "{dir}: {done:?}");
        sandbox.shroud("clone", ["unlock", "-q", &key]);
        let done = place.try_shroud(&["lock"]);
        assert_eq!(done.status == 0, !is_open(), "{dir}: {done:?}");
        assert_eq!(held(), is_open(), "{dir}: {done:?}");
        sandbox.shroud("clone", ["unlock", "-q", &key]);
        sandbox.stage_raw("clone", "secrets/leak", b"in the clear");
        for args in [&["status"][..], &["check"], &["doctor"]] {
            let done = place.try_shroud(args);
            assert_ne!(done.status, 0, "{dir}: {args:?} says that all is well\n{done:?}");
        }
    }
}

/// Somebody else's, as where root has unlocked: every command says whose it is, and nothing is stored in the clear.
#[test]
fn a_keyring_that_cannot_be_read_is_named() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/secrets/new", "canary-new");
    sandbox.sh("repo", "chmod 000 .git/git-shroud/keyring");
    let around = Around { dir: "repo", through: UNKNOWN_USER, ..PLAIN };
    let place = Place { sandbox: &sandbox, around: &around };
    for args in [&["status"][..], &["check", "--all"], &["doctor"], &["lock"], &["key", "list"]] {
        let done = place.try_shroud(args);
        if args[0] == "check" {
            assert_eq!(done.status, 0, "no key is needed for it: {done:?}");
            continue;
        }
        let said = [done.text(), done.stderr.clone()].concat();
        assert!([1, 2].contains(&done.status), "{done:?}");
        assert!(said.contains("git-shroud/keyring"), "{done:?}");
        assert!(!said.contains("panicked"), "{done:?}");
    }
    let mut add = sandbox.command(UNKNOWN_USER[0], "repo");
    add.args(&UNKNOWN_USER[1..]).args(["git", "add", "secrets/new"]);
    let done = sandbox.run(add);
    assert_ne!(done.status, 0, "{done:?}");
    sandbox.assert_no_object_holds("repo", b"canary");
}
