//! `diff --masked`: which keys changed, and never a value.

use crate::common::{Sandbox, contains, text};

const OLD: &str = "HOST=canary-host\nPASSWORD=canary-old\nGONE=canary-gone\n";
const NEW: &str =
    "HOST=canary-host\nPASSWORD=\"canary-new\ncanary-second\"\nexport NEW=canary-added\n";

/// A repository with an `.env` file and others, in two commits.
fn two_commits() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    for (env, yaml, key, message) in [
        (OLD, "db:\n  user: canary-u\n", "canary-a\ncanary-b\n", "old"),
        (NEW, "db:\n  user: canary-u\n  pass: canary-p\n", "canary-a\ncanary-c\ncanary-d\n", "new"),
    ] {
        sandbox.write("repo/secrets/app.env", env);
        sandbox.write("repo/secrets/db.yml", yaml);
        sandbox.write("repo/secrets/tls.key", key);
        sandbox.write("repo/open.env", format!("OPEN={message}\n"));
        sandbox.git("repo", ["add", "."]);
        sandbox.git("repo", ["commit", "-q", "-m", message]);
    }
    sandbox
}

/// What is printed, which holds no value.
#[track_caller]
fn diff(sandbox: &Sandbox, dir: &str, args: &[&str]) -> String {
    let done = sandbox.try_shroud(dir, [&["diff", "--masked"], args].concat()).expect(0);
    assert!(!contains(&done.stdout, b"canary") && !done.stderr.contains("canary"));
    text(done.stdout)
}

const BOTH: &str = "secrets/app.env
  + NEW
  - GONE
  ~ PASSWORD
secrets/db.yml
  + db.pass
secrets/tls.key: changed, 2 lines added, 1 removed
";

#[test]
fn two_revisions_are_compared_by_keys() {
    let sandbox = two_commits();
    assert_eq!(diff(&sandbox, "repo", &["HEAD~1", "HEAD"]), BOTH);
    assert_eq!(diff(&sandbox, "repo", &["HEAD~1..HEAD"]), BOTH);
    assert_eq!(diff(&sandbox, "repo", &["HEAD", "HEAD"]), "");
    let env = BOTH.split_inclusive('\n').take(4).collect::<String>();
    assert_eq!(diff(&sandbox, "repo", &["HEAD~1", "HEAD", "--", "secrets/app.env"]), env);
    // From a folder below paths begin there, and files are named from the top.
    assert_eq!(diff(&sandbox, "repo/secrets", &["HEAD~1", "HEAD", "--", "app.env"]), env);
    sandbox.git("repo", ["config", "diff.relative", "true"]);
    assert_eq!(diff(&sandbox, "repo/secrets/deep", &["HEAD~1", "HEAD"]), BOTH);
}

#[test]
fn index_and_worktree_are_compared_as_git_diff_does() {
    let sandbox = two_commits();
    assert_eq!(diff(&sandbox, "repo", &[]), "");
    sandbox.write("repo/secrets/app.env", "HOST=canary-host\n# canary\n");
    let gone = "secrets/app.env\n  - NEW\n  - PASSWORD\n";
    assert_eq!(diff(&sandbox, "repo", &[]), gone);
    assert_eq!(diff(&sandbox, "repo", &["HEAD"]), gone);
    assert_eq!(diff(&sandbox, "repo", &["--staged"]), "");
    sandbox.git("repo", ["add", "."]);
    assert_eq!(diff(&sandbox, "repo", &[]), "");
    for option in ["--staged", "--cached"] {
        assert_eq!(diff(&sandbox, "repo", &[option]), gone);
    }
    sandbox.write("repo/secrets/app.env", "HOST=canary-host\n\n# canary\n");
    assert_eq!(diff(&sandbox, "repo", &[]), "secrets/app.env: changed, but no key\n");
    std::fs::remove_file(sandbox.path("repo/secrets/app.env")).unwrap();
    assert_eq!(diff(&sandbox, "repo", &[]), "secrets/app.env\n  - HOST\n");
    sandbox.write("repo/secrets/new.bin", "\0canary");
    sandbox.write("repo/secrets/broken.env", "canary with no sign\n");
    sandbox.git("repo", ["add", "-N", "."]);
    let added = diff(&sandbox, "repo", &["--", "secrets/new.bin", "secrets/broken.env"]);
    let expected =
        "secrets/broken.env: changed, 1 line added, 0 removed\nsecrets/new.bin: changed, binary\n";
    assert_eq!(added, expected);
}

#[test]
fn a_conflict_is_named() {
    let sandbox = two_commits();
    sandbox.git("repo", ["checkout", "-q", "-b", "topic", "HEAD~1"]);
    sandbox.write("repo/secrets/app.env", OLD.replace("old", "other"));
    sandbox.git("repo", ["commit", "-q", "-am", "other"]);
    sandbox.try_git("repo", ["merge", "-q", "main"]).expect(1);
    assert_eq!(diff(&sandbox, "repo", &[]), "secrets/app.env: in a merge conflict\n");
}

#[test]
fn programs_get_json() {
    let sandbox = two_commits();
    let done = sandbox.shroud("repo", ["diff", "--masked", "--json", "HEAD~1", "HEAD"]);
    assert!(!contains(&done.stdout, b"canary"));
    let expected = serde_json::json!({"files": [
        {
            "path": "secrets/app.env",
            "state": "changed",
            "keys": {"added": ["NEW"], "removed": ["GONE"], "changed": ["PASSWORD"]},
        },
        {
            "path": "secrets/db.yml",
            "state": "changed",
            "keys": {"added": ["db.pass"], "removed": [], "changed": []},
        },
        {"path": "secrets/tls.key", "state": "changed", "lines_added": 2, "lines_removed": 1},
    ]});
    assert_eq!(done.json(), expected);
}

#[test]
fn what_cannot_be_opened_makes_the_answer_incomplete() {
    let sandbox = two_commits();
    sandbox.shroud("repo", ["lock", "-q"]);
    let masked = ["diff", "--masked", "HEAD~1", "HEAD"];
    let done = sandbox.try_shroud("repo", masked).expect(3);
    let done = done.says("3 files cannot be compared here").says("git shroud unlock");
    let whole = "secrets/app.env: changed (sealed whole)
secrets/db.yml: changed (sealed whole)
secrets/tls.key: changed (sealed whole)
";
    assert_eq!(done.text(), whole);
    let key = text(sandbox.read("team.key"));
    let done = sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "repo", &masked).expect(0);
    assert_eq!(done.text(), BOTH);
}

#[test]
fn it_works_in_a_bare_repository_too() {
    let sandbox = two_commits();
    sandbox.git(".", ["clone", "-q", "--bare", "repo", "bare"]);
    let key = text(sandbox.read("team.key"));
    let masked = ["diff", "--masked", "HEAD~1", "HEAD"];
    let done = sandbox.try_shroud_with(("GIT_SHROUD_KEY", &key), "bare", &masked).expect(0);
    assert_eq!(done.text(), BOTH);
}

#[test]
fn other_requests_are_refused_with_what_to_do() {
    let sandbox = two_commits();
    sandbox.try_shroud("repo", ["diff"]).expect(2).says("'git diff' shows the plaintext");
    let done = sandbox.try_shroud("repo", ["diff", "--masked", "nothing"]).expect(2);
    done.says("paths after '--'");
}

#[test]
fn names_that_would_trick_a_terminal_are_escaped() {
    let sandbox = two_commits();
    sandbox.write("repo/secrets/x.json", "{\n  \"a\\u001b[31m\": \"canary\"\n}\n");
    sandbox.git("repo", ["add", "."]);
    assert_eq!(diff(&sandbox, "repo", &["--staged"]), "secrets/x.json\n  + \"a\\033[31m\"\n");
}
