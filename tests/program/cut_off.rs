//! Runs that are cut off or that meet: a second one repairs what the first has left, and nothing leaks.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::common::{Sandbox, contains, is_sealed};

const FILES: usize = 400;

fn name(n: usize) -> String {
    format!("secrets/{n:03}")
}

fn content(n: usize) -> Vec<u8> {
    format!("canary-{n:03} ").repeat(400).into_bytes()
}

/// A repository of many files and a locked clone of it.
fn many_files() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    for n in 0..FILES {
        sandbox.write(format!("repo/{}", name(n)), content(n));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "many"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
}

fn start(sandbox: &Sandbox, program: &str, dir: &str, arguments: &[&str]) -> Child {
    let mut command = sandbox.command(program, dir);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");

#[track_caller]
fn assert_all_open(sandbox: &Sandbox, dir: &str) {
    for n in 0..FILES {
        assert!(sandbox.read(format!("{dir}/{}", name(n))) == content(n), "{dir}: {n}");
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
    sandbox.git(dir, ["fsck", "--strict"]);
    assert_nothing_left(sandbox, dir);
}

#[track_caller]
fn assert_nothing_left(sandbox: &Sandbox, dir: &str) {
    for dir in ["", ".git", ".git/git-shroud", ".git/info"].map(|sub| sandbox.path(dir).join(sub)) {
        for entry in fs::read_dir(&dir).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!name.starts_with(".git-shroud-") && !name.ends_with(".lock"), "{name}");
        }
    }
}

/// Kills the process as soon as `moment` has come, or lets it end.
fn kill_when(child: &mut Child, mut moment: impl FnMut() -> bool) {
    while child.try_wait().unwrap().is_none() && !moment() {
        std::hint::spin_loop();
    }
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

fn is_open(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| !is_sealed(&bytes))
}

#[test]
fn unlock_that_is_killed_is_repaired_by_unlock() {
    for after in [None, Some(0), Some(3), Some(60), Some(150), Some(FILES - 1)] {
        let sandbox = many_files();
        let mut child = start(&sandbox, SHROUD, "clone", &["unlock", "../team.key"]);
        kill_when(&mut child, || {
            after.is_none_or(|n| is_open(&sandbox.path("clone").join(name(n))))
        });
        // Every file is whole: sealed or open.
        for n in 0..FILES {
            let path = format!("clone/{}", name(n));
            assert!(
                is_sealed(&sandbox.read(&path)) || sandbox.read(&path) == content(n),
                "{after:?}: {n}"
            );
        }
        sandbox.git("clone", ["fsck", "--strict"]);
        sandbox.shroud("clone", ["unlock", "../team.key"]);
        assert_all_open(&sandbox, "clone");
    }
}

#[test]
fn lock_that_is_killed_keeps_the_keys_until_all_is_sealed() {
    for after in [0, 60, FILES - 1] {
        let sandbox = many_files();
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
        let mut child = start(&sandbox, SHROUD, "clone", &["lock"]);
        kill_when(&mut child, || !is_open(&sandbox.path("clone").join(name(after))));
        let open = (0..FILES).filter(|&n| is_open(&sandbox.path("clone").join(name(n)))).count();
        let held = sandbox.path("clone/.git/git-shroud/keyring").exists();
        assert!(held || open == 0, "{open} files are open, and no key could seal them again");
        sandbox.shroud("clone", ["lock"]);
        for n in 0..FILES {
            assert!(is_sealed(&sandbox.read(format!("clone/{}", name(n)))), "{n}");
        }
        assert_nothing_left(&sandbox, "clone");
    }
}

fn assert_no_file_holds(dir: &Path, canary: &[u8]) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_file_holds(&path, canary);
        } else {
            assert!(!contains(&fs::read(&path).unwrap(), canary), "{}", path.display());
        }
    }
}

#[test]
fn add_that_is_killed_leaves_nothing_in_the_clear() {
    for objects in [1, 20, 200] {
        let sandbox = many_files();
        for n in 0..FILES {
            sandbox.write(format!("repo/{}", name(n)), format!("canary-changed-{n}").repeat(200));
        }
        sandbox.write("repo/secrets/large", b"canary-large ".repeat(800_000));
        let count = || {
            let objects = fs::read_dir(sandbox.path("repo/.git/objects")).unwrap();
            objects.map(|dir| fs::read_dir(dir.unwrap().path()).unwrap().count()).sum::<usize>()
        };
        let before = count();
        let mut child = start(&sandbox, "git", "repo", &["add", "."]);
        kill_when(&mut child, || count() >= before + objects);
        let _ = fs::remove_file(sandbox.path("repo/.git/index.lock"));
        sandbox.assert_no_object_holds("repo", b"canary");
        assert_no_file_holds(&sandbox.path("repo/.git"), b"canary");
        // TMPDIR, where large files are kept between the passes.
        let mut left: Vec<_> = fs::read_dir(sandbox.path("."))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["clone", "home", "repo", "run", "team.key"]);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", "2"]);
        sandbox.assert_no_object_holds("repo", b"canary");
        assert_eq!(
            sandbox.shroud("repo", ["status", "-z"]).text().matches("sealed secrets/").count(),
            FILES + 3
        );
    }
}

#[test]
fn two_unlocks_at_once_do_no_harm() {
    for _ in 0..5 {
        let sandbox = many_files();
        let both = [0, 1].map(|_| start(&sandbox, SHROUD, "clone", &["unlock", "../team.key"]));
        let ended = both.map(|child| child.wait_with_output().unwrap());
        let codes = ended.each_ref().map(|output| output.status.code().unwrap());
        assert!(codes.contains(&0), "{ended:?}");
        for output in ended.iter().filter(|output| !output.status.success()) {
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(
                stderr.contains("another git process") || stderr.contains("could not lock config"),
                "{stderr}"
            );
        }
        sandbox.shroud("clone", ["unlock"]);
        assert_all_open(&sandbox, "clone");
        let keyring = sandbox.read("clone/.git/git-shroud/keyring");
        assert_eq!(keyring, sandbox.read("team.key"));
        let config = String::from_utf8(sandbox.read("clone/.git/config")).unwrap();
        assert_eq!(config.matches("[filter \"shroud\"]").count(), 1, "{config}");
        assert_eq!(config.matches("process = ").count(), 1, "{config}");
    }
}

#[test]
fn unlock_while_git_adds_does_no_harm() {
    for _ in 0..3 {
        let sandbox = many_files();
        for n in 0..FILES {
            sandbox.write(format!("clone/plain/{n}"), content(n));
        }
        let add = start(&sandbox, "git", "clone", &["add", "."]);
        let unlock = start(&sandbox, SHROUD, "clone", &["unlock", "../team.key"]);
        let [add, unlock] = [add, unlock].map(|child| child.wait_with_output().unwrap());
        for output in [&add, &unlock].into_iter().filter(|output| !output.status.success()) {
            let stderr = String::from_utf8_lossy(&output.stderr);
            // Before the unlock git trips over the tripwire.
            let refused = ["index.lock", "failed to encode"].map(|text| stderr.contains(text));
            assert!(refused.contains(&true), "{stderr}");
        }
        sandbox.shroud("clone", ["unlock", "../team.key"]);
        sandbox.git("clone", ["add", "."]);
        assert_eq!(
            sandbox.git("clone", ["diff", "--cached", "--name-only"]).text().lines().count(),
            FILES
        );
        sandbox.git("clone", ["commit", "-q", "-m", "plain"]);
        assert_all_open(&sandbox, "clone");
    }
}
