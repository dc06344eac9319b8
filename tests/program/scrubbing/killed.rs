//! A scrub that is killed at any moment: the repository is the old one or the new one, and the next run says which.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::Sandbox;
use crate::scrubbing::{assert_clean, commit, state};

/// Moments, spread evenly over a run and a little past it.
const POINTS: u32 = 200;
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

const ARGUMENTS: [&str; 3] = ["scrub", "--value-file", "../values"];

/// A git that was started before goes on for a moment, and may not have begun yet.
fn settle(sandbox: &Sandbox, group: u32) {
    while is_alive(group) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let busy =
        "ls .git/gc.pid .git/*.lock .git/refs/*.lock .git/refs/*/*.lock .git/packed-refs.lock";
    while !sandbox.sh("repo", &format!("{busy} 2>/dev/null || true")).text().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts it, and kills it so much later, if it has not ended by itself.
fn kill_after(sandbox: &Sandbox, arguments: &[&str], time: Duration) {
    let mut command = sandbox.command(SHROUD, "repo");
    let command = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.process_group(0).spawn().unwrap();
    std::thread::sleep(time);
    let _ = child.kill();
    child.wait().unwrap();
    settle(sandbox, child.id());
}

/// Whether anything of a process group still runs (proc(5): after the name in parentheses come state, parent and group).
fn is_alive(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ended = fields.next().is_none_or(|state| matches!(state, "Z" | "X"));
        !ended && fields.nth(1) == Some(&group.to_string())
    })
}

#[test]
fn undoing_and_finishing_are_ended_by_the_next_run() {
    const FEW: u32 = 15;
    let sandbox = repository();
    let old = state(&sandbox, "repo");
    sandbox.shroud("repo", ARGUMENTS);
    let new = state(&sandbox, "repo");
    sandbox.sh(".", "cp -r repo scrubbed");
    for (option, is) in [("--undo", &old), ("--finish", &new)] {
        sandbox.sh(".", "rm -rf repo && cp -r scrubbed repo");
        let begun = Instant::now();
        sandbox.shroud("repo", ["scrub", option]);
        let whole = begun.elapsed();
        for point in 0..FEW {
            sandbox.sh(".", "rm -rf repo && cp -r scrubbed repo");
            kill_after(&sandbox, &["scrub", option], whole * point / FEW);
            if sandbox.path("repo/.git/git-shroud/scrub/1").exists() {
                sandbox.shroud("repo", ["scrub", option]);
            }
            assert_eq!(state(&sandbox, "repo"), *is, "{option} {point}");
            assert_clean(&sandbox, "repo");
            assert!(!sandbox.path("repo/.git/git-shroud/scrub/1").exists());
        }
    }
}

#[test]
fn at_every_point_it_is_the_old_one_or_the_new_one() {
    let sandbox = repository();
    sandbox.sh(".", "cp -r repo as-it-was");
    let old = state(&sandbox, "repo");
    let begun = Instant::now();
    sandbox.shroud("repo", ARGUMENTS);
    let whole = begun.elapsed();
    let new = state(&sandbox, "repo");
    assert_ne!(old, new);
    let mut seen = [0; 3];
    for point in 0..POINTS {
        sandbox.sh(".", "rm -rf repo && cp -r as-it-was repo");
        kill_after(&sandbox, &ARGUMENTS, whole * point * 11 / 10 / POINTS);
        let now = state(&sandbox, "repo");
        let is_new = now == new;
        assert!(is_new || now == old || is_stash_between(&now, &old, &new), "{point}: {now}");
        let next = sandbox.try_shroud("repo", ["scrub", "--drop", "nowhere"]);
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
