//! Hosts that hang, disks that are full, packs in several parts, and what a killed run has left.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::{clone, commit, id, team, two, url};
use crate::common::noise;

/// Names a host at this listener.
fn address(listener: &TcpListener) -> String {
    format!("shroud::git://{}/host.git", listener.local_addr().unwrap())
}

#[test]
fn a_store_behind_a_git_daemon_is_pushed_to_and_cloned() {
    let sandbox = team();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = address(&listener);
    let base = sandbox.path(".");
    let mut daemon = sandbox.command("git", ".");
    daemon.args(["daemon", "--inetd", "--export-all", "--enable=receive-pack"]);
    daemon.arg(format!("--base-path={}", base.to_str().unwrap())).arg(&base);
    let mut daemon = daemon;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let stream = OwnedFd::from(stream);
            daemon.stdin(Stdio::from(stream.try_clone().unwrap())).stdout(Stdio::from(stream));
            let _ = daemon.stderr(Stdio::null()).spawn().and_then(|mut child| child.wait());
            // The command keeps the last connection open else.
            daemon.stdin(Stdio::null()).stdout(Stdio::null());
        }
    });
    sandbox.git(".", ["clone", "-q", &there, "far"]);
    commit(&sandbox, "far", "far");
    sandbox.git("far", ["push", "-q", "origin", "main"]);
    sandbox.git("ann", ["pull", "-q", "vault", "main"]);
    assert_eq!(id(&sandbox, "ann", "main"), id(&sandbox, "far", "main"));
}

#[test]
fn a_host_that_never_answers_is_left_by_a_signal_and_nothing_stays_behind() {
    let sandbox = two();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.git("bob", ["remote", "set-url", "origin", &address(&listener)]);
    let before = sandbox.snapshot("bob/.git/objects");
    let refs = sandbox.git("bob", ["for-each-ref"]).text();
    for args in [&["fetch"][..], &["push", "origin", "HEAD:refs/heads/x"]] {
        let mut command = sandbox.command("git", "bob");
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.args(args).stderr(Stdio::null()).spawn().unwrap();
        // git has asked, and waits.
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4]).unwrap() > 0);
        let group = format!("kill -INT -{}", child.id());
        assert!(std::process::Command::new("sh").args(["-c", &group]).status().unwrap().success());
        assert!(!child.wait().unwrap().success());
        // The helper and the git that it started have ended, too: nobody holds the connection.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    assert_eq!(sandbox.snapshot("bob/.git/objects"), before);
    assert_eq!(sandbox.git("bob", ["for-each-ref"]).text(), refs);
    sandbox.git("bob", ["remote", "set-url", "origin", &url(&sandbox)]);
    commit(&sandbox, "bob", "bob");
    sandbox.git("bob", ["push", "-q", "origin", "main"]);
}

#[test]
fn a_pack_of_several_parts_is_pushed_and_cloned() {
    let sandbox = team();
    // More than the 87 MiB of one part.
    sandbox.write("ann/large", noise(90 << 20));
    sandbox.git("ann", ["add", "large"]);
    sandbox.git("ann", ["commit", "-q", "-m", "large"]);
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    assert_eq!(super::files(&sandbox, "packs/").len(), 3, "a small pack, and one of two parts");
    clone(&sandbox, "bob");
    assert_eq!(id(&sandbox, "bob", "main:large"), id(&sandbox, "ann", "main:large"));
    sandbox.git("bob", ["fsck", "--strict"]);
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let sandbox = two();
    sandbox.write("ann/large", noise(2 << 20));
    sandbox.git("ann", ["add", "large"]);
    sandbox.git("ann", ["commit", "-q", "-m", "large"]);
    let host = sandbox.git("host.git", ["for-each-ref"]).text();
    // A push makes a pack, its copy, and a sealed one.
    let push = sandbox.on_small_disk("cp -a ann disk/ann && git -C disk/ann push vault main; echo $?; ls disk/ann/.git/git-shroud/remotes/*");
    assert!(push.text().starts_with("1\n") && push.stderr.contains("space"), "{push:?}");
    assert!(!push.text().contains("push-"), "{push:?}");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), host);
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    let fetch = sandbox.on_small_disk(
        "cp -a bob disk/bob && git -C disk/bob fetch; echo $?; git -C disk/bob for-each-ref; git -C disk/bob fsck",
    );
    assert!(fetch.text().starts_with("128\n"), "{fetch:?}");
    assert!(fetch.text().contains(&id(&sandbox, "bob", "main")), "{fetch:?}");
    assert!(!fetch.text().contains(&id(&sandbox, "ann", "main")), "{fetch:?}");
    sandbox.git("bob", ["pull", "-q"]);
}

#[test]
fn what_a_killed_fetch_has_kept_is_let_go_a_day_later() {
    let sandbox = two();
    let pack = sandbox.path("bob/.git/objects/pack");
    fs::create_dir_all(&pack).unwrap();
    let keep = |name: &str, text: &str, hours: u64| {
        let path = pack.join(name);
        fs::write(&path, text).unwrap();
        let then = SystemTime::now() - Duration::from_secs(hours * 3_600);
        fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        path
    };
    let old = keep("pack-1.keep", "git-shroud\n", 25);
    let young = keep("pack-2.keep", "git-shroud\n", 1);
    let others = keep("pack-3.keep", "mine\n", 25);
    commit(&sandbox, "ann", "second");
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    sandbox.git("bob", ["pull", "-q"]);
    assert!(!old.exists() && young.exists() && others.exists());
}

#[test]
fn files_of_git_lfs_are_not_left_behind_unnoticed() {
    let sandbox = two();
    sandbox.write("ann/sub/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    sandbox.write("ann/.gitattributes", "# filter=lfs\n*.txt text\n");
    sandbox.git("ann", ["add", ".gitattributes"]);
    sandbox.git("ann", ["commit", "-q", "-m", "no lfs"]);
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    sandbox.git("ann", ["add", "sub"]);
    sandbox.git("ann", ["commit", "-q", "-m", "lfs"]);
    let host = sandbox.git("host.git", ["for-each-ref"]).text();
    let push = sandbox.try_git("ann", ["push", "vault", "main"]).expect(1);
    push.says("it uses Git LFS, whose files would not come along")
        .says("git config shroud.pushLfsPointers true");
    assert_eq!(sandbox.git("host.git", ["for-each-ref"]).text(), host);
    sandbox.git("ann", ["-c", "shroud.pushLfsPointers=true", "push", "-q", "vault", "main"]);
    sandbox.git("bob", ["pull", "-q"]);
    assert_eq!(id(&sandbox, "bob", "main"), id(&sandbox, "ann", "main"));
}
