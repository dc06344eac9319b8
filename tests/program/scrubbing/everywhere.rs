//! One distinct secret in each place of a repository: all go, or are named.

use crate::common::Sandbox;
use crate::common::gits::is_git_3;
use crate::common::planted::{plant, token, values};
use crate::scrubbing::{assert_clean, scrub, state};

/// What no rewrite touches: the configuration, a hook.
const NAMED: [u64; 2] = [36, 46];

/// The repository, with what was staged in its worktrees committed.
fn planted() -> Sandbox {
    let sandbox = Sandbox::new();
    plant(&sandbox);
    sandbox.git("repo", ["commit", "-q", "-m", "staged"]);
    sandbox.git("other", ["commit", "-q", "-m", "elsewhere"]);
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    sandbox
}

fn found(sandbox: &Sandbox, dir: &str) -> Vec<String> {
    let scan = ["scan", "--format", "json", "--reveal", "--min-rank", "low"];
    values(&sandbox.try_shroud(dir, scan).expect(1))
}

#[test]
fn nothing_is_left_but_what_is_named() {
    let sandbox = planted();
    let files = sandbox.sh("repo", "git ls-files | wc -l").text();
    let done = scrub(&sandbox, &["../plan.toml", "--archives"]).expect(0);
    let report = done.text();
    assert!(report.contains("\n0 left: "), "{report}");
    for number in 1..=47 {
        assert!(!report.contains(&token(number)), "{number}");
    }
    for named in [".git/config", ".git/hooks/post-merge"] {
        assert!(report.contains(named), "{named}: {report}");
    }
    for dir in ["repo", "other"] {
        assert_clean(&sandbox, dir);
    }
    assert_eq!(sandbox.sh("repo", "git ls-files | wc -l").text(), files);
    // The two are the same now, and git writes no line of a reftable's log that changes nothing.
    let stashes = if is_git_3() { 1 } else { 2 };
    assert_eq!(sandbox.git("repo", ["stash", "list"]).text().lines().count(), stashes);
    assert!(
        sandbox.git("repo", ["log", "--format=%N", "main"]).text().contains("noted ***REMOVED")
    );

    scrub(&sandbox, &["--finish"]).expect(0).says("the old history is gone");
    let mut left: Vec<_> = NAMED.map(token).to_vec();
    let mut still = found(&sandbox, "repo");
    left.sort();
    still.sort();
    assert_eq!(still, left);
    assert!(!sandbox.path("repo/.git/git-shroud/scrub/1").exists());
    for dir in ["repo", "other"] {
        assert_clean(&sandbox, dir);
    }
    scrub(&sandbox, &["--finish"]).expect(2);
    scrub(&sandbox, &["--undo"]).expect(2);
}

#[test]
fn undone_everything_is_as_it_was() {
    let sandbox = planted();
    // Nothing is taken out of a reftable's log, so that it also tells of the scrub and of its end.
    let logs = match is_git_3() {
        true => "git reflog --format='%H %gs' | grep -v 'git-shroud scrub'",
        false => {
            "find .git/logs .git/worktrees/*/logs -type f | sort | xargs sha256sum; git reflog"
        }
    };
    let before = (state(&sandbox, "repo"), sandbox.sh("repo", logs).text());
    let worktree = sandbox
        .sh("repo", "git ls-files | xargs -d '\\n' ls -l | cut -c1-10,40-; cat at-head")
        .text();
    scrub(&sandbox, &["../plan.toml", "--archives"]).expect(0);
    assert_ne!(state(&sandbox, "repo"), before.0);
    scrub(&sandbox, &["--undo"]).expect(0).says("everything is as before the scrub");
    assert_eq!((state(&sandbox, "repo"), sandbox.sh("repo", logs).text()), before);
    assert!(sandbox.read("repo/at-head").starts_with(b"t glpat-"));
    assert!(worktree.contains(&token(1)));
    for dir in ["repo", "other"] {
        assert_clean(&sandbox, dir);
    }
}

#[test]
fn two_people_with_the_same_plan_get_the_same_ids() {
    let sandbox = planted();
    sandbox.sh(".", "rm -rf other && git -C repo worktree prune && cp -r repo second");
    let report = scrub(&sandbox, &["../plan.toml"]).expect(1).text();
    assert!(report.contains("still inside of archives: 3"), "{report}");
    sandbox.try_shroud("second", ["scrub", "../plan.toml"]).expect(1);
    assert_eq!(state(&sandbox, "repo"), state(&sandbox, "second"));
}
