//! What `lock` does about plaintext that is not in a worktree before it: in git's own files, in a worktree elsewhere.

use std::fs;

use crate::common::{Sandbox, contains};

#[test]
fn lock_clears_the_diff_that_a_verbose_commit_leaves() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    for (dir, git_dir) in [("repo", "repo/.git"), ("linked", "repo/.git/worktrees/linked")] {
        sandbox.write(format!("{dir}/secrets/db.env"), "TOKEN=canary\n");
        sandbox.git(dir, ["add", "."]);
        let mut commit = sandbox.command("git", dir);
        commit.args(["commit", "-q", "-v", "--edit", "-m", "my message"]).env("GIT_EDITOR", "true");
        sandbox.run(commit).expect(0);
        let message = sandbox.read(format!("{git_dir}/COMMIT_EDITMSG"));
        assert!(contains(&message, b"canary"), "git has mended its ways: {git_dir}");
    }
    sandbox.shroud("repo", ["lock"]);
    for git_dir in ["repo/.git", "repo/.git/worktrees/linked"] {
        let message = sandbox.read(format!("{git_dir}/COMMIT_EDITMSG"));
        assert!(contains(&message, b"my message") && !contains(&message, b"canary"), "{git_dir}");
    }
}

#[test]
fn lock_refuses_while_a_worktree_cannot_be_seen() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    sandbox.write("linked/secrets/db.env", "not added");
    for lock in [false, true] {
        if lock {
            sandbox.git("repo", ["worktree", "lock", "../linked"]);
        }
        fs::rename(sandbox.path("linked"), sandbox.path("moved")).unwrap();
        let before = sandbox.snapshot("repo");
        sandbox
            .try_shroud("repo", ["lock"])
            .expect(1)
            .says("linked is missing")
            .says("git worktree repair");
        assert_eq!(sandbox.snapshot("repo"), before);
        fs::rename(sandbox.path("moved"), sandbox.path("linked")).unwrap();
        // Now it is seen, with its changes.
        sandbox.try_shroud("repo", ["lock"]).expect(1).says("secrets/db.env; nothing was done");
    }
    fs::rename(sandbox.path("linked"), sandbox.path("moved")).unwrap();
    sandbox.shroud("repo", ["lock", "--force"]).says("is missing: its files stay");
    assert_eq!(sandbox.read("moved/secrets/db.env"), b"not added");
}

/// git takes a relative name from the top of the worktree; taken from elsewhere nothing would seem to be tracked.
#[test]
fn an_index_that_the_environment_names_is_the_one_that_git_means() {
    let sandbox = Sandbox::new();
    sandbox.sealed_repository("repo");
    fs::rename(sandbox.path("repo/.git/index"), sandbox.path("repo/.git/other")).unwrap();
    let run = |dir: &str, index: &str, command: &str| {
        let mut run = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), dir);
        run.arg(command).env("GIT_INDEX_FILE", index);
        sandbox.run(run)
    };
    let whole = sandbox.path("repo/.git/other");
    for (dir, index) in [("repo", ".git/other"), ("repo/secrets", whole.to_str().unwrap())] {
        assert!(run(dir, index, "status").expect(0).text().contains("sealed  secrets/db.env"));
    }
    for command in ["status", "lock"] {
        run("repo/secrets", ".git/other", command).expect(2).says("GIT_INDEX_FILE is relative");
    }
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    let done = run("repo", whole.to_str().unwrap(), "lock");
    done.expect(2).says("there are several").says("unset GIT_INDEX_FILE");
    let open = sandbox.read("linked/secrets/db.env");
    assert!(contains(&open, b"canary"), "nothing was done");
}
