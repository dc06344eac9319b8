//! Processes that are killed, meet, or find no room: a second run repairs, and no plaintext is left behind.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
const FILES: usize = 120;
/// Moments at which a run is killed, spread over the time that a whole one takes.
const MOMENTS: u32 = 8;
const LARGE: usize = 9 << 20;

/// The `version` of a file: small ones, and one that is too large for memory.
fn content(n: usize, version: &str) -> Vec<u8> {
    let text = format!("canary-{version}-{n}\n");
    let len = if n == 0 { LARGE } else { 3000 };
    text.repeat(len / text.len()).into_bytes()
}

fn write_all(sandbox: &Sandbox, version: &str) {
    for n in 0..FILES {
        sandbox.write(format!("repo/secrets/{n:03}"), content(n, version));
    }
}

/// A repository with two branches that differ in every file; `tmp` is for temporary files.
fn two_branches() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    for version in ["topic", "main"] {
        sandbox.git("repo", ["checkout", "-q", "-B", version]);
        write_all(&sandbox, version);
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", version]);
    }
    fs::create_dir(sandbox.path("tmp")).unwrap();
    sandbox
}

fn start(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.command(args[0], "repo");
    command.args(&args[1..]).env("TMPDIR", sandbox.path("tmp"));
    // All that is started belongs to one group, which can be killed as one.
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn kill_group(child: &mut Child) {
    let group = format!("-{}", child.id());
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    child.wait().unwrap();
}

/// The first process below this one that is git-shroud.
fn filter_of(pid: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().find_map(|child| {
        let child = child.parse().ok()?;
        let name = fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        if name.starts_with("git-shroud") { Some(child) } else { filter_of(child) }
    })
}

/// What a killed git leaves, as it says itself; nobody else may take it away.
fn remove_locks_of_git(sandbox: &Sandbox) {
    for name in ["index.lock", "HEAD.lock", "refs/heads/main.lock", "refs/heads/topic.lock"] {
        let _ = fs::remove_file(sandbox.path("repo/.git").join(name));
    }
}

#[track_caller]
fn assert_no_plaintext(sandbox: &Sandbox, case: &str) {
    for dir in ["repo/.git", "tmp"] {
        for (path, bytes) in sandbox.snapshot(dir) {
            assert!(!contains(&bytes, b"canary"), "{case}: {}", path.display());
        }
    }
    sandbox.assert_no_object_holds("repo", b"canary");
}

/// Starts the command again and again, and ends it at one moment after another by `kill`; calls `after` each time.
fn kill_at_moments(
    sandbox: &Sandbox,
    args: &[&str],
    prepare: impl Fn(),
    kill: impl Fn(&mut Child),
    after: impl Fn(&str),
) {
    prepare();
    let begin = Instant::now();
    assert!(start(sandbox, args).wait().unwrap().success(), "{args:?}");
    let whole = begin.elapsed();
    after(&format!("{args:?}, whole"));
    for moment in 0..MOMENTS {
        prepare();
        let mut child = start(sandbox, args);
        std::thread::sleep(whole * moment / MOMENTS);
        kill(&mut child);
        kill_group(&mut child);
        remove_locks_of_git(sandbox);
        let case = format!("{args:?}, moment {moment}");
        assert_no_plaintext(sandbox, &case);
        after(&case);
    }
}

/// Ends the filter only, and lets git find out.
fn kill_filter(child: &mut Child) {
    if let Some(filter) = filter_of(child.id()) {
        let _ = Command::new("kill").args(["-KILL", &filter.to_string()]).status();
        child.wait().unwrap();
    }
}

#[test]
fn an_add_that_is_killed_with_its_filter() {
    let sandbox = two_branches();
    let round = std::cell::Cell::new(0);
    let prepare = || {
        round.set(round.get() + 1);
        write_all(&sandbox, &format!("round-{}", round.get()));
    };
    let after = |case: &str| {
        sandbox.git("repo", ["add", "."]);
        for n in [0, 1, FILES - 1] {
            let name = format!(":secrets/{n:03}");
            let expected = content(n, &format!("round-{}", round.get()));
            assert!(sandbox.shroud("repo", ["cat", &name]).stdout == expected, "{case}: {n}");
        }
        assert_no_plaintext(&sandbox, case);
    };
    kill_at_moments(&sandbox, &["git", "add", "."], prepare, kill_group, after);
    kill_at_moments(&sandbox, &["git", "add", "."], prepare, kill_filter, after);
}

#[test]
fn a_checkout_that_is_killed_with_its_filter() {
    let sandbox = two_branches();
    let prepare = || {
        sandbox.git("repo", ["checkout", "-q", "-f", "main"]);
        sandbox.git("repo", ["reset", "-q", "--hard"]);
    };
    let after = |case: &str| {
        // A file is whole, absent, or cut short by git, which then calls it changed.
        sandbox.git("repo", ["checkout", "-q", "-f", "topic"]);
        sandbox.git("repo", ["reset", "-q", "--hard"]);
        for n in 0..FILES {
            let there = sandbox.read(format!("repo/secrets/{n:03}"));
            assert!(there == content(n, "topic"), "{case}: {n}");
        }
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "", "{case}");
    };
    kill_at_moments(&sandbox, &["git", "checkout", "-q", "topic"], prepare, kill_group, after);
    kill_at_moments(&sandbox, &["git", "checkout", "-q", "topic"], prepare, kill_filter, after);
}

#[test]
fn unlock_lock_and_rotation_that_are_killed_leave_no_plaintext() {
    let sandbox = two_branches();
    let key = sandbox.path("team.key");
    let key = key.to_str().unwrap();
    let unlock = || {
        sandbox.shroud("repo", ["unlock", "-q", key]);
    };
    let lock = || {
        sandbox.shroud("repo", ["lock", "-q"]);
    };
    let is_open = |case: &str| {
        unlock();
        for n in 0..FILES {
            assert!(
                sandbox.read(format!("repo/secrets/{n:03}")) == content(n, "main"),
                "{case}: {n}"
            );
        }
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "", "{case}");
    };
    let lock_again = || {
        unlock();
        lock();
    };
    kill_at_moments(&sandbox, &[SHROUD, "unlock", key], lock_again, kill_group, is_open);
    kill_at_moments(&sandbox, &[SHROUD, "lock"], unlock, kill_group, |case| {
        sandbox.shroud("repo", ["lock", "-q"]);
        for n in 0..FILES {
            assert!(is_sealed(&sandbox.read(format!("repo/secrets/{n:03}"))), "{case}: {n}");
        }
    });
    unlock();
    kill_at_moments(
        &sandbox,
        &[SHROUD, "key", "rotate"],
        || {},
        kill_group,
        |case| {
            if sandbox.path("repo/.git/git-shroud/rotation").exists() {
                sandbox.shroud("repo", ["key", "rotate", "--continue"]);
            }
            sandbox.shroud("repo", ["status"]);
            assert_no_plaintext(&sandbox, case);
            for n in [0, 1, FILES - 1] {
                let name = format!(":secrets/{n:03}");
                assert!(
                    sandbox.shroud("repo", ["cat", &name]).stdout == content(n, "main"),
                    "{case}"
                );
            }
            sandbox.git("repo", ["commit", "-q", "--allow-empty", "-a", "-m", "rotated"]);
        },
    );
}

/// Nobody but git waits: whoever comes second says whose lock it is, and can do it again.
#[test]
fn two_at_once_and_one_of_them_says_why_not() {
    let pairs: [[&[&str]; 2]; 5] = [
        [&["git", "add", "secrets/001"], &["git", "add", "secrets/002"]],
        [&["git", "commit", "-qam", "a"], &["git", "stash"]],
        [&[SHROUD, "key", "rotate"], &[SHROUD, "key", "rotate"]],
        [&[SHROUD, "key", "rotate"], &["git", "add", "secrets"]],
        [&[SHROUD, "lock", "--force"], &["git", "add", "secrets"]],
    ];
    for pair in pairs {
        let sandbox = two_branches();
        write_all(&sandbox, "changed");
        let both = pair.map(|args| {
            let mut command = sandbox.command(args[0], "repo");
            command.args(&args[1..]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        });
        for child in both {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let reasons =
                ["lock", "could not write index", "another", "in progress", "held", "changed"];
            let told = output.status.success() || reasons.iter().any(|part| said.contains(part));
            assert!(told, "{pair:?}: {said}");
            assert!(!said.contains("panicked"), "{pair:?}: {said}");
        }
        if sandbox.path("repo/.git/git-shroud/rotation").exists() {
            sandbox.shroud("repo", ["key", "rotate", "--continue"]);
        }
        sandbox.shroud("repo", ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
        sandbox.git("repo", ["add", "secrets"]);
        sandbox.git("repo", ["commit", "-q", "--allow-empty", "-m", "after"]);
        sandbox.git("repo", ["fsck", "--strict", "--no-dangling"]);
        assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "", "{pair:?}");
        assert_no_plaintext(&sandbox, &format!("{pair:?}"));
    }
}

#[test]
fn a_disk_that_fills_up() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let disk_is_full = "head -c 3500000 /dev/zero > filler 2> /dev/null; test -s filler || exit 98";
    // Random, so that git cannot make it small.
    let prepare = format!(
        "cd disk && git clone -q ../repo clone && cd clone && git shroud unlock -q ../../team.key
         head -c 600000 /dev/urandom > secrets/big && git add . && git commit -qm big
         git shroud key export -q -o ../copy.key
         {disk_is_full}"
    );
    for (run, repair) in [
        (
            "head -c 300 /dev/urandom > /dev/null; git rm -q --cached secrets/big; git add secrets",
            "git add secrets",
        ),
        (
            "git shroud key rotate",
            "test ! -e .git/git-shroud/rotation || git shroud key rotate --continue",
        ),
        ("git shroud lock", "git shroud lock && git shroud unlock -q ../../team.key"),
        (
            "rm secrets/big; cat /dev/zero > more 2> /dev/null; git checkout -f -q .",
            "git checkout -q -f .",
        ),
    ] {
        let script = format!(
            "{prepare}
             sha256sum < secrets/big > ../../sum
             ({run}) > ../../said 2>&1; echo status $? >> ../../said
             rm -f filler more .git/index.lock
             ({repair}) || exit 97
             git reset -q; git checkout -q -f . || exit 96
             sha256sum < secrets/big | cmp - ../../sum || exit 95
             git fsck --strict --no-dangling || exit 94
             git shroud status || exit 93"
        );
        let done = sandbox.on_small_disk(&script);
        let said = String::from_utf8(sandbox.read("said")).unwrap();
        assert_eq!(done.status, 0, "{run}: {}{}{said}", done.text(), done.stderr);
        assert!(!said.contains("panicked"), "{run}: {said}");
        assert!(
            ["o space left", "Out of diskspace", "status 0"].iter().any(|part| said.contains(part)),
            "{run}: {said}"
        );
        let _ = fs::remove_file(sandbox.path("said"));
    }
}

#[test]
fn a_temporary_folder_that_cannot_be_written_is_named() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.write("repo/later/plain", "canary-later\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.stage_raw("repo", "secrets/leak", b"in the clear");
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    let index = sandbox.git("repo", ["ls-files", "-s"]).text();
    sandbox.write("file", "");
    for temporary in ["file", "no/such"] {
        let folder = sandbox.path(temporary);
        let folder = folder.to_str().unwrap();
        for args in [&["key", "rotate"][..], &["track", "later/**"], &["status", "--fix"]] {
            let done = sandbox.try_shroud_with(("TMPDIR", folder), "repo", args);
            assert_ne!(done.status, 0, "{args:?}");
            assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
            let done = done.says("TMPDIR").says(folder);
            assert!(!done.stderr.is_empty());
            if sandbox.path("repo/.git/git-shroud/rotation").exists() {
                sandbox.shroud("repo", ["key", "rotate", "--abort"]);
            }
            sandbox.git("repo", ["checkout", "-q", "HEAD", "--", ".gitattributes"]);
            assert_eq!(sandbox.git("repo", ["ls-files", "-s"]).text(), index, "{args:?}");
        }
    }
    sandbox.shroud("repo", ["status", "--fix"]);
}

/// Runs `work` while another thread writes the file over and over, in place and with other lengths.
fn while_written(file: &Path, work: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                fs::write(file, format!("canary-{round}\n").repeat(100_000 + round % 7)).unwrap();
            }
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    let file = sandbox.path("repo/secrets/busy");
    fs::write(&file, "canary").unwrap();
    while_written(&file, || {
        for _ in 0..8 {
            // git itself may say that the file changed under it.
            let done = sandbox.try_git("repo", ["add", "secrets"]);
            if done.status == 0 {
                sandbox.shroud("repo", ["cat", ":secrets/busy"]);
            } else {
                assert!(done.stderr.contains("busy"), "{}", done.stderr);
            }
        }
    });
    sandbox.git("repo", ["add", "secrets"]);
    sandbox.git("repo", ["commit", "-q", "-m", "at rest"]);
    while_written(&file, || {
        for force in [&["lock"][..], &["lock", "--force"]] {
            let locked = sandbox.try_shroud("repo", force);
            assert!(!locked.stderr.contains("panicked"), "{}", locked.stderr);
        }
    });
    sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
    sandbox.git("repo", ["restore", "."]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox.shroud("repo", ["lock"]);
    sandbox.assert_no_object_holds("repo", b"canary");
    assert!(is_sealed(&fs::read(&file).unwrap()));
    // What is sealed opens, whatever was going on.
    sandbox.shroud("repo", ["unlock", "../team.key"]);
}
