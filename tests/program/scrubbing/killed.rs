//! A scrub that is killed at any moment: the repository is the old one or the new one, and the next run says which.

use crate::common::Sandbox;
use crate::scrubbing::{assert_clean, commit, state};

/// The system calls at which a run is killed, and at how many of each, spread evenly over the run.
const CALLS: [&str; 3] = ["openat", "/^(rename|link|unlink)", "write"];
const POINTS: usize = 66;
const SHROUD: &str = env!("CARGO_BIN_EXE_git-shroud");

fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.write("values", "kq7vzx-9mLw2p\n");
    for number in 0..3 {
        sandbox.write(format!("repo/{number}"), format!("{number} kq7vzx-9mLw2p\n"));
        commit(&sandbox, "kq7vzx-9mLw2p");
        sandbox.git("repo", ["branch", &format!("branch-{number}")]);
        sandbox.git("repo", ["tag", "-a", "-m", "tag", &format!("tag-{number}")]);
    }
    sandbox.write("repo/0", "kq7vzx-9mLw2p stashed\n");
    sandbox.git("repo", ["stash", "-q"]);
    sandbox
}

const ARGUMENTS: [&str; 4] = [SHROUD, "scrub", "--value-file", "../values"];

#[test]
fn undoing_and_finishing_are_ended_by_the_next_run() {
    const FEW: usize = 15;
    let sandbox = repository();
    let old = state(&sandbox, "repo");
    sandbox.shroud("repo", &ARGUMENTS[1..]);
    let new = state(&sandbox, "repo");
    sandbox.sh(".", "cp -r repo scrubbed");
    for (option, is) in [("--undo", &old), ("--finish", &new)] {
        sandbox.sh(".", "rm -rf repo && cp -r scrubbed repo");
        let arguments = [SHROUD, "scrub", option];
        let calls = sandbox.count_calls("repo", "openat", &arguments);
        let mut killed = 0;
        for point in 0..FEW {
            sandbox.sh(".", "rm -rf repo && cp -r scrubbed repo");
            let n = calls * (point + 1) / (FEW + 1);
            killed += usize::from(sandbox.kill_at_call("repo", "openat", n, &arguments));
            if sandbox.path("repo/.git/git-shroud/scrub/1").exists() {
                sandbox.shroud("repo", ["scrub", option]);
            }
            assert_eq!(state(&sandbox, "repo"), *is, "{option} {point}");
            assert_clean(&sandbox, "repo");
            assert!(!sandbox.path("repo/.git/git-shroud/scrub/1").exists());
        }
        assert!(killed > FEW / 2, "{option}: {killed} runs were killed");
    }
}

#[test]
fn at_every_point_it_is_the_old_one_or_the_new_one() {
    let sandbox = repository();
    sandbox.sh(".", "cp -r repo as-it-was");
    let old = state(&sandbox, "repo");
    let calls = CALLS.map(|call| {
        sandbox.sh(".", "rm -rf repo && cp -r as-it-was repo");
        sandbox.count_calls("repo", call, &ARGUMENTS)
    });
    let new = state(&sandbox, "repo");
    assert_ne!(old, new);
    let mut seen = [0; 3];
    let mut killed = 0;
    for point in 0..CALLS.len() * POINTS {
        sandbox.sh(".", "rm -rf repo && cp -r as-it-was repo");
        let kind = point % CALLS.len();
        let n = calls[kind] * (point / CALLS.len() + 1) / (POINTS + 1) + 1;
        killed += usize::from(sandbox.kill_at_call("repo", CALLS[kind], n, &ARGUMENTS));
        let now = state(&sandbox, "repo");
        let is_new = now == new;
        assert!(is_new || now == old || is_stash_between(&now, &old, &new), "{point}: {now}");
        let next = sandbox.try_shroud("repo", ["scrub", "--drop", "nowhere", "--allow-empty"]);
        if next.status == 1 {
            seen[1] += 1;
            let which = if now.lines().next() == new.lines().next() { "new" } else { "old" };
            let next = next.says(&format!("the repository has the {which} history"));
            drop(next.says("git shroud scrub --continue"));
            if point % 2 == 0 {
                sandbox.shroud("repo", ["scrub", "--continue"]);
                assert_eq!(state(&sandbox, "repo"), new, "{point}");
            } else {
                sandbox.shroud("repo", ["scrub", "--undo"]);
                assert_eq!(state(&sandbox, "repo"), old, "{point}");
            }
        } else {
            seen[if is_new { 2 } else { 0 }] += 1;
            drop(next.expect(0));
        }
        if point % 8 < 2 {
            assert_clean(&sandbox, "repo");
        }
    }
    assert!(killed > POINTS, "{killed} runs were killed");
    // The sweep met both ends.
    assert!(seen[0] > 0 && seen[1] + seen[2] > 0, "{seen:?}");
}

/// The stash is the last of the refs to be whole: its log is written behind the ref.
fn is_stash_between(now: &str, old: &str, new: &str) -> bool {
    let refs = |state: &str| {
        state.lines().filter(|line| line.contains("refs/")).map(str::to_owned).collect::<Vec<_>>()
    };
    refs(now) == refs(new) && now.lines().count() >= new.lines().count() && now != old
}
