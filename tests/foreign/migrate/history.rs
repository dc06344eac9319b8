//! What was committed before a migration opens after it.

use crate::common::{Sandbox, contains, is_sealed};
use crate::migrate::place::{
    EARLIER, FILES, assert_open, foreign, git_crypt, is_git_crypt, migrate, taken_over,
};

/// Everything by which people look at history.
#[track_caller]
fn assert_history_opens(sandbox: &Sandbox, dir: &str) {
    assert_open(sandbox, dir);
    let cat = sandbox.shroud(dir, ["cat", "old:secrets/db.env"]);
    assert_eq!(cat.text(), EARLIER);
    let log = sandbox.git(dir, ["log", "-p", "--", "secrets/db.env"]).text();
    assert!(log.contains("-PASSWORD=canary-old\n+PASSWORD=canary-db\n"), "{log}");
    let diff = sandbox.git(dir, ["diff", "old", "HEAD", "--", "secrets"]).text();
    assert!(diff.contains("-PASSWORD=canary-old\n+PASSWORD=canary-db\n"), "{diff}");
    assert!(!diff.contains("tls.key"), "what did not change shows as changed:\n{diff}");
    sandbox.git(dir, ["checkout", "-q", "old"]);
    for (path, content, _) in FILES {
        let expected = if path == "secrets/db.env" { EARLIER } else { content };
        assert_eq!(sandbox.read(format!("{dir}/{path}")), expected.as_bytes(), "{path}");
    }
    assert_eq!(sandbox.git(dir, ["status", "--porcelain"]).text(), "");
    sandbox.git(dir, ["checkout", "-q", "main"]);
    assert_open(sandbox, dir);
}

#[test]
fn history_opens_where_the_migration_was_made() {
    let sandbox = taken_over();
    assert_history_opens(&sandbox, "repo");
    sandbox.assert_no_object_holds("repo", b"canary");
}

#[test]
fn history_opens_for_members_before_and_after_a_rotation_in_fresh_clones() {
    let sandbox = taken_over();
    let add = |name: &str| {
        let recipient = sandbox.age_identity(name);
        let args = ["member", "add", "-q", "--commit", "--label", name, "--key", "default"];
        sandbox.shroud("repo", [&args[..], &["--key", "ops", &recipient]].concat());
    };
    add("alice");
    sandbox.unlocked_clone("repo", "alice", "alice").expect(0);
    assert_history_opens(&sandbox, "alice");
    sandbox.shroud("repo", ["key", "rotate", "default"]);
    sandbox.shroud("repo", ["key", "rotate", "ops"]);
    sandbox.git("repo", ["commit", "-q", "-m", "rotate"]);
    add("bob");
    sandbox.unlocked_clone("repo", "bob", "bob").expect(0);
    assert_history_opens(&sandbox, "bob");
    sandbox.git("alice", ["pull", "-q"]);
    sandbox.shroud("alice", ["unlock", "-i", "../alice.age"]);
    assert_history_opens(&sandbox, "alice");
    // What the later generations keep is all that a clone needs.
    sandbox.shroud("bob", ["lock"]);
    assert!(is_sealed(&sandbox.read("bob/secrets/db.env")));
    assert!(!sandbox.path("bob/.git/git-crypt").exists());
    let log = sandbox.git("bob", ["log", "-p", "--", "secrets/db.env"]).stdout;
    assert!(!contains(&log, b"canary"));
    sandbox.shroud("bob", ["unlock", "-i", "../bob.age"]);
    assert_history_opens(&sandbox, "bob");
}

#[test]
fn a_member_of_one_key_reads_the_history_of_that_key_alone() {
    let sandbox = taken_over();
    let recipient = sandbox.age_identity("carol");
    let args = ["member", "add", "-q", "--commit", "--label", "carol", "--key", "ops", &recipient];
    sandbox.shroud("repo", args);
    sandbox.unlocked_clone("repo", "carol", "carol").expect(0);
    let cat = |path: &str| sandbox.shroud("carol", ["cat", path]).stdout;
    assert_eq!(cat("old:ops/prod.yml"), b"token: canary-ops\n");
    let closed = sandbox.try_shroud("carol", ["cat", "old:secrets/db.env"]);
    assert!(!contains(&closed.stdout, b"canary") && !closed.stderr.contains("canary"));
}

#[test]
fn a_branch_with_git_crypt_is_merged() {
    let sandbox = taken_over();
    sandbox.git("repo", ["checkout", "-q", "-b", "feature", "HEAD^"]);
    sandbox.write("repo/secrets/db.env", "PASSWORD=canary-db\nUSER=canary-user\n");
    sandbox.write("repo/secrets/new", "canary-new\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "feature"]);
    sandbox.git("repo", ["checkout", "-q", "main"]);
    sandbox.git("repo", ["merge", "-q", "--no-edit", "feature"]);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/db.env")));
    let merged = sandbox.read("repo/secrets/db.env");
    assert_eq!(merged, b"PASSWORD=canary-db\nUSER=canary-user\n");
    // What only the branch has comes as it was.
    assert!(is_git_crypt(&sandbox.blob("repo", "HEAD:secrets/new")));
    assert_eq!(sandbox.read("repo/secrets/new"), b"canary-new\n");
    let status = sandbox.try_shroud("repo", ["status"]).expect(1).text();
    assert!(status.contains("secrets/new"), "{status}");
    sandbox.git("repo", ["add", "--renormalize", "secrets"]);
    sandbox.git("repo", ["commit", "-q", "-m", "seal"]);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/new")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_key_that_no_line_names_any_more_is_kept_for_the_history() {
    let sandbox = foreign();
    git_crypt(&sandbox, "repo", &["init", "-k", "gone"]);
    sandbox.write("repo/gone/.gitattributes", "*.env filter=git-crypt-gone diff=git-crypt-gone\n");
    sandbox.write("repo/gone/a.env", "canary-gone\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "with gone"]);
    sandbox.git("repo", ["rm", "-q", "-r", "gone"]);
    sandbox.git("repo", ["commit", "-q", "-m", "without gone"]);
    let said = "no current line names the git-crypt key 'gone'; it is kept for history";
    migrate(&sandbox, "repo", &["--dry-run"]).expect(0).says(said);
    migrate(&sandbox, "repo", &[]).expect(0).says(said);
    assert_open(&sandbox, "repo");
    for name in ["default", "gone"] {
        sandbox.shroud("repo", ["key", "export", "--name", name, "-o", &format!("../{name}.new")]);
    }
    sandbox.git(".", ["clone", "-q", "repo", "fresh"]);
    sandbox.shroud("fresh", ["unlock", "../default.new", "../gone.new"]);
    let cat = sandbox.shroud("fresh", ["cat", "HEAD~2:gone/a.env"]);
    assert_eq!(cat.text(), "canary-gone\n");
}
