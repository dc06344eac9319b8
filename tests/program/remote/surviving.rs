//! Runs that are killed at each of their steps: both sides are as they were, or as they should be.

use super::{clone, commit, id, on_another_machine, two, url};
use crate::common::{Done, Sandbox};

/// What git would say to the helper, to a program that is killed at the call of git with this number. `None` once there are fewer.
fn talk(sandbox: &Sandbox, dir: &str, said: &str, cut: usize) -> Option<Done> {
    sandbox.write("calls", "0");
    sandbox.write("cut", cut.to_string());
    let program = env!("CARGO_BIN_EXE_git-shroud");
    let mut command = sandbox.command(program, dir);
    let address = url(sandbox);
    command.args(["remote-helper", "--", "x", address.trim_start_matches("shroud::")]);
    sandbox.with_own_programs(&mut command);
    let done = sandbox.run_with_input(command, said.as_bytes());
    let calls: usize = String::from_utf8(sandbox.read("calls")).unwrap().trim().parse().unwrap();
    (calls >= cut).then_some(done)
}

#[test]
fn a_push_that_is_killed_anywhere_leaves_the_old_state_or_the_new_one() {
    let sandbox = two();
    sandbox.deadly_git();
    let mut kills = 0;
    for cut in 1.. {
        commit(&sandbox, "ann", &cut.to_string());
        let before = id(&sandbox, "bob", "origin/main");
        let new = id(&sandbox, "ann", "main");
        let said = "list for-push\npush refs/heads/main:refs/heads/main\n\n\n";
        let killed = talk(&sandbox, "ann", said, cut);
        sandbox.git("bob", ["fetch", "-q"]);
        let there = id(&sandbox, "bob", "origin/main");
        assert!(there == before || there == new, "cut {cut}");
        let Some(done) = killed else {
            assert_eq!(there, new);
            break;
        };
        assert_eq!(done.status, -1, "cut {cut}: {}", done.stderr);
        kills += 1;
    }
    assert!(kills > 20, "{kills}");
    on_another_machine(&sandbox);
    clone(&sandbox, "new");
    sandbox.git("new", ["fsck", "--strict"]);
    assert_eq!(id(&sandbox, "new", "HEAD"), id(&sandbox, "ann", "main"));
    // What the killed runs have left is gone.
    let remotes = sandbox.path("ann/.git/git-shroud/remotes");
    let dir = std::fs::read_dir(remotes).unwrap().flatten().next().unwrap().path();
    let left = std::fs::read_dir(dir).unwrap().flatten();
    let left: Vec<_> =
        left.filter(|file| file.file_name().to_string_lossy().starts_with("push-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_fetch_that_is_killed_anywhere_leaves_a_sound_clone() {
    let sandbox = two();
    sandbox.deadly_git();
    commit(&sandbox, "ann", "second");
    sandbox.git("ann", ["push", "-q", "vault", "main"]);
    let new = id(&sandbox, "ann", "main");
    let refs = sandbox.git("bob", ["for-each-ref"]).text();
    let said = format!("list\nfetch {new} refs/heads/main\n\n\n");
    let mut kills = 0;
    for cut in 1.. {
        let Some(done) = talk(&sandbox, "bob", &said, cut) else { break };
        assert_eq!(done.status, -1, "cut {cut}: {}", done.stderr);
        assert_eq!(sandbox.git("bob", ["for-each-ref"]).text(), refs);
        sandbox.git("bob", ["fsck", "--connectivity-only"]);
        kills += 1;
    }
    assert!(kills > 10, "{kills}");
    sandbox.git("bob", ["fetch", "-q"]);
    assert_eq!(id(&sandbox, "bob", "origin/main"), new);
    sandbox.git("bob", ["fsck", "--strict"]);
}
