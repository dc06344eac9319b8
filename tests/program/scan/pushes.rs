//! The guards of commits and pushes, and the hook of a server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::planted::token;
use crate::common::{Done, Sandbox};

/// A clone with guards, and its origin, which has one commit.
fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "--bare", "-b", "main", "origin.git"]);
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.git("repo", ["remote", "add", "origin", "../origin.git"]);
    sandbox.write("repo/clean", "nothing\n");
    commit(&sandbox, "one");
    sandbox.git("repo", ["push", "-q", "origin", "main"]);
    sandbox.shroud("repo", ["hooks", "install"]);
    sandbox
}

/// Past the guard, as another clone might.
fn commit(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["add", "-A"]);
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", message]);
}

fn push(sandbox: &Sandbox, arguments: &[&str]) -> Done {
    sandbox.try_git("repo", [&["push", "-q", "origin"], arguments].concat())
}

#[track_caller]
fn refused(done: Done, with: &[&str]) {
    let done = done.expect(1);
    let all = done.text() + &done.stderr;
    for text in with {
        assert!(all.contains(text), "no '{text}' in\n{all}");
    }
}

#[test]
fn a_push_with_a_secret_is_refused_and_says_what_to_do() {
    let sandbox = guarded();
    sandbox.write("repo/app.conf", format!("ci = {}\n", token(1)));
    commit(&sandbox, "two");
    sandbox.git("repo", ["rm", "-q", "app.conf"]);
    commit(&sandbox, "three");
    let done = push(&sandbox, &["main"]);
    assert!(!(done.text() + &done.stderr).contains(&token(1)));
    let advice = [
        "gitlab-pat",
        "app.conf:1",
        "git shroud track app.conf",
        "git shroud scan ",
        "shroud:allow",
        ".shroud/scan.toml",
        "git push --no-verify' pushes it anyway",
    ];
    refused(done, &advice);
    // What it says to see it again does show it.
    let message = push(&sandbox, &["main"]).stderr;
    let range = message.split("to see the findings again: git shroud scan ").nth(1).unwrap();
    let range = range.lines().next().unwrap().trim();
    assert!(sandbox.try_shroud("repo", ["scan", range]).expect(1).text().contains("app.conf"));
    push(&sandbox, &["--no-verify", "main"]).expect(0);
    // What the remote has already holds nobody up.
    sandbox.write("repo/clean", "still nothing\n");
    commit(&sandbox, "four");
    assert_eq!(push(&sandbox, &["main"]).expect(0).stderr, "");
    assert_eq!(push(&sandbox, &["main:other"]).expect(0).stderr, "");
    assert_eq!(push(&sandbox, &[":other"]).expect(0).stderr, "");
}

#[test]
fn only_what_is_pushed_is_looked_at() {
    let sandbox = guarded();
    sandbox.git("repo", ["switch", "-q", "-c", "side"]);
    sandbox.write("repo/side", token(2));
    commit(&sandbox, "side");
    sandbox.git("repo", ["switch", "-q", "main"]);
    sandbox.write("repo/staged", token(3));
    sandbox.git("repo", ["add", "staged"]);
    assert_eq!(push(&sandbox, &["main"]).expect(0).stderr, "");
    refused(push(&sandbox, &["side"]), &["side:1"]);
}

#[test]
fn messages_tags_and_trees_are_looked_at() {
    let sandbox = guarded();
    sandbox.git("repo", ["tag", "-a", "v1", "-m", &format!("with {}", token(4))]);
    refused(push(&sandbox, &["v1"]), &["gitlab-pat"]);
    let blob = sandbox.path("blob");
    fs::write(&blob, token(5)).unwrap();
    let script = "git update-index --add --cacheinfo 100644,$(git hash-object -w ../blob),deep/er
        git tag tree $(git write-tree) && git reset -q --hard";
    sandbox.sh("repo", script);
    refused(push(&sandbox, &["tree"]), &["gitlab-pat"]);
    sandbox.sh("repo", "git tag lone $(git hash-object -w ../blob)");
    refused(push(&sandbox, &["lone"]), &["gitlab-pat"]);
    commit_empty(&sandbox, &format!("because of {}", token(6)));
    refused(push(&sandbox, &["main"]), &["gitlab-pat"]);
}

fn commit_empty(sandbox: &Sandbox, message: &str) {
    sandbox.git("repo", ["commit", "-q", "--no-verify", "--allow-empty", "-m", message]);
}

#[test]
fn values_of_sealed_files_are_known_to_the_guard() {
    let sandbox = guarded();
    sandbox.shroud("repo", ["init", "-q"]);
    sandbox.shroud("repo", ["track", "-q", "p.env"]);
    sandbox.write("repo/p.env", "DB_PASS=kq7vzx-9mLw2p\n");
    commit(&sandbox, "sealed");
    push(&sandbox, &["main"]).expect(0);
    sandbox.write("repo/plain", "it is kq7vzx-9mLw2p, really\n");
    commit(&sandbox, "in the clear");
    refused(push(&sandbox, &["main"]), &["known-value", "plain:1"]);
    // Alone it judges what is to be sealed, too, which the guard leaves to 'check'.
    sandbox.git("repo", ["reset", "-q", "--hard", "HEAD^"]);
    sandbox.stage_raw("repo", "p.env", b"x");
    sandbox.git("repo", ["commit", "-q", "--no-verify", "-m", "raw"]);
    let lines = "printf 'refs/heads/main %s refs/heads/main %s\\n' \
                 $(git rev-parse main) $(git rev-parse origin/main)";
    let scan = format!("{lines} | git-shroud scan --pre-push origin; test $? = 1");
    let report = sandbox.sh("repo", &scan).text();
    assert!(report.contains("plaintext at a path that should be sealed"), "{report}");
}

#[test]
fn a_server_refuses_what_is_pushed_past_the_guard() {
    let sandbox = guarded();
    let hook = "origin.git/hooks/pre-receive";
    sandbox.write(hook, "#!/bin/sh\nexec git-shroud scan --pre-receive\n");
    fs::set_permissions(sandbox.path(hook), fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.write("repo/clean", "still nothing\n");
    commit(&sandbox, "two");
    push(&sandbox, &["--no-verify", "main"]).expect(0);
    sandbox.write("repo/app.conf", token(7));
    commit(&sandbox, "three");
    let done = push(&sandbox, &["--no-verify", "main"]);
    assert!(!done.stderr.contains(&token(7)) && !done.stderr.contains("--no-verify"));
    refused(done, &["app.conf:1", "pre-receive hook declined"]);
    sandbox.try_shroud("repo", ["scan", "--pre-receive", "--all"]).expect(2);
}

#[test]
fn an_earlier_guard_is_named_and_written_anew() {
    let sandbox = guarded();
    let guards = || {
        let json = sandbox.try_shroud("repo", ["doctor", "--json"]).json();
        let findings = json["findings"].as_array().unwrap();
        let guards = findings.iter().find(|finding| finding["check"] == "guards").unwrap();
        guards["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(guards(), "hooks check commits and pushes here");
    let hook = "repo/.git/hooks/pre-push";
    let text = String::from_utf8(sandbox.read(hook)).unwrap();
    let earlier = text.replace("guard pre-push \"$@\"", "check --pre-push \"$1\"");
    sandbox.write(hook, &earlier);
    assert_eq!(guards(), "these hooks are from another version of git-shroud: pre-push");
    // Elsewhere installed is no other version.
    sandbox.write(hook, text.replace("|| program='", "|| program='/elsewhere"));
    assert_eq!(guards(), "hooks check commits and pushes here");
    sandbox.write(hook, earlier);
    let done = sandbox.shroud("repo", ["hooks", "install"]);
    done.says("updated the hook pre-push").says("left the hook pre-commit as it is");
    assert_eq!(sandbox.read(hook), text.as_bytes());
    assert_eq!(sandbox.mode(hook), 0o755);
}

#[test]
fn an_archive_that_cannot_be_read_to_its_end_stops_nobody() {
    let sandbox = guarded();
    sandbox
        .sh("repo", "head -c 9000 /dev/urandom | gzip | head -c 5000 >cut.gz; git add cut.gz")
        .expect(0);
    sandbox.try_shroud("repo", ["scan", "--staged"]).expect(3).says("incomplete");
    sandbox.git("repo", ["commit", "-q", "-m", "two"]).says("incomplete");
    push(&sandbox, &["main"]).expect(0).says("incomplete");
    assert_eq!(sandbox.git("repo", ["diff", "main", "origin/main"]).text(), "");
}
