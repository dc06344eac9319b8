//! Runs that end in the middle, stand still, or meet another: no lock of theirs stays, and nobody waits without a word.

use std::fs;
use std::process::{Child, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::closing::{KEYRING, SHROUD, is_open, sealed};
use crate::common::{Sandbox, is_sealed, noise};

/// Takes this long to seal that there is time to act meanwhile.
const LARGE: usize = 24 << 20;

/// A repository with a file that takes a while.
fn with_large_file() -> Sandbox {
    let sandbox = sealed();
    sandbox.write("repo/secrets/large", noise(LARGE));
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "large"]);
    sandbox
}

/// Starts a run that hears every signal, also where the tests run under nohup or in the background.
fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.command("env", "repo");
    command.args(["--default-signal", SHROUD]);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

/// Waits until the run holds git's lock.
fn until_it_holds_the_lock(sandbox: &Sandbox, child: &mut Child) {
    while !sandbox.path("repo/.git/index.lock").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it took the lock");
        std::thread::yield_now();
    }
}

/// Ends a run by a signal while it holds git's lock, and returns how it ended. A run that was through before the signal came
/// is set back and started again.
fn end_under_lock(sandbox: &Sandbox, arguments: &[&str], number: Signal) -> ExitStatus {
    for _ in 0..50 {
        let set_back = if arguments[0] == "unlock" { "lock" } else { "unlock" };
        let key = (set_back == "unlock").then_some("../team.key");
        sandbox.shroud("repo", [set_back, "-q"].into_iter().chain(key));
        let mut child = start(sandbox, arguments);
        while child.try_wait().unwrap().is_none() {
            if sandbox.path("repo/.git/index.lock").exists() {
                signal(&child, number);
                break;
            }
            std::thread::yield_now();
        }
        let status = child.wait().unwrap();
        if !status.success() {
            return status;
        }
    }
    panic!("{arguments:?} was always through before the signal");
}

#[track_caller]
fn assert_nothing_left(sandbox: &Sandbox) {
    for dir in ["repo", "repo/.git", "repo/.git/git-shroud"] {
        for entry in fs::read_dir(sandbox.path(dir)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_left = name.ends_with(".lock")
                || name.starts_with(".git-shroud-")
                || name.starts_with("index.");
            assert!(!is_left, "{dir}/{name} is left");
        }
    }
}

#[test]
fn a_signal_leaves_no_lock_and_no_half_file() {
    use std::os::unix::process::ExitStatusExt as _;
    let sandbox = with_large_file();
    for number in [Signal::INT, Signal::TERM, Signal::HUP] {
        for arguments in [&["lock"][..], &["unlock", "../team.key"]] {
            let status = end_under_lock(&sandbox, arguments, number);
            assert_eq!(status.signal(), Some(number.as_raw()), "{arguments:?}: {status:?}");
            assert_nothing_left(&sandbox);
            assert!(sandbox.path("repo").join(KEYRING).exists());
            sandbox.git("repo", ["status"]);
            sandbox.shroud("repo", ["unlock", "-q", "../team.key"]);
            assert!(is_open(&sandbox, "repo"));
        }
    }
}

/// Who starts a program under nohup wants it to go on.
#[test]
fn an_ignored_signal_stays_ignored() {
    let sandbox = with_large_file();
    let mut command = sandbox.command("sh", "repo");
    command.args(["-c", "trap '' HUP; exec git-shroud lock -q"]);
    let mut child = command.spawn().unwrap();
    until_it_holds_the_lock(&sandbox, &mut child);
    signal(&child, Signal::HUP);
    assert!(child.wait().unwrap().success());
    assert!(!is_open(&sandbox, "repo"));
}

#[test]
fn the_lock_of_a_killed_run_is_known_and_removed() {
    let sandbox = with_large_file();
    end_under_lock(&sandbox, &["lock"], Signal::KILL);
    assert!(sandbox.path("repo/.git/index.lock").exists());
    // One file came through before.
    let sealed = sandbox.blob("repo", "HEAD:secrets/db.env");
    sandbox.write("repo/secrets/db.env", sealed);
    sandbox.shroud("repo", ["lock", "-q"]);
    assert!(!is_open(&sandbox, "repo"));
    assert_nothing_left(&sandbox);
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

/// From its first moment on the lock has its owner's name, and it has it until the index is whole.
#[test]
fn the_lock_has_its_owners_name_in_every_state() {
    crate::common::needs("strace", "strace");
    let sandbox = sealed();
    let trace = sandbox.path("trace");
    let mut run = sandbox.command("strace", "repo");
    run.args(["-f", "-qq", "-y", "-e", "trace=openat,write,rename,renameat,renameat2,link,linkat"]);
    run.arg("-o").arg(&trace).args([SHROUD, "lock", "-q"]);
    sandbox.run(run).expect(0);
    let text = fs::read_to_string(&trace).unwrap();
    for line in text.lines().filter(|line| line.contains("index.lock")) {
        assert!(line.contains("link"), "it is only ever linked to its place: {line}");
    }
    assert!(text.contains("index.lock"), "{text}");
}

#[test]
fn a_full_disk_leaves_no_lock() {
    let sandbox = sealed();
    sandbox.write("repo/secrets/more", vec![b'x'; 100_000]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "more"]);
    for free in ["0", "1", "2", "3", "5", "10", "40"] {
        for command in ["unlock", "lock"] {
            let ready = if command == "unlock" { "git-shroud lock -q || exit 97" } else { ":" };
            // The disk has so many blocks left, then none, then some again.
            let done = sandbox.on_small_disk(&format!(
                "git clone -q repo disk/clone 2>/dev/null && cd disk/clone || exit 98
                 git-shroud unlock -q ../../team.key || exit 97
                 {ready}
                 dd if=/dev/zero of=../fill bs=4k 2>/dev/null
                 truncate -s -$(({free} * 4096)) ../fill
                 git-shroud {command} $([ {command} = unlock ] && echo ../../team.key) 2>said
                 first=$?
                 ls .git | grep '^index.' && exit 96
                 rm ../fill
                 git-shroud {command} -q $([ {command} = unlock ] && echo ../../team.key) || exit 95
                 git status --porcelain --untracked-files=no
                 echo $first"
            ));
            let done = done.expect(0);
            assert!(!done.text().contains(" M "), "{command}, {free}: {}", done.text());
        }
    }
}

#[test]
fn a_moments_lock_of_another_git_is_waited_for() {
    let sandbox = sealed();
    sandbox.write("repo/.git/index.lock", "");
    let mut child = start(&sandbox, &["lock", "-q"]);
    // It has seen the lock once it has prepared its own.
    let prepared = || {
        let listed = fs::read_dir(sandbox.path("repo/.git")).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        listed.filter_map(Result::ok).any(|entry| name(entry).starts_with("index.git-shroud-"))
    };
    while !prepared() {
        assert!(child.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::yield_now();
    }
    fs::remove_file(sandbox.path("repo/.git/index.lock")).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!is_open(&sandbox, "repo"));
}

#[test]
fn a_suspended_run_is_named_and_not_waited_for() {
    let sandbox = with_large_file();
    let mut child = start(&sandbox, &["lock"]);
    until_it_holds_the_lock(&sandbox, &mut child);
    signal(&child, Signal::STOP);
    let process = format!("process {}", child.id());
    for arguments in [&["unlock"][..], &["lock"], &["key", "new", "x"], &["key", "rotate"]] {
        sandbox.try_shroud("repo", arguments).expect(2).says(&process).says("kill -CONT");
    }
    sandbox.shroud("repo", ["status"]);
    signal(&child, Signal::CONT);
    assert!(child.wait().unwrap().success());
    assert!(is_sealed(&sandbox.read("repo/secrets/large")));
}

#[test]
fn a_run_that_waits_says_for_whom() {
    let sandbox = with_large_file();
    let mut first = start(&sandbox, &["lock"]);
    until_it_holds_the_lock(&sandbox, &mut first);
    let second = sandbox.shroud("repo", ["lock"]);
    assert!(first.wait().unwrap().success());
    // Only where it took long enough to be worth a word.
    if second.stderr.contains("waiting") {
        assert!(second.stderr.contains(&format!("process {}", first.id())), "{}", second.stderr);
    }
    assert!(!is_open(&sandbox, "repo"));
}

/// Such a folder can have objects in it that are plaintext.
#[test]
fn a_signal_leaves_no_temporary_folder() {
    use std::os::unix::process::ExitStatusExt as _;
    let sandbox = with_large_file();
    fs::create_dir(sandbox.path("tmp")).unwrap();
    let git = crate::common::killing::git();
    let end = "ls $TMPDIR > ../seen; kill -TERM $PPID; exec tail --pid=$PPID -f /dev/null";
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' hash-object '*) {end} ;; esac\nexec {} \"$@\"\n",
        git.display()
    );
    sandbox.program("git", &script);
    let mut command = sandbox.command(SHROUD, "repo");
    command.args(["track", "README"]).env("TMPDIR", sandbox.path("tmp"));
    sandbox.with_own_programs(&mut command);
    let status = command.status().unwrap();
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
    assert_ne!(sandbox.read("seen"), b"", "there was none");
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0, "a folder is left");
}
