//! What is looked at where not everything is.

use std::ffi::OsString;

use git_shroud::scan::Scope;
use git_shroud::scan::walk::scope::Commits;

use crate::common::Sandbox;
use crate::scanning::eye::canaries;

#[track_caller]
fn assert_found(sandbox: &Sandbox, scope: &Scope, expected: &[&str]) {
    let (seen, walked) = canaries(&sandbox.path("repo"), scope);
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

fn commits(revisions: &[&str]) -> Commits {
    let revisions = revisions.iter().map(OsString::from).collect();
    Commits { revisions, ..Commits::default() }
}

fn repository() -> Sandbox {
    let sandbox = crate::common::repository();
    for (number, name) in ["one", "two", "three"].iter().enumerate() {
        sandbox.write(format!("repo/{name}/file"), format!("canary-{name}\n"));
        sandbox.git("repo", ["add", "."]);
        let mut commit = sandbox.command("git", "repo");
        commit.args(["commit", "-q", "-m", &format!("canary-message-{name}")]);
        commit.env("GIT_COMMITTER_DATE", format!("202{number}-06-01T00:00:00Z"));
        sandbox.run(commit).expect(0);
    }
    sandbox
}

#[test]
fn ranges_bring_what_their_commits_brought() {
    let sandbox = repository();
    let scope = |revisions: &[&str]| Scope::Commits(commits(revisions));
    let all = ["message-one", "message-three", "message-two", "one", "three", "two"];
    assert_found(&sandbox, &scope(&[]), &all);
    assert_found(&sandbox, &scope(&["HEAD"]), &all);
    assert_found(&sandbox, &scope(&["HEAD~1..HEAD"]), &["message-three", "three"]);
    assert_found(&sandbox, &scope(&["HEAD~2..HEAD~1"]), &["message-two", "two"]);
    assert_found(&sandbox, &scope(&["HEAD", "^HEAD"]), &[]);
    let (path, since) = (Some(OsString::from("2021-01-01")), OsString::from("one"));
    let younger = Scope::Commits(Commits { since: path, ..commits(&[]) });
    assert_found(&sandbox, &younger, &["message-three", "message-two", "three", "two"]);
    let below = Scope::Commits(Commits { paths: vec![since], ..commits(&["HEAD~1"]) });
    assert_found(&sandbox, &below, &["message-one", "message-two", "one"]);
}

#[test]
fn a_merge_brings_what_no_side_had() {
    let sandbox = repository();
    sandbox.git("repo", ["checkout", "-q", "-b", "side", "HEAD~1"]);
    sandbox.write("repo/side", "canary-side\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "side"]);
    sandbox.git("repo", ["merge", "-q", "--no-commit", "main"]);
    sandbox.write("repo/one/file", "canary-evil\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "merge"]);
    let range = Scope::Commits(commits(&["HEAD", "^HEAD^1", "^HEAD^2"]));
    assert_found(&sandbox, &range, &["evil"]);
}

#[test]
fn staged_files_and_both_sides_of_a_conflict() {
    let sandbox = repository();
    assert_found(&sandbox, &Scope::Staged, &[]);
    sandbox.write("repo/canary-name", "canary-staged\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.write("repo/canary-name", "canary-not-staged\n");
    assert_found(&sandbox, &Scope::Staged, &["name", "staged"]);
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "x"]);
    sandbox.git("repo", ["checkout", "-q", "-b", "other", "HEAD~1"]);
    sandbox.write("repo/canary-name", "canary-other\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "x"]);
    sandbox.try_git("repo", ["merge", "-q", "main"]).expect(1);
    assert_found(&sandbox, &Scope::Staged, &["name", "not-staged", "other"]);
}

#[test]
fn staged_files_before_the_first_commit() {
    let sandbox = crate::common::repository();
    sandbox.write("repo/file", "canary-first\n");
    sandbox.git("repo", ["add", "."]);
    assert_found(&sandbox, &Scope::Staged, &["first"]);
}

#[test]
fn many_objects_are_taken_out_of_the_packs() {
    let sandbox = crate::common::repository();
    for number in 0..2500 {
        sandbox.write(format!("repo/{}/{number}", number % 50), format!("canary-{number}\n"));
    }
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "x"]);
    sandbox.write("repo/later", "canary-later\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "x"]);
    sandbox.git("repo", ["repack", "-adfq"]);
    let (seen, walked) = canaries(&sandbox.path("repo"), &Scope::Commits(commits(&["HEAD~1"])));
    assert!(walked.unread.is_empty(), "{:?}", walked.unread);
    assert_eq!((seen.len(), seen.contains("later")), (2500, false));
}
