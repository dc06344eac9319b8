//! Migrations that are cut off at any of their steps: the next run ends them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::{Sandbox, is_sealed};
use crate::migrate::place::{assert_open, foreign, migrate};

/// Migrates, is killed at the call, and returns whether that call came.
fn migrate_until(sandbox: &Sandbox, cut: usize) -> bool {
    sandbox.write("calls", "0");
    sandbox.write("cut", cut.to_string());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    sandbox.with_own_programs(&mut command);
    command.args(["migrate", "git-crypt"]);
    sandbox.run(command).status == -1
}

#[test]
fn a_run_that_is_killed_at_any_step_is_ended_by_the_next() {
    let mut cut = 1;
    loop {
        let sandbox = foreign();
        sandbox.deadly_git();
        let before = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
        let was_killed = migrate_until(&sandbox, cut);
        // Whatever there is, nothing is lost.
        for (path, content, _) in crate::migrate::place::FILES {
            assert_eq!(sandbox.read(format!("repo/{path}")), content.as_bytes(), "{cut}: {path}");
        }
        if was_killed {
            migrate(&sandbox, "repo", &[]).expect(0);
        }
        assert_open(&sandbox, "repo");
        assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD^"]).text(), before, "cut at {cut}");
        assert!(is_sealed(&sandbox.blob("repo", "HEAD:ops/prod.yml")));
        assert!(!sandbox.path("repo/.git/git-shroud/migration").exists());
        sandbox.git("repo", ["fsck", "--strict"]);
        if !was_killed {
            assert!(cut > 20, "{cut} calls of git are fewer than a migration takes");
            return;
        }
        cut += 3;
    }
}

#[test]
fn one_that_was_cut_off_and_overtaken_by_other_work_begins_anew() {
    let sandbox = foreign();
    sandbox.deadly_git();
    let journal = sandbox.path("repo/.git/git-shroud/migration");
    let mut cut = 1;
    while !journal.exists() {
        assert!(migrate_until(&sandbox, cut), "no call left a journal");
        cut += 1;
    }
    sandbox.git("repo", ["reset", "-q", "--hard"]);
    sandbox.write("repo/README", "other work\n");
    sandbox.git("repo", ["commit", "-q", "-a", "-m", "other work"]);
    migrate(&sandbox, "repo", &[]).expect(0);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/db.env")));
    assert_eq!(sandbox.git("repo", ["status", "--porcelain"]).text(), "");
}

#[test]
fn a_commit_that_a_hook_refuses_is_made_by_the_next_run() {
    let sandbox = foreign();
    sandbox.write("repo/.git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    let hook = sandbox.path("repo/.git/hooks/pre-commit");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    migrate(&sandbox, "repo", &[]).expect(2).says("everything is staged");
    fs::remove_file(hook).unwrap();
    migrate(&sandbox, "repo", &[]).expect(0);
    assert!(is_sealed(&sandbox.blob("repo", "HEAD:secrets/db.env")));
    assert_open(&sandbox, "repo");
}
