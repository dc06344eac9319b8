//! Processes that are killed, meet, or find no room: a second run repairs, and no plaintext is left behind.

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{SECRETS, Sandbox, contains, is_sealed};

pub(crate) const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
const FILES: usize = 120;
/// Moments at which a run is killed, spread over what a whole one does.
const MOMENTS: u64 = 8;
const LARGE: usize = 9 << 20;

/// The `version` of a file: small ones, and one that is too large for memory.
fn content(n: usize, version: &str) -> Vec<u8> {
    let text = format!("canary-{version}-{n}\n");
    let len = if n == 0 { LARGE } else { 3000 };
    text.repeat(len / text.len()).into_bytes()
}

pub(crate) fn write_all(sandbox: &Sandbox, version: &str) {
    for n in 0..FILES {
        sandbox.write(format!("repo/secrets/{n:03}"), content(n, version));
    }
}

/// A repository with two branches that differ in every file; `tmp` is for temporary files.
pub(crate) fn two_branches() -> Sandbox {
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

/// Stands in for the filter: hands its answers on, and when `AT` bytes of them have come, kills it or all that runs here.
const DYING: &str = r#"#!/bin/sh
exec 3<&0
mkfifo "$0.$$"
git-shroud filter-process <&3 >"$0.$$" &
filter=$!
exec 4<"$0.$$"
stdbuf -o0 head -c "$AT" <&4 | tee "$0.said"
[ "$VICTIM" = all ] && kill -KILL 0
kill -KILL $filter
"#;

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    /// The filter alone, and git finds out.
    Filter,
    /// git with it.
    All,
}

/// `git ARGS` with a filter that hands `at` bytes of its answers on, if it has as many.
fn with_dying_filter(sandbox: &Sandbox, args: &[&str], victim: Victim, at: u64) -> ExitStatus {
    let filter = sandbox.program("filter", DYING);
    let mut command = sandbox.command("git", "repo");
    command.arg("-c").arg(format!("filter.shroud.process={filter}")).args(args);
    command.env("TMPDIR", sandbox.path("tmp")).env("AT", at.to_string());
    command.env("VICTIM", if victim == Victim::All { "all" } else { "filter" });
    // All that is started belongs to one group, which can be killed as one.
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
}

/// What a killed git leaves, as it says itself; nobody else may take it away.
fn remove_locks_of_git(sandbox: &Sandbox) {
    for name in ["index.lock", "HEAD.lock", "refs/heads/main.lock", "refs/heads/topic.lock"] {
        let _ = fs::remove_file(sandbox.path("repo/.git").join(name));
    }
}

#[track_caller]
pub(crate) fn assert_no_plaintext(sandbox: &Sandbox, case: &str) {
    for dir in ["repo/.git", "tmp"] {
        for (path, bytes) in sandbox.snapshot(dir) {
            assert!(!contains(&bytes, b"canary"), "{case}: {}", path.display());
        }
    }
    sandbox.assert_no_object_holds("repo", b"canary");
}

/// Runs `git ARGS` again and again, and kills at one byte of the filter's answers after another; calls `after` each time.
fn kill_with_filter(sandbox: &Sandbox, args: &[&str], prepare: impl Fn(), after: impl Fn(&str)) {
    prepare();
    assert!(with_dying_filter(sandbox, args, Victim::Filter, 1 << 40).success(), "{args:?}");
    let whole = fs::metadata(sandbox.path("bin/filter.said")).unwrap().len();
    after(&format!("{args:?}, whole"));
    for victim in [Victim::All, Victim::Filter] {
        for moment in 0..MOMENTS {
            prepare();
            let at = whole * moment / MOMENTS;
            let status = with_dying_filter(sandbox, args, victim, at);
            let case = format!("{args:?}, {victim:?} killed at byte {at} of {whole}: {status}");
            match victim {
                Victim::All => assert_eq!(status.signal(), Some(9), "{case}"),
                Victim::Filter => assert!(status.code().is_some_and(|code| code > 0), "{case}"),
            }
            remove_locks_of_git(sandbox);
            assert_no_plaintext(sandbox, &case);
            after(&case);
        }
    }
}

/// Runs `git-shroud ARGS` again and again, and kills it at one system call after another; calls `after` each time.
fn kill_at_calls(sandbox: &Sandbox, args: &[&str], prepare: impl Fn(), after: impl Fn(&str)) {
    let args = [&[SHROUD], args].concat();
    for call in ["openat", "/^rename"] {
        prepare();
        let calls = sandbox.count_calls("repo", call, &args);
        after(&format!("{args:?}, whole"));
        let moments = usize::try_from(MOMENTS / 2).unwrap();
        for moment in 1..=moments {
            prepare();
            let n = calls * moment / (moments + 1) + 1;
            let case = format!("{args:?}, killed at {n} of {calls} calls of {call}");
            assert!(sandbox.kill_at_call("repo", call, n, &args), "{case}: it ended before");
            remove_locks_of_git(sandbox);
            assert_no_plaintext(sandbox, &case);
            after(&case);
        }
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
    kill_with_filter(&sandbox, &["add", "."], prepare, after);
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
    kill_with_filter(&sandbox, &["checkout", "-q", "topic"], prepare, after);
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
    kill_at_calls(&sandbox, &["unlock", key], lock_again, is_open);
    kill_at_calls(&sandbox, &["lock"], unlock, |case| {
        sandbox.shroud("repo", ["lock", "-q"]);
        for n in 0..FILES {
            assert!(is_sealed(&sandbox.read(format!("repo/secrets/{n:03}"))), "{case}: {n}");
        }
    });
    unlock();
    kill_at_calls(
        &sandbox,
        &["key", "rotate"],
        || {},
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
