//! Many files, large ones, bad ones: what needs nothing of them works.

use std::fs;

use crate::member_attacks::{assert_has_nothing, member_file, push, recipient, team};

/// A git that counts its calls.
fn counting_git(sandbox: &crate::common::Sandbox) -> String {
    let bin = sandbox.path("counting");
    fs::create_dir_all(&bin).unwrap();
    let real = sandbox.sh(".", "command -v git").text();
    let log = sandbox.path("calls");
    let script = format!("#!/bin/sh\necho x >>'{}'\nexec {} \"$@\"\n", log.display(), real.trim());
    sandbox.write("counting/git", script);
    sandbox.sh(".", "chmod 755 counting/git");
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[test]
fn git_is_not_called_for_each_bad_file() {
    let sandbox = team(&["alice"]);
    for n in 0..60 {
        sandbox.write(member_file("default", &format!("bad-{n}")), "");
    }
    push(&sandbox);
    let path = counting_git(&sandbox);
    for args in [["member", "list"].as_slice(), &["status"], &["doctor"]] {
        fs::write(sandbox.path("calls"), "").unwrap();
        sandbox.try_shroud_with(("PATH", &path), "repo", args).expect(1);
        let calls = sandbox.read("calls").len() / 2;
        assert!(calls < 40, "{args:?}: {calls} calls of git");
    }
}

#[test]
fn status_says_of_the_good_keys_what_it_can_and_names_the_bad_one() {
    let sandbox = team(&["alice"]);
    sandbox.shroud("repo", ["key", "new", "-q", "prod"]);
    sandbox.shroud("repo", ["track", "-q", "--key", "prod", "prod/**"]);
    sandbox.write("repo/prod/a", "canary");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "prod"]);
    sandbox.write("repo/.shroud/prod/key.toml", "nonsense");
    for path in ["secrets/leak", "prod/leak"] {
        sandbox.stage_raw("repo", path, b"in the clear");
    }
    let done = sandbox.try_shroud("repo", ["status"]).expect(1);
    assert!(done.text().contains("plaintext-in-index"), "{}", done.text());
    let done = done.says(".shroud/prod/key.toml: it is not");
    assert!(done.text().contains("secrets/db.env"), "{}", done.text());
    let json = sandbox.try_shroud("repo", ["status", "--json"]).expect(1).json();
    let state = |path: &str| {
        let files = json["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).unwrap()["state"].clone()
    };
    assert_eq!(state("secrets/db.env"), "sealed");
    assert_ne!(state("prod/a"), "sealed");
    // Files of the good key are sealed; of the bad one nothing is.
    sandbox.try_shroud("repo", ["status", "--fix"]).expect(1).says("sealed and staged 1 file");
    assert!(sandbox.blob("repo", ":secrets/leak").starts_with(b"\0SHROUD"));
    assert_eq!(sandbox.blob("repo", ":prod/leak"), b"in the clear");
}

#[test]
fn lock_reads_no_member_file_of_a_key_that_was_exported() {
    let sandbox = team(&["alice"]);
    sandbox.shroud("repo", ["key", "export", "-q", "-o", "../copy"]);
    // Reading it would wait for ever, or fail.
    sandbox
        .sh("repo", "mkfifo .shroud/default/members/a.toml; mkdir .shroud/default/members/b.toml")
        .expect(0);
    sandbox.shroud("repo", ["lock"]);
    // Of one that was not exported the first that counts is enough, whatever stands beside it.
    let sandbox = team(&["alice"]);
    sandbox.write(member_file("default", "0"), "");
    sandbox.write(member_file("default", "zzz"), "");
    sandbox.shroud("repo", ["lock", "--force"]);
}

#[test]
fn bad_files_keep_no_key_from_being_given_up_or_exported() {
    let bad: [(&str, &str, usize); 6] = [
        ("default/key.toml", "nonsense", 1),
        ("other/key.toml", "nonsense", 1),
        ("other/key.toml", "x", 5 << 20),
        ("default/members/big.toml", "x", 5 << 20),
        ("default/members/bad.toml", "x = ", 1),
        ("other/members/bad.toml", "x = ", 1),
    ];
    for (path, content, times) in bad {
        let sandbox = team(&["alice", "bob"]);
        sandbox.write(format!("repo/.shroud/{path}"), content.repeat(times));
        push(&sandbox);
        sandbox.shroud("repo", ["key", "export", "-o", "../one.key"]);
        if path.starts_with("default/key") {
            sandbox.shroud("repo", ["member", "remove", "bob", "--no-rotate"]);
            assert!(!sandbox.path(member_file("default", "bob")).exists());
        } else if path.starts_with("other/key") {
            sandbox.shroud("repo", ["member", "remove", "bob"]);
            sandbox.git("repo", ["commit", "-q", "-m", "bob leaves"]);
            sandbox.shroud("repo", ["key", "export", "-o", "../two.key"]);
        } else {
            let named = format!(".shroud/{path}");
            sandbox.shroud("repo", ["member", "remove", "bob", "--no-rotate"]);
            sandbox.git("repo", ["commit", "-q", "-m", "bob leaves"]);
            assert_has_nothing(&sandbox, &recipient(&sandbox, "bob"));
            sandbox.shroud("repo", ["member", "remove", &named, "--no-rotate"]);
            assert!(!sandbox.path(format!("repo/{named}")).exists());
            sandbox.git("repo", ["reset", "-q", "--hard"]);
        }
        sandbox.shroud("repo", ["lock"]);
    }
}
