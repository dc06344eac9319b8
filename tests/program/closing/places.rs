//! From every place from which git itself would find the worktree.

use std::process::Command;

use crate::closing::{KEYRING, SHROUD, is_open, sealed};
use crate::common::gits::is_git_3;
use crate::common::{Done, SECRETS, Sandbox};

/// `lock`, then `unlock`, run as `command` makes them: all is closed, then all is open.
#[track_caller]
fn assert_closes_and_opens(sandbox: &Sandbox, place: &str, command: impl Fn() -> Command) {
    let run = |arguments: &[&str]| -> Done {
        let mut command = command();
        command.args(arguments);
        sandbox.run(command)
    };
    assert!(is_open(sandbox, "repo"), "{place}");
    run(&["lock"]).expect(0).says("sealed 2 files").says("removed 1 key");
    assert!(!is_open(sandbox, "repo"), "{place}");
    run(&["lock"]).expect(0).says("locked already");
    let key = sandbox.path("team.key");
    run(&["unlock", key.to_str().unwrap()]).expect(0).says("opened 2 files");
    assert!(is_open(sandbox, "repo"), "{place}");
}

#[test]
fn lock_and_unlock_reach_the_worktree_from_everywhere() {
    let sandbox = sealed();
    sandbox.write("elsewhere/file", "");
    for dir in
        ["repo", "repo/secrets/deep", "repo/.git", "repo/.git/hooks", "repo/.git/objects/pack"]
    {
        assert_closes_and_opens(&sandbox, dir, || sandbox.command(SHROUD, dir));
    }
    let (git_dir, top) = (sandbox.path("repo/.git"), sandbox.path("repo"));
    for dir in ["elsewhere", "repo/.git", "repo/secrets", "."] {
        assert_closes_and_opens(&sandbox, &format!("{dir}, environment"), || {
            let mut command = sandbox.command(SHROUD, dir);
            command.env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &top);
            command
        });
        assert_closes_and_opens(&sandbox, &format!("{dir}, options of git"), || {
            let mut command = sandbox.command("git", dir);
            command.arg("--git-dir").arg(&git_dir).arg("--work-tree").arg(&top).arg("shroud");
            command
        });
    }
    assert_closes_and_opens(&sandbox, "relative", || {
        let mut command = sandbox.command(SHROUD, "elsewhere");
        command.env("GIT_DIR", "../repo/.git").env("GIT_WORK_TREE", "../repo");
        command
    });
    assert_closes_and_opens(&sandbox, "only the worktree", || {
        let mut command = sandbox.command(SHROUD, "repo/secrets");
        command.env("GIT_WORK_TREE", &top);
        command
    });
}

/// As yadm keeps it: git's folder elsewhere, with core.worktree.
#[test]
fn a_worktree_that_the_configuration_names_is_reached() {
    let sandbox = sealed();
    std::fs::rename(sandbox.path("repo/.git"), sandbox.path("yadm.git")).unwrap();
    let (git_dir, top) = (sandbox.path("yadm.git"), sandbox.path("repo"));
    sandbox.git("yadm.git", ["config", "core.worktree", top.to_str().unwrap()]);
    sandbox.write("elsewhere/file", "");
    for dir in ["yadm.git", "yadm.git/hooks", "elsewhere", "repo", "repo/secrets"] {
        assert_closes_and_opens(&sandbox, dir, || {
            let mut command = sandbox.command(SHROUD, dir);
            // Git 3 finds no such folder unless it is named.
            if !dir.starts_with("yadm.git") || is_git_3() {
                command.env("GIT_DIR", &git_dir);
            }
            command
        });
    }
    let mut status = sandbox.command(SHROUD, "elsewhere");
    status.arg("status").env("GIT_DIR", &git_dir);
    assert!(sandbox.run(status).expect(0).text().contains("sealed  secrets/db.env"));
}

#[test]
fn lock_keeps_the_keys_where_the_worktree_is_not_known() {
    let sandbox = sealed();
    std::fs::rename(sandbox.path("repo/.git"), sandbox.path("dots.git")).unwrap();
    sandbox.git("dots.git", ["config", "core.bare", "true"]);
    for command in ["lock", "unlock"] {
        sandbox.try_shroud("dots.git", [command]).expect(1).says("--work-tree=FOLDER");
    }
    assert!(sandbox.path("dots.git/git-shroud/keyring").exists());
    assert!(is_open(&sandbox, "repo"));
    let lock = ["--git-dir=dots.git", "--work-tree=repo", "shroud", "lock"];
    sandbox.git(".", lock).says("sealed 2 files");
    assert!(!is_open(&sandbox, "repo"));
    assert!(!sandbox.path("dots.git/git-shroud/keyring").exists());
}

#[test]
fn another_worktree_in_the_environment_hides_no_open_one() {
    let sandbox = sealed();
    let (git_dir, other) = (sandbox.path("repo/.git"), sandbox.path("other"));
    std::fs::create_dir(&other).unwrap();
    let mut lock = sandbox.command(SHROUD, "other");
    lock.arg("lock").env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &other);
    sandbox.run(lock).expect(0).says("sealed 2 files");
    assert!(!is_open(&sandbox, "repo"));
}

#[test]
fn from_within_gits_folder_linked_worktrees_are_closed_too() {
    let sandbox = sealed();
    sandbox.git("repo", ["worktree", "add", "-q", "../linked"]);
    for dir in ["repo/.git/worktrees/linked", "repo/.git", "linked/secrets"] {
        sandbox.shroud(dir, ["lock"]).says("sealed 4 files");
        for (path, _) in &SECRETS[..2] {
            for top in ["repo", "linked"] {
                assert!(
                    crate::closing::is_sealed(&sandbox.read(format!("{top}/{path}"))),
                    "{dir}: {top}"
                );
            }
        }
        sandbox.shroud(dir, ["unlock", "-q", sandbox.path("team.key").to_str().unwrap()]);
        assert!(sandbox.path("repo").join(KEYRING).exists());
        assert!(is_open(&sandbox, "repo") && is_open(&sandbox, "linked"), "{dir}");
    }
}
