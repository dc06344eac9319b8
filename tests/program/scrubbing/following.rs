//! After the scrub: the list of what is to be done, pushing, and the clones of others.

use crate::common::{Sandbox, text};
use crate::scrubbing::{assert_clean, commit, scrub};

const PASSWORD: &str = "kq7vzx-9mLw2p";

/// A bare repository, a clone `repo` that pushed a password to it, and a colleague's clone.
fn shared() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "--bare", "-b", "main", "origin.git"]);
    sandbox.git(".", ["clone", "-q", "origin.git", "repo"]);
    sandbox.git("repo", ["checkout", "-q", "-b", "main"]);
    sandbox.write("repo/a", "a\n");
    commit(&sandbox, "one");
    sandbox.write("repo/app.conf", format!("top\npass = {PASSWORD}\nend\n"));
    commit(&sandbox, "two");
    sandbox.git("repo", ["branch", "release"]);
    sandbox.git("repo", ["tag", "-a", "-m", "v1", "v1"]);
    sandbox.git("repo", ["push", "-q", "origin", "main", "release", "v1"]);
    sandbox.git(".", ["clone", "-q", "origin.git", "colleague"]);
    sandbox.write("values", format!("{PASSWORD}\n"));
    sandbox
}

/// The commands of a report that push.
fn pushes(report: &str) -> Vec<String> {
    let lines = report.lines().filter_map(|line| line.trim().strip_prefix("[ ] "));
    lines.filter(|line| line.starts_with("git push")).map(str::to_owned).collect()
}

#[test]
fn the_list_says_what_to_change_and_its_commands_push() {
    let sandbox = shared();
    let first = sandbox.git("repo", ["rev-parse", "main"]).text();
    let report = scrub(&sandbox, &["--value-file", "../values"]).expect(0).text();
    for said in ["Change these", "Push to origin", first.trim(), "commit-map", "forks"] {
        assert!(report.contains(said), "{said}: {report}");
    }
    assert!(!report.contains(PASSWORD));
    for command in pushes(&report) {
        sandbox.sh("repo", &command);
    }
    let list = ["for-each-ref", "--format=%(objectname) %(refname)"];
    let pushed = sandbox.git("origin.git", list).text();
    for name in ["refs/heads/main", "refs/heads/release", "refs/tags/v1"] {
        let id = sandbox.git("repo", ["rev-parse", name]).text();
        assert!(pushed.contains(&format!("{} {name}", id.trim())), "{name}: {pushed}");
    }
    // Somebody who pushed meanwhile loses nothing: the lease does not hold.
    let moved = pushes(&report).concat();
    assert!(moved.contains(&format!("--force-with-lease=refs/heads/main:{}", first.trim())));

    let again = scrub(&sandbox, &["--drop", "a", "--format", "markdown"]).expect(0).text();
    assert!(again.contains("- [ ] `git push --force-with-lease=refs/heads/main:"), "{again}");
}

#[test]
fn findings_are_listed_by_how_exposed_they_are() {
    let sandbox = shared();
    sandbox.write("repo/token", format!("t = {}\n", crate::common::planted::token(1)));
    commit(&sandbox, "not pushed");
    sandbox.git("repo", ["checkout", "-q", "release"]);
    sandbox.write("repo/token", format!("t = {}\n", crate::common::planted::token(2)));
    commit(&sandbox, "pushed");
    sandbox.git("repo", ["push", "-q", "origin", "release"]);
    sandbox.try_shroud("repo", ["scan", "--plan", "../plan.toml"]).expect(1);
    let json = scrub(&sandbox, &["../plan.toml", "--format", "json"]).expect(0).json();
    let rotate = json["checklist"]["rotate"].as_array().unwrap();
    let exposure: Vec<_> = rotate.iter().map(|one| one["exposure"].as_str().unwrap()).collect();
    assert_eq!(exposure, ["pushed", "pushed", "local"]);
    assert_eq!(json["checklist"]["pushes"][0]["remote"], "origin");
}

#[test]
fn a_colleague_follows_with_commits_of_their_own() {
    let sandbox = shared();
    // Work on the old history: at another place, on another branch, and at the very line.
    sandbox.git("colleague", ["checkout", "-q", "-b", "feature"]);
    sandbox.write("colleague/b", "b\n");
    sandbox.git("colleague", ["add", "b"]);
    sandbox.git("colleague", ["commit", "-q", "-m", "own work"]);
    sandbox.git("colleague", ["checkout", "-q", "-b", "clash", "main"]);
    sandbox.write("colleague/app.conf", format!("top\npass = {PASSWORD}-2\nend\n"));
    sandbox.git("colleague", ["commit", "-q", "-a", "-m", "clash"]);
    sandbox.git("colleague", ["checkout", "-q", "feature"]);

    let report = scrub(&sandbox, &["--value-file", "../values"]).expect(0).text();
    for command in pushes(&report) {
        sandbox.sh("repo", &command);
    }
    sandbox.sh(".", "cp repo/.git/git-shroud/scrub/1/commit-map .");
    let follow = ["scrub", "follow", "../commit-map"];
    sandbox.try_shroud("colleague", follow).expect(1).says("git fetch");
    sandbox.git("colleague", ["fetch", "-q", "--all", "--tags", "--force"]);
    let done = sandbox.try_shroud("colleague", follow).expect(1);
    let said = done.text();
    assert!(said.contains("1 commit rewritten"), "{said}");
    let (_, hint) = said.split_once("refs/heads/clash: its own commits do not apply").unwrap();
    let (_, command) = hint.lines().next().unwrap().split_once("git rebase --onto ").unwrap();
    let [new, old, "clash"] = command.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    let id = |name: &str| sandbox.git("colleague", ["rev-parse", name]).text();
    assert_eq!((id(new), id(old)), (id("origin/main"), id("clash~1")));
    assert_clean(&sandbox, "colleague");
    assert_eq!(text(sandbox.read("colleague/app.conf")), "top\npass = ***REMOVED:value***\nend\n");
    assert_eq!(text(sandbox.read("colleague/b")), "b\n");
    let subjects = sandbox.git("colleague", ["log", "--format=%s %an"]).text();
    assert_eq!(subjects, "own work Ann\ntwo Ann\none Ann\n");
    sandbox.git("colleague", ["branch", "-q", "-D", "clash"]);
    sandbox.try_shroud("colleague", follow).expect(0).says("no ref points to the old history");
    sandbox.shroud("colleague", ["scrub", "--finish"]);
    sandbox.assert_no_object_holds("colleague", PASSWORD.as_bytes());
}

#[test]
fn what_was_taken_out_does_not_come_back() {
    let sandbox = shared();
    let old = sandbox.git("repo", ["rev-parse", "main"]).text();
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    sandbox.shroud("repo", ["check", "--all"]);
    sandbox.git("repo", ["branch", "back", old.trim()]);
    let found = sandbox.try_shroud("repo", ["check", "--all"]).expect(1).text();
    assert!(found.contains("taken-out"), "{found}");
    // A server refuses it too, with the map as its list.
    sandbox.git("repo", ["branch", "-q", "-D", "back"]);
    sandbox.sh(".", "mkdir -p server.git && git init -q --bare server.git && mkdir server.git/git-shroud && cp repo/.git/git-shroud/scrub/1/commit-map server.git/git-shroud/banned");
    let program = env!("CARGO_BIN_EXE_git-shroud");
    let hook = format!("#!/bin/sh\nexec '{program}' check --pre-receive\n");
    sandbox.write("server.git/hooks/pre-receive", hook);
    sandbox.sh(".", "chmod +x server.git/hooks/pre-receive");
    sandbox.git("repo", ["push", "-q", "../server.git", "main"]);
    sandbox
        .try_git("colleague", ["push", "-q", "../server.git", "main:old"])
        .expect(1)
        .says("taken-out");
    // Undone, the old history is in force again.
    scrub(&sandbox, &["--undo"]).expect(0);
    sandbox.shroud("repo", ["check", "--all"]);
}

#[test]
fn a_scrub_that_is_finished_leaves_the_map_for_the_others() {
    let sandbox = shared();
    scrub(&sandbox, &["--value-file", "../values"]).expect(0);
    let map = sandbox.read("repo/.git/git-shroud/scrub/1/commit-map");
    let done = sandbox.shroud("repo", ["scrub", "--finish"]);
    let path = "repo/.git/git-shroud/commit-map-1";
    done.says("commit-map-1").says("scrub follow");
    assert_eq!(sandbox.read(path), map);
    sandbox.assert_mode(path, 0o600);
}
