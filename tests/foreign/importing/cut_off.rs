//! Imports that are cut off at any of their steps: the next run ends them.

use super::import;
use super::transcrypt::transcrypt;
use crate::common::Sandbox;

/// Imports, is killed at the call, and returns whether that call came.
fn import_until(sandbox: &Sandbox, cut: usize) -> bool {
    sandbox.write("calls", "0");
    sandbox.write("cut", cut.to_string());
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_git-shroud"), "repo");
    sandbox.with_own_programs(&mut command);
    command.args(["import", "transcrypt"]);
    sandbox.run(command).status == -1
}

#[test]
fn a_run_that_is_killed_at_any_step_is_ended_by_the_next() {
    let mut cut = 1;
    loop {
        let sandbox = transcrypt();
        sandbox.deadly_git();
        let before = sandbox.git("repo", ["rev-parse", "HEAD"]).text();
        let was_killed = import_until(&sandbox, cut);
        assert_eq!(sandbox.read("repo/root.key"), b"canary-root", "cut at {cut}");
        if was_killed {
            let again = import(&sandbox, None, &["transcrypt"]);
            // The last steps may be done, and say so.
            assert!(again.status == 0 || again.stderr.contains("encrypts nothing"), "{again:?}");
        }
        assert_eq!(sandbox.git("repo", ["rev-parse", "HEAD^"]).text(), before, "cut at {cut}");
        sandbox.assert_sealed(&["root.key", "secrets/a b.env"]);
        sandbox.assert_clean();
        assert!(!sandbox.path("repo/.git/git-shroud/migration").exists());
        let settings = sandbox.git("repo", ["config", "--local", "--list"]).text();
        assert!(!settings.contains("crypt.sh"), "cut at {cut}: {settings}");
        if !was_killed {
            assert!(cut > 20, "{cut} calls of git are fewer than an import takes");
            return;
        }
        cut += 5;
    }
}
