//! `lock --worktree`: one worktree that uses no key, beside others of the same clone that do.

use std::fs;

use crate::common::{SECRETS, Sandbox, is_sealed};

const KEY: &str = "repo/.git/git-shroud/keyring";
const DB: &str = "agent/secrets/db.env";

/// An open repository, and a locked worktree of it.
fn agent() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox
        .shroud("repo", ["lock", "--new-worktree", "../agent"])
        .says("made the worktree")
        .says("which is locked");
    sandbox
}

#[track_caller]
fn assert_sealed_in_agent(sandbox: &Sandbox) {
    for (path, plaintext) in SECRETS.iter().filter(|(_, plaintext)| !plaintext.is_empty()) {
        let bytes = sandbox.read(format!("agent/{path}"));
        assert!(is_sealed(&bytes), "{path}: {plaintext}");
    }
}

#[track_caller]
fn assert_open_in_repo(sandbox: &Sandbox) {
    for (path, plaintext) in SECRETS {
        assert_eq!(sandbox.read(format!("repo/{path}")), plaintext.as_bytes(), "{path}");
    }
    assert!(sandbox.path(KEY).exists());
}

#[test]
fn a_new_worktree_never_holds_plaintext_and_git_works_in_it() {
    let sandbox = agent();
    assert_sealed_in_agent(&sandbox);
    assert_open_in_repo(&sandbox);
    assert_eq!(sandbox.git("agent", ["status", "--porcelain"]).text(), "");
    assert_eq!(sandbox.git("agent", ["branch", "--show-current"]).text(), "agent\n");
    // Whatever is done to sealed bytes leaves them as they are.
    let blob = sandbox.git("agent", ["rev-parse", ":secrets/db.env"]).text();
    let bytes = sandbox.read(DB);
    sandbox.write(DB, &bytes);
    sandbox.write("agent/README", "changed");
    sandbox.git("agent", ["add", "."]);
    sandbox.git("agent", ["commit", "-q", "-m", "by the agent"]);
    assert_eq!(sandbox.git("agent", ["rev-parse", ":secrets/db.env"]).text(), blob);
    sandbox.git("agent", ["checkout", "-q", "HEAD^"]);
    sandbox.git("agent", ["checkout", "-q", "agent"]);
    fs::remove_file(sandbox.path(DB)).unwrap();
    sandbox.git("agent", ["checkout", "--", "secrets"]);
    assert_sealed_in_agent(&sandbox);
    sandbox.git("repo", ["merge", "-q", "agent"]);
    assert_open_in_repo(&sandbox);
}

#[test]
fn plaintext_is_refused_and_nothing_tells_a_value() {
    let sandbox = agent();
    sandbox.write("agent/secrets/new", "canary");
    let refused = sandbox.try_git("agent", ["add", "."]);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("secrets/new"), "{}", refused.stderr);
    fs::remove_file(sandbox.path("agent/secrets/new")).unwrap();
    let secret = SECRETS[0].1.trim_end();
    for command in [
        &["cat", "HEAD:secrets/db.env"][..],
        &["cat", "secrets/db.env"],
        &["diff", "HEAD"],
        &["log", "-p"],
        &["blame", "secrets/db.env"],
        &["scan"],
        &["key", "export"],
        &["edit", "secrets/db.env"],
    ] {
        let done = sandbox.try_shroud("agent", command);
        let said = done.text() + &done.stderr;
        assert!(!said.contains(secret) && !said.contains("GIT-SHROUD-KEY"), "{command:?}: {said}");
    }
    for command in [&["show", "HEAD"][..], &["log", "-p"], &["diff", "HEAD~0", "--text"]] {
        assert!(!sandbox.git("agent", command).text().contains(secret), "{command:?}");
    }
    assert_open_in_repo(&sandbox);
}

#[test]
fn keys_are_not_changed_from_there() {
    let sandbox = agent();
    let before = sandbox.read(KEY);
    let member = sandbox.age_identity("ann");
    for command in [
        &["key", "new", "prod"][..],
        &["key", "rotate"],
        &["key", "import", "../team.key"],
        &["member", "add", &member],
    ] {
        let done = sandbox.try_shroud("agent", command);
        assert_ne!(done.status, 0, "{command:?}");
        let said = &done.stderr;
        let is_plain =
            said.contains("this worktree is locked") || said.contains("git shroud unlock");
        assert!(is_plain, "{command:?}: {said}");
    }
    assert_eq!(sandbox.read(KEY), before);
    assert_eq!(sandbox.git("agent", ["status", "--porcelain"]).text(), "");
}

#[test]
fn an_open_worktree_is_locked_by_itself_and_opened_again() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["worktree", "add", "-q", "../agent"]);
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
    sandbox.write(DB, "PASSWORD=changed\n");
    let refused = sandbox.try_shroud("agent", ["lock", "--worktree"]).expect(1);
    assert!(refused.stderr.contains("unstaged changes"), "{}", refused.stderr);
    assert_eq!(sandbox.read(DB), b"PASSWORD=changed\n");
    // What is not locked yet still seals.
    sandbox.git("agent", ["commit", "-q", "-a", "-m", "changed"]);
    sandbox.shroud("agent", ["lock", "--worktree"]).says("this worktree is locked");
    sandbox.shroud("agent", ["lock", "--worktree"]).says("sealed 0 files");
    assert_sealed_in_agent(&sandbox);
    assert_open_in_repo(&sandbox);
    for (dir, text) in [("repo", "agent is locked"), ("agent", "no key in this worktree")] {
        let doctor = sandbox.shroud(dir, ["doctor"]).text();
        assert!(doctor.contains(text), "{doctor}");
    }
    // The whole clone is unlocked again, but for this one.
    sandbox.shroud("repo", ["unlock"]).says("stays locked");
    assert_sealed_in_agent(&sandbox);
    sandbox.shroud("agent", ["unlock"]).says("was locked by itself");
    assert_eq!(sandbox.read(DB), b"PASSWORD=changed\n");
    sandbox.git("agent", ["status", "--porcelain"]);
    sandbox.write("agent/secrets/new", "sealed again");
    sandbox.git("agent", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("agent", ":secrets/new")));
}

#[test]
fn a_lock_of_the_clone_gives_up_the_keys_from_there_too() {
    let sandbox = agent();
    sandbox.shroud("agent", ["lock"]).says("removed 1 key from this clone");
    assert!(!sandbox.path(KEY).exists());
    assert!(is_sealed(&sandbox.read("repo/secrets/db.env")));
    sandbox.shroud("repo", ["unlock", "../team.key"]).says("stays locked");
    assert_open_in_repo(&sandbox);
    assert_sealed_in_agent(&sandbox);
}

#[test]
fn the_main_worktree_can_be_the_locked_one() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["worktree", "add", "-q", "../open"]);
    sandbox.shroud("repo", ["lock", "--worktree"]);
    assert!(is_sealed(&sandbox.read("repo/secrets/db.env")));
    assert_eq!(sandbox.read("open/secrets/db.env"), SECRETS[0].1.as_bytes());
    sandbox.write("open/secrets/new", "canary");
    sandbox.git("open", ["add", "."]);
    assert!(is_sealed(&sandbox.blob("open", ":secrets/new")));
    sandbox.write("repo/secrets/new", "canary");
    assert_ne!(sandbox.try_git("repo", ["add", "."]).status, 0);
}

#[test]
fn a_branch_can_be_named_and_a_place_that_is_taken_is_left() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["branch", "work"]);
    sandbox.write("taken/file", "mine");
    let refused = sandbox.try_shroud("repo", ["lock", "--new-worktree", "../taken", "work"]);
    assert_ne!(refused.status, 0);
    assert_eq!(sandbox.read("taken/file"), b"mine");
    sandbox.shroud("repo/secrets", ["lock", "--new-worktree", "../../agent", "work"]);
    assert_eq!(sandbox.git("agent", ["branch", "--show-current"]).text(), "work\n");
    assert_sealed_in_agent(&sandbox);
    // Its mark goes where git moves the worktree, and with it.
    sandbox.git("repo", ["worktree", "move", "../agent", "../moved"]);
    sandbox.write("moved/secrets/new", "canary");
    assert_ne!(sandbox.try_git("moved", ["add", "."]).status, 0);
    sandbox.git("repo", ["worktree", "remove", "--force", "../moved"]);
    sandbox.git("repo", ["worktree", "add", "-q", "../agent", "work"]);
    assert_eq!(sandbox.read(DB), SECRETS[0].1.as_bytes());
}

#[test]
fn a_repository_that_is_named_counts_as_the_one_around() {
    let sandbox = agent();
    sandbox.write("agent/secrets/new", "canary");
    let git_dir = sandbox.git("agent", ["rev-parse", "--absolute-git-dir"]).text();
    let mut command = sandbox.command("git", "agent");
    command.args(["add", "."]).env("GIT_DIR", git_dir.trim()).env("GIT_WORK_TREE", ".");
    assert_ne!(sandbox.run(command).status, 0);
}

#[test]
fn a_merge_of_sealed_files_is_a_conflict_there_and_none_in_the_open() {
    let sandbox = agent();
    let lines = |a: &str, b: &str| format!("A={a}\n\nB=1\n\nC=1\n\nD={b}\n");
    sandbox.write("repo/secrets/db.env", lines("1", "1"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "base"]);
    sandbox.git("repo", ["branch", "other"]);
    sandbox.write("repo/secrets/db.env", lines("2", "1"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "a"]);
    sandbox.git("repo", ["checkout", "-q", "other"]);
    sandbox.write("repo/secrets/db.env", lines("1", "2"));
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "d"]);
    let main = sandbox.git("repo", ["rev-parse", "main"]).text();
    sandbox.git("agent", ["reset", "-q", "--hard", main.trim()]);
    let merge = sandbox.try_git("agent", ["merge", "other"]);
    assert_ne!(merge.status, 0);
    assert!(!sandbox.read(DB).starts_with(b"A="));
    sandbox.git("agent", ["merge", "--abort"]);
    sandbox.git("repo", ["merge", "-q", "-m", "merge", main.trim()]);
    assert_eq!(sandbox.read("repo/secrets/db.env"), lines("2", "2").as_bytes());
}
