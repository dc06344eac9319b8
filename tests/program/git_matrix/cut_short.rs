//! A signal or a full disk at every step, and another run that was suspended.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use crate::common::{Done, Sandbox, is_sealed, needs};

const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");
/// Steps of one run at which it is cut short.
const STEPS: usize = 24;
const FILES: usize = 12;

/// An unlocked clone of a few files, with edits staged and not.
fn clone() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    for n in 0..FILES {
        sandbox.write(format!("repo/secrets/{n:02}"), format!("canary-{n}\n").repeat(300));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    sandbox.git(".", ["clone", "-q", "repo", "clone"]);
    sandbox
}

/// `git-shroud ARGS` in the clone under strace, which sends `signal` at a file's system call number `step`; without one the
/// number of those calls is returned.
fn traced(sandbox: &Sandbox, args: &[&str], cut: Option<(&str, usize)>) -> (Done, usize) {
    let log = sandbox.path("trace");
    let calls = "%file,write,fsync,close";
    let mut command = sandbox.command("strace", "clone");
    command.arg("-o").arg(&log).args(["-e", &format!("trace={calls}")]);
    if let Some((signal, step)) = cut {
        command.args(["-e", &format!("inject={calls}:signal={signal}:when={step}")]);
    }
    command.arg(SHROUD).args(args).process_group(0);
    let done = sandbox.run(command);
    let count = fs::read_to_string(&log).unwrap().lines().count();
    (done, count)
}

/// What one run leaves: git finds no lock, each file is whole, and no key is given up while a file is open.
#[track_caller]
fn assert_whole(sandbox: &Sandbox, case: &str) {
    for lock in ["index.lock", "config.lock", "HEAD.lock", "info/attributes.lock"] {
        assert!(!sandbox.path("clone/.git").join(lock).exists(), "{case}: {lock} was left");
    }
    let mut open = 0;
    for n in 0..FILES {
        let there = sandbox.read(format!("clone/secrets/{n:02}"));
        let whole = is_sealed(&there) || there == format!("canary-{n}\n").repeat(300).as_bytes();
        assert!(whole, "{case}: secrets/{n:02} is neither sealed nor whole");
        open += usize::from(!is_sealed(&there));
    }
    let held = sandbox.path("clone/.git/git-shroud/keyring").exists();
    assert!(held || open == 0, "{case}: {open} files are open, and the key is gone");
    sandbox.git("clone", ["fsck", "--strict", "--no-dangling"]);
}

#[track_caller]
fn assert_all(sandbox: &Sandbox, open: bool, case: &str) {
    for n in 0..FILES {
        let there = sandbox.read(format!("clone/secrets/{n:02}"));
        assert_eq!(is_sealed(&there), !open, "{case}: secrets/{n:02}");
    }
    assert_eq!(sandbox.git("clone", ["status", "--porcelain"]).text(), "", "{case}");
}

/// Runs `args` again and again, each time with a signal at a later step.
fn with_signals(prepare: impl Fn(&Sandbox), args: &[&str], after: impl Fn(&Sandbox, &str)) {
    needs("strace", "strace");
    let sandbox = clone();
    prepare(&sandbox);
    let (done, total) = traced(&sandbox, args, None);
    assert_eq!(done.status, 0, "{done:?}");
    after(&sandbox, "whole");
    for n in 0..STEPS {
        let signal = ["INT", "TERM", "HUP"][n % 3];
        let step = 1 + n * total / STEPS;
        prepare(&sandbox);
        traced(&sandbox, args, Some((signal, step)));
        let case = format!("{args:?}, SIG{signal} at step {step} of {total}");
        assert_whole(&sandbox, &case);
        after(&sandbox, &case);
    }
}

#[test]
fn unlock_that_gets_a_signal_at_any_step() {
    let lock = |sandbox: &Sandbox| {
        if sandbox.path("clone/.git/git-shroud/keyring").exists() {
            sandbox.shroud("clone", ["lock", "-q"]);
        }
    };
    with_signals(lock, &["unlock", "../team.key"], |sandbox, case| {
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
        assert_all(sandbox, true, case);
    });
}

#[test]
fn lock_that_gets_a_signal_at_any_step() {
    let unlock = |sandbox: &Sandbox| {
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    };
    with_signals(unlock, &["lock"], |sandbox, case| {
        sandbox.shroud("clone", ["lock", "-q"]);
        assert_all(sandbox, false, case);
    });
}

#[test]
fn track_that_gets_a_signal_at_any_step() {
    let unlock = |sandbox: &Sandbox| {
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
        sandbox.git("clone", ["reset", "-q", "--hard"]);
    };
    with_signals(unlock, &["track", "README"], |sandbox, case| {
        sandbox.shroud("clone", ["track", "-q", "README"]);
        assert!(is_sealed(&sandbox.blob("clone", ":README")), "{case}");
        sandbox.shroud("clone", ["check"]);
    });
}

#[test]
fn a_rotation_that_gets_a_signal_at_any_step() {
    let unlock = |sandbox: &Sandbox| {
        sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    };
    with_signals(unlock, &["key", "rotate"], |sandbox, case| {
        if sandbox.path("clone/.git/git-shroud/rotation").exists() {
            sandbox.shroud("clone", ["key", "rotate", "--continue"]);
        }
        sandbox.shroud("clone", ["status"]);
        sandbox.shroud("clone", ["check"]);
        sandbox.git("clone", ["commit", "-q", "--allow-empty", "-a", "-m", "rotated"]);
        assert_all(sandbox, true, case);
        sandbox.assert_no_object_holds("clone", b"canary");
    });
}

/// The disk takes a page more each time, until the whole run finds room.
#[test]
fn a_disk_that_is_full_at_every_step() {
    for (name, prepare, run, repair) in [
        (
            "unlock",
            "true",
            "git shroud unlock ../../team.key",
            "git shroud unlock -q ../../team.key",
        ),
        ("lock", "git shroud unlock -q ../../team.key", "git shroud lock", "git shroud lock -q"),
        (
            "track",
            "git shroud unlock -q ../../team.key",
            "git shroud track README",
            "git shroud track -q README && git shroud check",
        ),
        (
            "rotate",
            "git shroud unlock -q ../../team.key",
            "git shroud key rotate",
            "{ test ! -e .git/git-shroud/rotation || git shroud key rotate --continue; } && git shroud status -q",
        ),
    ] {
        let sandbox = clone();
        let script = format!(
            "cd disk || exit 98
             pages=0
             while :; do
               rm -rf clone filler; git clone -q ../clone clone || exit 97
               cd clone; {prepare} || exit 96; cd ..
               dd if=/dev/zero of=filler bs=4096 2> /dev/null
               dd if=/dev/null of=filler bs=4096 seek=$(($(stat -c %s filler) / 4096 - pages)) 2> /dev/null
               cd clone; ({run}) > ../../said 2>&1; status=$?; cd ..
               ls clone/.git/*.lock 2> /dev/null && echo {name} with $pages pages left a lock && exit 95
               grep -q panicked ../said && exit 94
               for file in clone/secrets/[0-9]*; do
                 head -c 7 $file | tr -d '\\000' | grep -q '^SHROUD\\|^canary' || {{ echo $file with $pages pages; exit 93; }}
               done
               if ! test -e clone/.git/git-shroud/keyring && grep -lq canary clone/secrets/*; then
                 echo keys are gone with $pages pages; exit 92
               fi
               rm -f filler
               cd clone
               ({repair}) || {{ echo {name} with $pages pages; exit 91; }}
               git fsck --strict --no-dangling || exit 90
               cd ..
               test $status = 0 && test $pages -gt 0 && break
               pages=$((pages + 1)); test $pages -lt 200 || exit 89
             done"
        );
        let done = sandbox.on_small_disk(&script);
        let said = String::from_utf8_lossy(&sandbox.read("said")).into_owned();
        assert_eq!(done.status, 0, "{name}: {}{}{said}", done.text(), done.stderr);
    }
}

/// A suspended run holds what it holds: the next says so, and does not wait for it in silence.
#[test]
fn a_run_that_was_suspended_is_named_by_the_next() {
    needs("timeout", "coreutils");
    needs("flock", "util-linux");
    let sandbox = clone();
    sandbox.shroud("clone", ["unlock", "-q", "../team.key"]);
    let path = std::env::var_os("PATH").unwrap();
    let git = std::env::split_paths(&path).map(|dir| dir.join("git")).find(|file| file.is_file());
    // A git that suspends who started it, as soon as that keeps others out.
    let script = format!(
        "#!/bin/sh
         if ! flock -n {0}/clone/.git true; then echo $PPID > {0}/stopped; kill -STOP $PPID; fi
         exec {1} \"$@\"\n",
        sandbox.path(".").display(),
        git.unwrap().display()
    );
    sandbox.write("bin/git", script);
    sandbox.sh(".", "chmod +x bin/git");
    let mut rotate = sandbox.command(SHROUD, "clone");
    let search = [sandbox.path("bin").as_os_str(), path.as_os_str()].join(OsStr::new(":"));
    rotate.args(["key", "rotate"]).env("PATH", search).process_group(0);
    let mut child = rotate.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !sandbox.path("stopped").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the rotation was never suspended");
        std::thread::yield_now();
    }
    let mut said = Vec::new();
    for args in [&["unlock", "../team.key"][..], &["lock"], &["key", "rotate"]] {
        let mut next = sandbox.command("timeout", "clone");
        next.args(["20", SHROUD]).args(args);
        said.push(sandbox.run(next));
    }
    sandbox.sh(".", &format!("kill -s KILL -- -{}", child.id()));
    child.wait().unwrap();
    for done in said {
        let named =
            ["another git-shroud", "in progress"].iter().any(|part| done.stderr.contains(part));
        assert!(named, "nothing is said of the run that was suspended: {done:?}");
    }
    if sandbox.path("clone/.git/git-shroud/rotation").exists() {
        sandbox.shroud("clone", ["key", "rotate", "--continue"]);
    }
    sandbox.shroud("clone", ["status"]);
}
