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
