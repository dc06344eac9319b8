//! What git does where the program of the filters cannot be found. Until git 2.54 it ended at once; since 2.55 it goes on,
//! to where it sees that the filter is required.

use crate::common::{Done, Sandbox, sealed};

/// git in `repo`, on a `PATH` without the program.
fn git_alone(sandbox: &Sandbox, args: &[&str]) -> Done {
    let mut command = sandbox.command("git", "repo");
    for (name, arguments) in
        [("process", "filter-process"), ("clean", "clean -- %f"), ("smudge", "smudge -- %f")]
    {
        command.args(["-c", &format!("filter.shroud.{name}=git-shroud {arguments}")]);
    }
    command.args(args).env("PATH", std::env::var_os("PATH").unwrap());
    sandbox.run(command)
}

#[test]
fn nothing_is_stored_or_checked_out_without_the_program() {
    let sandbox = sealed();
    sandbox.git("repo", ["branch", "before"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-two\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "two"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-three\n");
    sandbox.write("repo/secrets/new.env", "PASSWORD=canary-new\n");
    let index = sandbox.git("repo", ["ls-files", "--stage"]).text();
    let head = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
    // Before 2.55 it is chance whether git notices when it writes or when it reads.
    let early: &[&str] =
        if sandbox.git_version() < (2, 55) { &["hung up unexpectedly"] } else { &[] };
    let late = [
        "initialization for subprocess 'git-shroud filter-process' failed",
        "clean filter 'shroud' failed",
    ];
    for args in [
        &["add", "."][..],
        &["add", "secrets/new.env"],
        &["commit", "-q", "-a", "-m", "three"],
        &["stash"],
        &["hash-object", "-w", "secrets/db.env"],
    ] {
        let done = git_alone(&sandbox, args);
        assert_ne!(done.status, 0, "{args:?}: {}", done.stderr);
        assert!(done.stderr.contains("git-shroud"), "{args:?}: {}", done.stderr);
        let says = |word: &&str| done.stderr.contains(word);
        assert!(early.iter().any(says) || late.iter().all(says), "{args:?}: {}", done.stderr);
    }
    assert_eq!(sandbox.git("repo", ["ls-files", "--stage"]).text(), index);
    assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD"]).text(), head);
    sandbox.assert_no_object_holds("repo", b"canary");
    // The other way: no file becomes sealed bytes, or another version, unnoticed.
    sandbox.git("repo", ["checkout", "-q", "--", "."]);
    sandbox.sh("repo", "rm secrets/new.env");
    for args in [
        &["checkout", "-q", "before"][..],
        &["reset", "-q", "--hard", "before"],
        &["merge", "-q", "before~0"],
    ] {
        let done = git_alone(&sandbox, args);
        let now = sandbox.read("repo/secrets/deep/er/tls.key");
        assert_eq!(now, crate::common::SECRETS[1].1.as_bytes(), "{args:?}");
        if args[0] != "merge" {
            assert_ne!(done.status, 0, "{args:?}: {}", done.stderr);
            assert!(done.stderr.contains("git-shroud"), "{args:?}: {}", done.stderr);
        }
    }
    // With the program all is as before.
    sandbox.git("repo", ["reset", "-q", "--hard", head.trim()]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), b"PASSWORD=canary-two\n");
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}
